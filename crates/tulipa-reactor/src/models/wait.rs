//! An event, and tasks that are about to wait for it.

use super::{READABLE, dispatch, model, readable};
use crate::readiness::{Direction, Readiness};
use crate::sync::Arc;
use loom::future::block_on;
use loom::thread;
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

/// A future goes while the event arrives, and its place in the list may be taken again: it must take out its own
/// waker or none, never that of the task that still waits.
#[test]
fn a_future_that_goes_takes_no_other_waker_along() {
    model(|| {
        let readiness = Arc::new(Readiness::new());
        let (fickle, patient) = (readiness.clone(), readiness.clone());
        let fickle = thread::spawn(move || {
            let mut ticket = None;
            let _ = fickle.poll_ticketed(Direction::Read, &mut ticket, Waker::noop());
            if let Some(ticket) = ticket {
                fickle.forget(Direction::Read, ticket);
            }
        });
        let patient = thread::spawn(move || {
            let mut ticket = None;
            block_on(std::future::poll_fn(|cx| {
                patient.poll_ticketed(Direction::Read, &mut ticket, cx.waker())
            }))
        });
        dispatch(&readiness, READABLE);
        fickle.join().unwrap();
        patient.join().unwrap().unwrap();
    });
}
