//! An event, and tasks that are about to wait for it.

use super::{READABLE, dispatch, leave, model, readable};
use crate::readiness::{Direction, Readiness};
use crate::sync::Arc;
use loom::future::block_on;
use loom::thread;
use std::future::poll_fn;
use std::task::Waker;

/// The event comes between a task's look at the word and the leaving of its waker. If either side misses the other,
/// the task sleeps for ever, and loom calls that a deadlock.
#[test]
fn an_event_between_look_and_waker_is_not_missed() {
    model(|| {
        let readiness = Arc::new(Readiness::new());
        let task = readiness.clone();
        let task = thread::spawn(move || block_on(readable(&task)));
        dispatch(&readiness, READABLE);
        task.join().unwrap().unwrap();
    });
}

/// One event, two tasks, one direction: each is woken.
#[test]
fn every_waiter_of_a_direction_is_woken() {
    model(|| {
        let readiness = Arc::new(Readiness::new());
        let tasks = [(); 2].map(|()| {
            let task = readiness.clone();
            thread::spawn(move || block_on(readable(&task)))
        });
        dispatch(&readiness, READABLE);
        for task in tasks {
            task.join().unwrap().unwrap();
        }
    });
}

/// A future goes while an event arrives, and another task takes its place in the list: the future must take out its
/// own waker or none, never that of the task, which waits for the end.
#[test]
fn a_future_that_goes_takes_no_other_waker_along() {
    model(|| {
        let readiness = Arc::new(Readiness::new());
        let mut ticket = None;
        let waits = readiness.poll_ticketed(Direction::Read, &mut ticket, Waker::noop());
        assert!(waits.is_pending());
        let (fickle, patient) = (readiness.clone(), readiness.clone());
        let fickle = thread::spawn(move || {
            ticket
                .into_iter()
                .for_each(|ticket| fickle.forget(Direction::Read, ticket));
        });
        let patient = thread::spawn(move || {
            let mut ticket = None;
            while let Ok(seen) = block_on(poll_fn(|cx| {
                patient.poll_ticketed(Direction::Read, &mut ticket, cx.waker())
            })) {
                patient.refuse(Direction::Read, seen);
            }
        });
        dispatch(&readiness, READABLE);
        leave(&readiness);
        fickle.join().unwrap();
        patient.join().unwrap();
    });
}
