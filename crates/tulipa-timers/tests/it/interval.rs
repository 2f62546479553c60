//! `Interval`: ticks, missed ticks, and what is armed when.

use crate::support::{Log, poll, poll_idly, secs, timers};
use futures::{FutureExt, StreamExt};
use std::task::Poll;
use std::time::Duration;
use tulipa_timers::{Instant, Interval, MissedTicks, Timers};

/// The time at which `second` begins.
fn at(second: u64) -> Instant {
    Instant::START + secs(second)
}

/// Takes a tick as soon as it comes; says when it was taken and for when it was set.
fn take(timers: &Timers, ticks: &mut Interval) -> (Instant, Instant) {
    let mut tick = ticks.tick();
    loop {
        match poll_idly(&mut tick) {
            Poll::Ready(set) => return (timers.now(), set),
            Poll::Pending => assert!(timers.advance_to_next()),
        }
    }
}

#[test]
fn the_first_tick_is_due_at_once_and_the_others_a_period_apart() {
    let timers = timers();
    let mut ticks = timers.interval(secs(10));
    for second in [0, 10, 20, 30] {
        assert_eq!(take(&timers, &mut ticks), (at(second), at(second)));
    }
}

#[test]
fn an_interval_with_a_start_waits_for_it() {
    let timers = timers();
    let mut ticks = timers.interval_at(at(7), secs(10));
    assert_eq!(ticks.next_tick(), at(7));
    for second in [7, 17, 27] {
        assert_eq!(take(&timers, &mut ticks), (at(second), at(second)));
    }
}

#[test]
fn what_becomes_of_missed_ticks_is_up_to_the_policy() {
    let table = [
        (
            MissedTicks::Burst,
            [(10, 10), (35, 20), (35, 30), (40, 40), (50, 50)],
        ),
        (
            MissedTicks::Delay,
            [(10, 10), (35, 20), (45, 45), (55, 55), (65, 65)],
        ),
        (
            MissedTicks::Skip,
            [(10, 10), (35, 20), (40, 40), (50, 50), (60, 60)],
        ),
    ];
    for (policy, expected) in table {
        let timers = timers();
        let mut ticks = timers.interval_at(at(10), secs(10)).missed_ticks(policy);
        for (index, (taken, set)) in expected.into_iter().enumerate() {
            assert_eq!(
                take(&timers, &mut ticks),
                (at(taken), at(set)),
                "{policy:?}, tick {index}"
            );
            if index == 0 {
                timers.advance(secs(25));
            }
        }
    }
}

#[test]
fn a_late_tick_that_misses_none_keeps_the_grid_under_every_policy() {
    for policy in [MissedTicks::Burst, MissedTicks::Delay, MissedTicks::Skip] {
        let timers = timers();
        let mut ticks = timers.interval(secs(10)).missed_ticks(policy);
        take(&timers, &mut ticks);
        for late in [19, 30] {
            timers.clock().advance_to(at(late)); // at 30 the tick of 30 is due, not missed
            assert!(ticks.tick().now_or_never().is_some());
        }
        assert_eq!(ticks.next_tick(), at(30), "{policy:?}");
    }
}

#[test]
fn a_dropped_tick_is_not_lost_and_leaves_no_timer() {
    let timers = timers();
    let mut ticks = timers.interval_at(at(10), secs(10));
    assert_eq!(poll_idly(&mut ticks.tick()), Poll::Pending);
    assert_eq!(timers.count(), 0);
    timers.advance(secs(12));
    assert_eq!(poll_idly(&mut ticks.tick()), Poll::Ready(at(10)));
}

#[test]
fn a_tick_that_waits_is_woken() {
    let (timers, log) = (timers(), Log::default());
    let mut ticks = timers.interval_at(at(10), secs(10));
    let mut tick = ticks.tick();
    assert!(poll(&mut tick, &log.waker(1)).is_pending());
    timers.advance(secs(10));
    assert_eq!(log.take(), [1]);
    assert_eq!(poll_idly(&mut tick), Poll::Ready(at(10)));
    drop(tick);
    assert_eq!(timers.count(), 0);
}

#[test]
fn a_tick_is_ready_once_the_clock_says_so_even_if_nobody_has_fired() {
    let timers = timers();
    let mut ticks = timers.interval_at(at(10), secs(10));
    let mut tick = ticks.tick();
    assert!(poll_idly(&mut tick).is_pending());
    timers.clock().advance(secs(10));
    assert_eq!(poll_idly(&mut tick), Poll::Ready(at(10)));
    assert_eq!(timers.count(), 0);
}

#[test]
fn reset_sets_the_next_tick() {
    let timers = timers();
    let mut ticks = timers.interval(secs(10));
    ticks.reset(at(3));
    assert_eq!(take(&timers, &mut ticks), (at(3), at(3)));
    assert_eq!(ticks.next_tick(), at(13));
}

#[test]
fn an_interval_is_a_stream_of_its_ticks() {
    let timers = timers();
    let mut ticks = timers.interval(secs(10));
    let mut seen = Vec::new();
    while seen.len() < 3 {
        match ticks.next().now_or_never() {
            Some(tick) => seen.push(tick),
            None => assert!(timers.advance_to_next()),
        }
    }
    assert_eq!(seen, [0, 10, 20].map(|second| Some(at(second))));
}

#[test]
fn a_period_of_any_length_will_do() {
    let timers = timers();
    let mut ages = timers.interval(Duration::MAX);
    assert!(ages.tick().now_or_never().is_some());
    assert_eq!(ages.next_tick(), Instant::NEVER);
    let mut nanos = timers
        .interval(Duration::from_nanos(1))
        .missed_ticks(MissedTicks::Skip);
    timers.advance(secs(1_000_000));
    assert!(nanos.tick().now_or_never().is_some());
    assert_eq!(nanos.next_tick(), timers.now());
}

#[test]
#[should_panic(expected = "interval called with a period of zero: give it a longer one")]
fn a_period_of_zero_panics() {
    let _ = timers().interval(Duration::ZERO);
}
