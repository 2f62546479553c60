//! The race: a task is queued from outside while the last worker that searches falls asleep.
//!
//! Lost, it would lie in the injector with everybody asleep, which loom reports as a deadlock.

use super::{Ran, crew, model};
use crate::driver::ThreadDriver;
use std::sync::Arc;

#[test]
fn what_is_queued_while_the_only_worker_falls_asleep_runs() {
    model(3, || {
        let ran = Ran::new(1);
        let (crew, hired) = crew(1, Arc::new(ThreadDriver::default()), &ran);
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        crew.inject(ran.item());
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 1);
    });
}

#[test]
fn two_tasks_queued_while_two_workers_fall_asleep_both_run() {
    model(1, || {
        let ran = Ran::new(2);
        let (crew, hired) = crew(2, Arc::new(ThreadDriver::default()), &ran);
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        crew.inject(ran.item());
        crew.inject(ran.item());
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 2);
    });
}

#[test]
fn two_threads_that_queue_at_once_wake_whom_they_need() {
    model(2, || {
        let ran = Ran::new(2);
        let (crew, hired) = crew(1, Arc::new(ThreadDriver::default()), &ran);
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        let other = loom::thread::spawn({
            let (crew, item) = (Arc::clone(&crew), ran.item());
            move || crew.inject(item)
        });
        crew.inject(ran.item());
        other.join().unwrap();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 2);
    });
}

#[test]
fn a_task_queued_while_the_last_searcher_finds_another_is_not_left_to_wait_for_that() {
    model(1, || {
        let ran = Ran::new(2);
        let (crew, hired) = crew(2, Arc::new(ThreadDriver::default()), &ran);
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        // The worker at home is blocked by the first until the second has run: the other has to come for that. Two queues,
        // because to take a task from a stand-in is to see all that was put there before.
        crew.deliver(ran.homed_and_blocking());
        crew.inject(ran.item());
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 2);
    });
}
