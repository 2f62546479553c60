//! The race: a task that only the worker at home may run is woken by another thread, while that worker falls asleep, and
//! while somebody else wakes it for a task of the injector.

use super::{Ran, crew, model};
use crate::driver::ThreadDriver;
use std::sync::Arc;

#[test]
fn mail_that_comes_while_the_worker_at_home_falls_asleep_is_read() {
    model(3, || {
        let ran = Ran::new(1);
        let (crew, hired) = crew(1, Arc::new(ThreadDriver::default()), &ran);
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        crew.deliver(ran.homed());
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 1);
    });
}

#[test]
fn mail_and_a_task_for_anyone_that_come_at_once_are_both_run() {
    model(1, || {
        let ran = Ran::new(2);
        let (crew, hired) = crew(2, Arc::new(ThreadDriver::default()), &ran);
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        crew.inject(ran.item());
        crew.deliver(ran.homed());
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 2);
    });
}
