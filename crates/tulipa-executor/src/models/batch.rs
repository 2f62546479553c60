//! The race: a task is queued from outside while a worker that comes from the driver begins a batch that it means to run alone.
//!
//! Lost, the task would wait for the batch, whose first is blocked until something else has run.

use super::{Item, Ran, crew_with, model};
use crate::driver::ThreadDriver;
use crate::step::Step;
use crate::sync::Parker;
use crate::watchdog::Watchdog;
use loom::thread::yield_now;
use std::sync::Arc;
use tulipa_task::Why;

#[test]
fn a_task_queued_while_a_worker_begins_a_batch_is_not_left_to_wait_for_that() {
    model(2, || {
        let ran = Ran::new(3);
        // Batches are kept only where there is a watchdog; this one never looks.
        let watchdog = Arc::new(Watchdog::new(Parker::new().unparker().clone()));
        let driver = Arc::new(ThreadDriver::default());
        let (crew, mut hired) = crew_with(2, driver, &ran, Some(watchdog));
        let other = hired.pop().unwrap().serve();
        while !crew.sleep().is_asleep(1) {
            yield_now();
        }
        let (mut worker, parker) = hired.pop().unwrap().begin();
        while worker.step() != Step::Park {}
        let outside = loom::thread::spawn({
            let (crew, item) = (Arc::clone(&crew), ran.item());
            move || crew.inject(item)
        });
        worker.local().in_driver(|| {
            let first = Item {
                blocks: true,
                ..ran.item()
            };
            worker.local().accept(first, Why::Woken);
            worker.local().accept(ran.item(), Why::Woken);
        });
        worker.after_driver();
        worker.serve(&parker);
        outside.join().unwrap();
        other.join().unwrap();
        assert_eq!(ran.count(), 3);
    });
}
