//! A source that leaves its reactor, or a reactor that closes, while a task is about to wait.

use super::{READABLE, dispatch, leave, model, readable};
use crate::readiness::Readiness;
use crate::sync::Arc;
use loom::future::block_on;
use loom::thread;

/// The task waits before or after: it gets an error, and never sleeps for ever.
#[test]
fn a_waiter_learns_that_its_source_has_left() {
    model(|| {
        let readiness = Arc::new(Readiness::new());
        let task = readiness.clone();
        let task = thread::spawn(move || block_on(readable(&task)));
        leave(&readiness);
        assert!(task.join().unwrap().is_err());
    });
}

/// An event and the end at once: either answer will do, but there must be one.
#[test]
fn a_waiter_is_told_of_the_event_or_of_the_end() {
    model(|| {
        let readiness = Arc::new(Readiness::new());
        let (task, driver) = (readiness.clone(), readiness.clone());
        let task = thread::spawn(move || block_on(readable(&task)));
        let driver = thread::spawn(move || dispatch(&driver, READABLE));
        leave(&readiness);
        driver.join().unwrap();
        let _ = task.join().unwrap();
    });
}
