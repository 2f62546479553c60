//! Wakers of all kinds: those that panic, those that come back to the timers.

use crate::support::{Log, armed, poll, secs, timers};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};
use tulipa_timers::{Sleep, Timers};

/// Panics with a payload that panics when it is dropped.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::panic::panic_any(self);
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("a destructor that panics");
        }
    }
}

#[test]
fn a_waker_that_panics_costs_nobody_else_his_wake() {
    let (timers, log) = (timers(), Log::default());
    let _before = armed(&timers, 1, &log, 1);
    let mut panics = timers.sleep(secs(2));
    assert!(poll(&mut panics, &Waker::from(Arc::new(Panics))).is_pending());
    let _after = [armed(&timers, 2, &log, 2), armed(&timers, 3, &log, 3)];
    assert_eq!(timers.advance(secs(5)), 4);
    assert_eq!(log.take(), [1, 2, 3]);
}

/// Owns a sleep, and drops it or polls it when it is woken or dropped itself.
struct Owner {
    timers: Timers,
    sleep: Mutex<Option<Sleep>>,
}

impl Wake for Owner {
    fn wake(self: Arc<Self>) {
        self.timers.fire();
        drop(armed(&self.timers, 7, &Log::default(), 0));
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        drop(
            self.sleep
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        drop(armed(&self.timers, 7, &Log::default(), 0));
    }
}

/// A waker that owns a sleep of its own timers, as a task's waker does through the task.
fn owner(timers: &Timers) -> Waker {
    let sleep = Mutex::new(Some(armed(timers, 100, &Log::default(), 0)));
    Waker::from(Arc::new(Owner {
        timers: timers.clone(),
        sleep,
    }))
}

#[test]
fn a_waker_may_use_the_timers_when_it_is_woken() {
    let timers = timers();
    let mut sleep = timers.sleep(secs(1));
    assert!(poll(&mut sleep, &owner(&timers)).is_pending());
    assert_eq!(timers.advance(secs(1)), 1);
    drop(sleep);
    assert_eq!(timers.count(), 0);
}

#[test]
fn a_waker_may_use_the_timers_when_its_sleep_is_dropped() {
    let timers = timers();
    let mut sleep = timers.sleep(secs(1));
    assert!(poll(&mut sleep, &owner(&timers)).is_pending());
    drop(sleep);
    assert_eq!(timers.count(), 0);
}

#[test]
fn a_waker_may_use_the_timers_when_another_takes_its_place() {
    let timers = timers();
    let mut sleep = timers.sleep(secs(1));
    assert!(poll(&mut sleep, &owner(&timers)).is_pending());
    assert!(poll(&mut sleep, &owner(&timers)).is_pending());
    drop(sleep);
    assert_eq!(timers.count(), 0);
}

#[test]
fn a_waker_is_dropped_when_its_timer_has_fired() {
    let (timers, log) = (timers(), Log::default());
    let waker = Arc::new(Owner {
        timers: timers.clone(),
        sleep: Mutex::new(None),
    });
    let mut sleep = timers.sleep(secs(1));
    assert!(poll(&mut sleep, &Waker::from(Arc::clone(&waker))).is_pending());
    assert_eq!(Arc::strong_count(&waker), 2);
    timers.advance(secs(1));
    assert_eq!(Arc::strong_count(&waker), 1);
    assert!(poll(&mut sleep, &log.waker(0)).is_ready());
}
