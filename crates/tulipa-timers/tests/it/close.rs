//! Timers that nobody will fire any more: who waits is told, instead of waiting for ever.

use crate::support::{Log, armed, poll_idly, secs, timers};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tulipa_timers::Sleep;

/// Whether the next poll panics and says why.
fn is_refused(sleep: &mut Sleep) -> bool {
    let Err(payload) = catch_unwind(AssertUnwindSafe(|| poll_idly(sleep))) else {
        return false;
    };
    let message: &&str = payload.downcast_ref().unwrap();
    message.contains("the runtime whose timers it uses has ended")
}

#[test]
fn who_waits_is_woken_and_refused_and_the_timer_is_gone() {
    let (timers, log) = (timers(), Log::default());
    let mut sleeps = [armed(&timers, 1, &log, 1), armed(&timers, 2, &log, 2)];
    timers.close();
    assert_eq!(log.take(), [1, 2]);
    assert!(sleeps.iter_mut().all(is_refused));
    assert_eq!((timers.count(), timers.next_deadline()), (0, None));
}

#[test]
fn one_that_was_due_before_is_ready() {
    let (timers, log) = (timers(), Log::default());
    let mut due = armed(&timers, 1, &log, 1);
    timers.advance(secs(1));
    timers.close();
    assert!(poll_idly(&mut due).is_ready());
}

#[test]
fn no_other_is_armed() {
    let timers = timers();
    timers.close();
    for duration in [secs(1), Duration::MAX] {
        assert!(is_refused(&mut timers.sleep(duration)));
    }
    assert!(
        !is_refused(&mut timers.sleep(Duration::ZERO)),
        "it needs no timer"
    );
}

#[test]
fn one_that_is_dropped_meets_nobody() {
    let (timers, log) = (timers(), Log::default());
    let sleep = armed(&timers, 1, &log, 1);
    timers.close();
    timers.close();
    drop(sleep);
    assert_eq!(timers.count(), 0);
}
