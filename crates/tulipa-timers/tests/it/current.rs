//! The timers of a thread, and what is said where there are none.

use crate::support::{Log, armed, secs, timers};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tulipa_timers::{Clock, Instant, Timers, interval, interval_at, now, sleep, sleep_until};

#[test]
fn the_functions_use_the_timers_that_were_entered_last() {
    let (outer, inner) = (timers(), timers());
    outer.advance(secs(1));
    inner.advance(secs(2));
    let _entered = outer.enter(0);
    {
        let _nested = inner.enter(0);
        assert_eq!(now(), inner.now());
    }
    assert_eq!(now(), outer.now());
    assert_eq!(sleep(secs(5)).deadline(), Instant::START + secs(6));
    assert_eq!(interval(secs(5)).next_tick(), Instant::START + secs(1));
}

#[test]
fn a_guard_leaves_the_thread_as_it_was() {
    drop(timers().enter(0));
    assert!(Timers::current().is_none());
}

#[test]
fn each_function_says_what_to_do_where_there_are_no_timers() {
    let calls: [(&str, fn()); 5] = [
        ("tulipa::sleep", || drop(sleep(secs(1)))),
        ("tulipa::time::sleep_until", || {
            drop(sleep_until(Instant::START))
        }),
        ("tulipa::time::interval", || drop(interval(secs(1)))),
        ("tulipa::time::interval_at", || {
            drop(interval_at(Instant::START, secs(1)))
        }),
        ("tulipa::time::now", || _ = now()),
    ];
    for (name, call) in calls {
        let panic = catch_unwind(call).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        let expected = "called outside a runtime: call it inside `tulipa::run`, \
                        or make timers current on this thread with `Timers::enter`";
        assert_eq!(message, &format!("{name} {expected}"));
    }
}

#[test]
fn guards_dropped_out_of_order_are_told_so() {
    let timers = timers();
    let (first, second) = (timers.enter(0), timers.enter(0));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(first))).is_err());
    drop(second);
}

#[test]
#[should_panic(
    expected = "Timers::new called with no shards: give one for each thread that will arm timers, at least 1"
)]
fn timers_without_shards_panic() {
    let _ = Timers::new(Clock::virtual_(), 0);
}

#[test]
fn a_thread_that_has_entered_nothing_may_arm_timers() {
    let (timers, log) = (Timers::new(Clock::virtual_(), 8), Log::default());
    let threads: Vec<_> = (0..20)
        .map(|id| {
            let (timers, log) = (timers.clone(), log.clone());
            std::thread::spawn(move || armed(&timers, 20 - id as u64, &log, id))
        })
        .collect();
    let _sleeps: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(timers.advance(secs(60)), 20);
    assert_eq!(log.take(), (0..20).rev().collect::<Vec<_>>());
}

#[test]
fn a_thread_that_has_entered_others_may_arm_timers() {
    let (timers, others) = (timers(), timers());
    let _entered = others.enter(0);
    let _sleep = armed(&timers, 1, &Log::default(), 0);
    assert_eq!((timers.count(), others.count()), (1, 0));
}
