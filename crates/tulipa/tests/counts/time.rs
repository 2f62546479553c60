//! Arming timers, firing, giving them up.

use crate::count::{HANDFUL, allocations, fewest, on_each, on_each_in_virtual_time};
use futures::poll;
use std::time::Duration;
use tulipa::{interval, sleep, spawn, time, timeout, yield_now};

const MANY: usize = 1_000;
const MOMENT: Duration = Duration::from_millis(1);
const NEVER: Duration = Duration::from_secs(3600);

#[test]
fn sleeping_allocates_nothing() {
    on_each_in_virtual_time(|| async {
        let sleeping = || async {
            for _ in 0..MANY {
                sleep(MOMENT).await;
            }
        };
        assert_eq!(fewest(|| allocations(sleeping())).await, 0);
    });
}

/// All the timers of a moment fire together.
#[test]
fn a_handful_of_sleepers_at_once_allocates_nothing() {
    on_each_in_virtual_time(|| async {
        let sleepers = || async {
            let wake = time::now() + MOMENT;
            let tasks: Vec<_> = (0..HANDFUL)
                .map(|_| spawn(time::sleep_until(wake)))
                .collect();
            let work = async {
                for task in tasks {
                    task.await.unwrap();
                }
            };
            allocations(work).await
        };
        assert_eq!(fewest(sleepers).await, 0);
    });
}

#[test]
fn a_tick_allocates_nothing() {
    on_each_in_virtual_time(|| async {
        let ticks = || async {
            let mut ticks = interval(MOMENT);
            for _ in 0..MANY {
                ticks.tick().await;
            }
        };
        assert_eq!(fewest(|| allocations(ticks())).await, 0);
    });
}

#[test]
fn arming_and_cancelling_a_timer_allocates_nothing() {
    on_each(|| async {
        let given_up = || async {
            for _ in 0..MANY {
                let mut nap = sleep(NEVER);
                assert!(poll!(&mut nap).is_pending());
            }
        };
        assert_eq!(fewest(|| allocations(given_up())).await, 0);
    });
}

#[test]
fn a_timeout_that_does_not_run_out_allocates_nothing() {
    on_each(|| async {
        let in_time = || async {
            for _ in 0..MANY {
                timeout(NEVER, yield_now()).await.unwrap();
            }
        };
        assert_eq!(fewest(|| allocations(in_time())).await, 0);
    });
}

#[test]
fn a_timeout_that_runs_out_allocates_nothing() {
    on_each_in_virtual_time(|| async {
        let too_late = || async {
            for _ in 0..MANY {
                assert!(timeout(MOMENT, sleep(NEVER)).await.is_err());
            }
        };
        assert_eq!(fewest(|| allocations(too_late())).await, 0);
    });
}
