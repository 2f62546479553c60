//! The race: the executor stops while a worker falls asleep, and while a task is queued.
//!
//! Lost, a worker would sleep for ever, or a task would be left in a queue after all have gone.

use super::{Ran, crew, model};
use crate::driver::ThreadDriver;
use std::sync::Arc;

#[test]
fn a_worker_that_falls_asleep_as_the_crew_stops_leaves() {
    model(2, || {
        let ran = Ran::new(usize::MAX);
        let (crew, hired) = crew(2, Arc::new(ThreadDriver::default()), &ran);
        let threads: Vec<_> = hired
            .into_iter()
            .map(super::Hired::serve_and_leave)
            .collect();
        crew.stop();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn what_is_queued_as_the_crew_stops_is_run_by_a_worker_or_left_to_the_last_one() {
    model(2, || {
        let ran = Ran::new(usize::MAX);
        let (crew, mut hired) = crew(2, Arc::new(ThreadDriver::default()), &ran);
        let thread = hired.pop().unwrap().serve_and_leave();
        let other = loom::thread::spawn({
            let (crew, item) = (Arc::clone(&crew), ran.item());
            move || crew.inject(item)
        });
        crew.stop();
        other.join().unwrap();
        thread.join().unwrap();
        // As `worker::clear_away` does: whoever stops the crew has its place, and works last.
        let (mut last, parker) = hired.pop().unwrap().begin();
        last.serve(&parker);
        assert_eq!(ran.count(), 1);
    });
}
