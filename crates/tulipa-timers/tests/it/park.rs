//! Waiting for the next deadline, and being interrupted by an earlier one.

use crate::support::{Log, armed, secs, timers};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tulipa_timers::{Clock, Timers};

/// Counts interruptions.
fn counted(timers: &Timers) -> impl Fn() -> usize + use<> {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    timers.on_earlier(move || _ = counter.fetch_add(1, Ordering::Relaxed));
    move || count.swap(0, Ordering::Relaxed)
}

#[test]
fn parking_says_the_next_deadline() {
    let (timers, log) = (timers(), Log::default());
    assert_eq!(timers.begin_park().deadline(), None);
    let _later = armed(&timers, 9, &log, 0);
    let first = armed(&timers, 4, &log, 0);
    assert_eq!(timers.begin_park().deadline(), Some(first.deadline()));
}

#[test]
fn an_earlier_timer_interrupts_once_a_park() {
    let (timers, log) = (timers(), Log::default());
    let interruptions = counted(&timers);
    let _first = armed(&timers, 9, &log, 0);
    for earlier in [[8, 7], [6, 5]] {
        let parking = timers.begin_park();
        let _sleeps = earlier.map(|seconds| armed(&timers, seconds, &log, 0));
        assert_eq!(interruptions(), 1);
        drop(parking);
    }
}

#[test]
fn a_timer_that_is_not_earlier_interrupts_nobody() {
    let (timers, log) = (Timers::new(Clock::virtual_(), 2), Log::default());
    let interruptions = counted(&timers);
    let _first = armed(&timers, 5, &log, 0);
    let _parking = timers.begin_park();
    for shard in [0, 1] {
        let _entered = timers.enter(shard);
        drop(armed(&timers, 5, &log, 0));
        drop(armed(&timers, 6, &log, 0));
    }
    let _endless = timers.sleep(Duration::MAX);
    assert_eq!(interruptions(), 0);
}

#[test]
fn nobody_interrupts_who_is_awake() {
    let (timers, log) = (timers(), Log::default());
    let interruptions = counted(&timers);
    let _before = armed(&timers, 5, &log, 0);
    drop(timers.begin_park());
    let _after = armed(&timers, 1, &log, 0);
    assert_eq!(interruptions(), 0);
}

#[test]
fn a_timer_moved_to_an_earlier_time_interrupts() {
    let (timers, log) = (timers(), Log::default());
    let interruptions = counted(&timers);
    let mut sleep = armed(&timers, 5, &log, 0);
    let _parking = timers.begin_park();
    sleep.reset_after(secs(6));
    assert_eq!(interruptions(), 0);
    sleep.reset_after(secs(4));
    assert_eq!(interruptions(), 1);
}

#[test]
fn a_timer_of_another_shard_interrupts_too() {
    let (timers, log) = (Timers::new(Clock::virtual_(), 3), Log::default());
    let interruptions = counted(&timers);
    let _sleeps = [0, 1, 2].map(|shard| {
        let _entered = timers.enter(shard);
        let parking = timers.begin_park();
        let sleep = armed(&timers, 3 - shard as u64, &log, shard);
        assert_eq!(interruptions(), 1);
        drop(parking);
        sleep
    });
}

#[test]
fn timeouts_around_every_read_interrupt_a_parked_thread_once() {
    let (timers, log) = (timers(), Log::default());
    let interruptions = counted(&timers);
    let parking = timers.begin_park();
    for _ in 0..100 {
        drop(armed(&timers, 30, &log, 0));
        timers.clock().advance(Duration::from_millis(1));
    }
    assert_eq!(interruptions(), 1);
    drop(parking);
    // And when the thread parks again it goes by the first of them: one turn for nothing, in place of a hundred writes.
    assert!(timers.begin_park().deadline().is_some());
    timers.advance(secs(30));
    assert_eq!(timers.begin_park().deadline(), None);
}

#[test]
fn no_time_passes_for_who_waits_by_a_virtual_clock() {
    let (timers, log) = (timers(), Log::default());
    let _sleep = armed(&timers, 5, &log, 0);
    assert_eq!(timers.begin_park().timeout(), None);
    timers.clock().advance(secs(5));
    assert_eq!(timers.begin_park().timeout(), Some(Duration::ZERO));
}

#[test]
fn by_a_real_clock_one_waits_no_longer_than_to_the_deadline() {
    let (timers, log) = (Timers::new(Clock::real(), 1), Log::default());
    assert_eq!(timers.begin_park().timeout(), None);
    let _sleep = armed(&timers, 1_000, &log, 0);
    let timeout = timers.begin_park().timeout();
    assert!(timeout.is_some() && timeout <= Some(secs(1_000)));
}

#[test]
#[should_panic(expected = "Timers::begin_park called while a thread is parked on these timers")]
fn parking_twice_panics() {
    let timers = timers();
    let _parking = timers.begin_park();
    let _another = timers.begin_park();
}

#[test]
fn the_last_interruption_set_is_the_one_that_is_called() {
    let (timers, log) = (timers(), Log::default());
    let (before, after) = (counted(&timers), counted(&timers));
    let _parking = timers.begin_park();
    let _sleep = armed(&timers, 1, &log, 0);
    assert_eq!((before(), after()), (0, 1));
}

#[test]
fn an_interruption_may_use_the_timers() {
    let (timers, log) = (timers(), Log::default());
    let (same, waker) = (timers.clone(), log.clone());
    timers.on_earlier(move || drop(armed(&same, 1, &waker, 0)));
    let _parking = timers.begin_park();
    let _sleep = armed(&timers, 5, &log, 0);
}
