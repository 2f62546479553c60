//! The race: the last worker falls asleep while the last blocking job ends, which wakes nobody.
//!
//! Lost, a virtual clock would stand still for ever. The other way round, it would move while a job is in flight.

use super::{Item, Ran, crew, model};
use crate::crew::Crew;
use crate::driver::{Driver, ThreadDriver};
use crate::sync::Mutex;
use std::sync::{Arc, OnceLock, Weak};

/// A clock whose one timer queues one item.
struct Clock {
    thread: ThreadDriver,
    timer: Mutex<Option<Item>>,
    crew: OnceLock<Weak<Crew<Item>>>,
}

impl Driver for Clock {
    fn park(&self) {
        self.thread.park();
    }

    fn poll(&self) {}

    fn unpark(&self) {
        self.thread.unpark();
    }

    fn quiescent(&self) -> bool {
        let crew = self
            .crew
            .get()
            .and_then(Weak::upgrade)
            .expect("the crew lives as long as its driver");
        assert!(!crew.has_jobs(), "time moved while a job was in flight");
        match self.timer.lock().take() {
            Some(item) => {
                crew.inject(item);
                true
            }
            None => false,
        }
    }
}

fn check(workers: usize, preemptions: usize) {
    model(preemptions, move || {
        let ran = Ran::new(1);
        let clock = Arc::new(Clock {
            thread: ThreadDriver::default(),
            timer: Mutex::new(Some(ran.item())),
            crew: OnceLock::new(),
        });
        let (crew, hired) = crew(workers, Arc::clone(&clock) as Arc<dyn Driver>, &ran);
        clock.crew.set(Arc::downgrade(&crew)).unwrap();
        crew.job_begins();
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        crew.job_ends();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 1);
    });
}

#[test]
fn time_moves_when_the_last_job_ends_as_the_only_worker_falls_asleep() {
    check(1, 3);
}

#[test]
fn time_moves_when_the_last_job_ends_as_two_workers_fall_asleep() {
    check(2, 1);
}
