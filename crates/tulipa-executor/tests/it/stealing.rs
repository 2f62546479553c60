//! Tasks move to workers that have nothing to do.

use crate::common::{Event, wait_until_asleep, yield_now};
use std::sync::{Arc, mpsc};
use tulipa_executor::{Driver, Executor, Handle};
use tulipa_task::spawn;

fn two_workers() -> Executor {
    let executor = Executor::builder().workers(2).build().unwrap();
    wait_until_asleep(&executor, 1);
    executor
}

#[test]
fn what_a_blocked_worker_has_queued_runs_on_another() {
    let executor = two_workers();
    executor
        .block_on(async {
            let (tell, told) = mpsc::channel();
            let task = |n| {
                let tell = tell.clone();
                spawn(async move { tell.send(n).unwrap() })
            };
            let tasks = [1, 2, 3].map(task);
            // This worker is blocked here until the other has run all of them: also the first, which is in the next slot.
            let mut ran: Vec<i32> = told.iter().take(3).collect();
            ran.sort_unstable();
            assert_eq!(ran, [1, 2, 3]);
            for task in tasks {
                task.await.unwrap();
            }
        })
        .unwrap();
    let stats = executor.handle().stats();
    assert_eq!((stats.queued(), stats.stolen()), (0, 3));
    assert!((1..=3).contains(&stats.steals()), "{stats:?}");
}

/// For any worker, and in the first one's queue.
fn queued(handle: &Handle) -> (usize, usize) {
    let stats = handle.stats();
    (stats.queued(), stats.workers()[0].queued)
}

#[test]
fn what_waits_for_a_worker_is_counted() {
    let executor = Executor::builder().workers(1).build().unwrap();
    let handle = executor.handle();
    let from_outside = handle.spawn(async {});
    assert_eq!(queued(handle), (1, 0));
    executor
        .block_on(async {
            let handle = Handle::current().unwrap();
            from_outside.await.unwrap();
            let spawned = [1, 2, 3].map(|_| spawn(async {}));
            assert_eq!(queued(&handle), (2, 2), "one is in the next slot");
            for task in spawned {
                task.await.unwrap();
            }
        })
        .unwrap();
    assert_eq!(queued(handle), (0, 0));
}

#[test]
fn work_spreads_to_all_workers() {
    let executor = Executor::builder().workers(4).build().unwrap();
    executor
        .block_on(async {
            let all = std::sync::Arc::new(std::sync::Barrier::new(4));
            // Each blocks its worker until all four run at once.
            let task = |_| {
                let all = all.clone();
                spawn(async move { all.wait() })
            };
            for task in (0..4).map(task).collect::<Vec<_>>() {
                task.await.unwrap();
            }
        })
        .unwrap();
}

#[test]
fn what_is_left_when_main_returns_runs_on_the_other_worker() {
    for tasks in (1..4).cycle().take(100) {
        let executor = Executor::builder().workers(2).build().unwrap();
        let (tell, told) = mpsc::channel();
        executor
            .block_on(async move {
                for n in 0..tasks {
                    let tell = tell.clone();
                    drop(spawn(async move { tell.send(n).unwrap() }));
                }
            })
            .unwrap();
        let mut ran: Vec<i32> = told.iter().collect(); // until the last sender is gone
        ran.sort_unstable();
        assert_eq!(ran, (0..tasks).collect::<Vec<_>>());
    }
}

#[test]
fn what_is_fresh_when_main_returns_runs_on_the_other_worker() {
    for _ in 0..100 {
        let event = Arc::new(Event::default());
        let builder = Executor::builder().workers(2).watchdog(false);
        let driver = Arc::clone(&event) as Arc<dyn Driver>;
        let executor = builder.driver(driver).build().unwrap();
        let (tell, told) = mpsc::channel();
        let main = async move {
            for n in 0..20 {
                let (tell, gate) = (tell.clone(), event.gate.clone());
                spawn(async move {
                    gate.passed().await;
                    tell.send(n).unwrap();
                })
                .detach();
            }
            spawn(async {}).await.unwrap(); // most of them wait by now
            (0..300).for_each(|_| spawn(async {}).detach());
            event.happen();
            while !event.is_over() {
                yield_now().await;
            }
        };
        executor.block_on(main).unwrap();
        assert_eq!(told.iter().count(), 20); // until the last sender is gone
    }
}
