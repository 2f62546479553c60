//! In which order timers fire: S-08, EM-04.

use crate::support::{Log, armed, poll, secs, timers};
use std::time::Duration;
use tulipa_timers::{Clock, Instant, Timers};

/// S-08
#[test]
fn sleepers_of_different_deadlines_wake_in_order_of_deadline() {
    let (timers, log) = (timers(), Log::default());
    let _sleeps = [5, 1, 4, 2, 3].map(|seconds| armed(&timers, seconds, &log, seconds as usize));
    for expected in 1..=5 {
        assert!(timers.advance_to_next());
        assert_eq!(timers.now(), Instant::START + secs(expected as u64));
        assert_eq!(log.take(), [expected]);
    }
    assert!(!timers.advance_to_next());
}

#[test]
fn different_deadlines_that_fall_due_at_once_wake_in_order_of_deadline() {
    let (timers, log) = (timers(), Log::default());
    let _sleeps = [5, 1, 4, 2, 3].map(|seconds| armed(&timers, seconds, &log, seconds as usize));
    assert_eq!(timers.advance(secs(60)), 5);
    assert_eq!(log.take(), [1, 2, 3, 4, 5]);
}

#[test]
fn timers_of_one_instant_wake_in_the_order_they_were_armed() {
    let (timers, log) = (timers(), Log::default());
    let _sleeps = [0, 1, 2, 3, 4].map(|id| armed(&timers, 9, &log, id));
    assert_eq!(timers.advance(secs(9)), 5);
    assert_eq!(log.take(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_timer_that_is_moved_goes_behind_those_of_its_new_instant() {
    let (timers, log) = (timers(), Log::default());
    let mut first = armed(&timers, 9, &log, 0);
    let second = armed(&timers, 9, &log, 1);
    first.reset(second.deadline());
    timers.advance(secs(9));
    assert_eq!(log.take(), [1, 0]);
}

/// EM-04
#[test]
fn overdue_timers_wake_at_the_next_fire_earliest_first() {
    let (timers, log) = (timers(), Log::default());
    timers.advance(secs(10));
    let _sleeps = [3, 1, 2].map(|second| {
        let mut sleep = timers.sleep_until(Instant::START + secs(second));
        assert!(poll(&mut sleep, &log.waker(second as usize)).is_pending());
        sleep
    });
    assert_eq!(log.take(), []);
    assert_eq!(timers.fire(), 3);
    assert_eq!(log.take(), [1, 2, 3]);
}

#[test]
fn timers_of_different_shards_wake_in_order_of_deadline() {
    let (timers, log) = (Timers::new(Clock::virtual_(), 4), Log::default());
    let _sleeps = [4, 1, 3, 2, 2, 5].map(|seconds| {
        let _entered = timers.enter(seconds as usize); // modulo four
        armed(&timers, seconds, &log, seconds as usize)
    });
    assert_eq!(timers.advance(secs(60)), 6);
    assert_eq!(log.take(), [1, 2, 2, 3, 4, 5]);
}

/// S-01
#[test]
fn no_timer_fires_a_nanosecond_early() {
    let (timers, log) = (timers(), Log::default());
    let durations = [
        1,
        2,
        63,
        64,
        65,
        4_095,
        4_096,
        1_000_000,
        1 << 36,
        (1 << 60) + 1,
    ];
    for (id, duration) in durations.map(Duration::from_nanos).into_iter().enumerate() {
        let mut sleep = timers.sleep(duration);
        assert!(poll(&mut sleep, &log.waker(id)).is_pending());
        assert_eq!(timers.advance(duration - Duration::from_nanos(1)), 0);
        assert_eq!(timers.advance(Duration::from_nanos(1)), 1);
        assert_eq!(log.take(), [id]);
    }
}
