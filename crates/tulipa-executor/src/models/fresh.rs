//! The race: a worker takes what is fresh, or is stuck before it does, while a thief looks for it, or falls asleep.
//!
//! Lost, a task would be run twice, or lie with a worker that is stuck while another sleeps.

use super::{Ran, crew, model};
use crate::driver::ThreadDriver;
use crate::step::Step;
use std::sync::Arc;
use tulipa_task::Why;

#[test]
fn what_is_fresh_is_run_once_by_its_worker_or_a_thief() {
    model(2, || {
        let ran = Ran::new(2);
        let (_crew, mut hired) = crew(2, Arc::new(ThreadDriver::default()), &ran);
        let other = hired.pop().unwrap().serve();
        let (mut worker, parker) = hired.pop().unwrap().begin();
        worker.local().accept(ran.item(), Why::Yielded);
        worker
            .local()
            .in_driver_at_work(|| worker.local().accept(ran.item(), Why::Woken));
        let _: Step = worker.step();
        worker.local().age();
        worker.serve(&parker);
        other.join().unwrap();
        assert_eq!(ran.count(), 2);
    });
}

#[test]
fn what_is_fresh_to_a_worker_that_is_stuck_is_found_by_whom_the_watchdog_calls() {
    model(2, || {
        let ran = Ran::new(3);
        let (crew, mut hired) = crew(2, Arc::new(ThreadDriver::default()), &ran);
        let other = hired.pop().unwrap().serve();
        let (mut worker, parker) = hired.pop().unwrap().begin();
        worker.local().accept(ran.item(), Why::Yielded);
        worker
            .local()
            .in_driver_at_work(|| worker.local().accept(ran.item(), Why::Woken));
        crew.take_over(0); // as the watchdog does; this thread is stuck until both have run elsewhere
        ran.wait_for(2);
        worker.local().accept(ran.item(), Why::Yielded);
        worker.serve(&parker);
        other.join().unwrap();
        assert_eq!(ran.count(), 3);
    });
}
