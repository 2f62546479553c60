//! The race: a worker wakes up while the watchdog begins to doze.
//!
//! Lost, the watchdog would doze while that worker is stuck in a poll. In the model it is: it waits for what the watchdog
//! does when it is awake, and loom reports a deadlock.

use super::{Ran, crew_with, model};
use crate::driver::ThreadDriver;
use crate::sync::Parker;
use crate::watchdog::Watchdog;
use std::sync::Arc;

#[test]
fn a_worker_that_wakes_as_the_watchdog_begins_to_doze_is_looked_after() {
    model(3, || {
        let ran = Ran::new(2);
        let kennel = Parker::new();
        let watchdog = Arc::new(Watchdog::new(kennel.unparker().clone()));
        let driver = Arc::new(ThreadDriver::default());
        let (crew, hired) = crew_with(1, driver, &ran, Some(watchdog));
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        let waker = loom::thread::spawn({
            let (crew, item) = (Arc::clone(&crew), ran.homed_and_blocking());
            move || crew.deliver(item)
        });
        let watchdog = crew.watchdog().expect("it was given one");
        watchdog.doze(&kennel, || crew.is_asleep());
        ran.count_one();
        waker.join().unwrap();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 2);
    });
}
