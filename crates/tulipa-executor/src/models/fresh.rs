//! The race: a worker takes what is fresh, or is stuck before it does, while a thief looks for it, or falls asleep.
//!
//! Lost, a task would be run twice, or lie with a worker that is stuck while another sleeps.

use super::{Item, Ran, crew, model};
use crate::choice::Fast;
use crate::crew::Crew;
use crate::driver::ThreadDriver;
use crate::step::{Step, Worker};
use crate::sync::Parker;
use loom::thread::JoinHandle;
use std::sync::Arc;
use tulipa_task::Why;

/// A worker with one task in its queue and one that is fresh, and another that serves meanwhile.
struct Scene {
    crew: Arc<Crew<Item>>,
    worker: Worker<Item, Fast>,
    parker: Parker,
    other: JoinHandle<()>,
}

impl Scene {
    fn new(ran: &Arc<Ran>) -> Self {
        let (crew, mut hired) = crew(2, Arc::new(ThreadDriver::default()), ran);
        let other = hired.pop().unwrap().serve();
        let (worker, parker) = hired.pop().unwrap().begin();
        let local = worker.local();
        local.accept(ran.item(), Why::Yielded);
        local.in_driver_at_work(|| local.accept(ran.item(), Why::Woken));
        Self {
            crew,
            worker,
            parker,
            other,
        }
    }

    fn serve(mut self) {
        self.worker.serve(&self.parker);
        self.other.join().unwrap();
    }
}

#[test]
fn what_is_fresh_is_run_once_by_its_worker_or_a_thief() {
    model(2, || {
        let ran = Ran::new(2);
        let mut scene = Scene::new(&ran);
        let _: Step = scene.worker.step();
        scene.worker.local().age();
        scene.serve();
        assert_eq!(ran.count(), 2);
    });
}

#[test]
fn what_is_fresh_to_a_worker_that_is_stuck_is_found_by_whom_the_watchdog_calls() {
    model(2, || {
        let ran = Ran::new(3);
        let scene = Scene::new(&ran);
        scene.crew.take_over(0); // as the watchdog does; this thread is stuck until both have run elsewhere
        ran.wait_for(2);
        scene.worker.local().accept(ran.item(), Why::Yielded);
        scene.serve();
        assert_eq!(ran.count(), 3);
    });
}
