//! The race: a task is queued from outside while the executor is closed, after which nobody comes for it.
//!
//! Lost, it would lie in the injector, with all that it holds, for as long as anybody has a handle.

use super::{assemble, model};
use crate::choice::Fast;
use crate::crew::Crew;
use crate::debug::Debug;
use crate::driver::ThreadDriver;
use crate::queue::{HOME, Run};
use crate::step::Worker;
use loom::thread::JoinHandle;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What has become of a model's tasks. For the model only, which waits for all threads before it looks: so loom sees none of it.
#[derive(Default)]
struct Fates {
    run: AtomicUsize,
    cancelled: AtomicUsize,
}

/// A task that is cancelled if it is dropped, as a `Runnable` is.
struct Item {
    fates: Option<Arc<Fates>>,
    homed: bool,
}

impl Run for Item {
    fn run(mut self) -> Option<Self> {
        let fates = self.fates.take().expect("it is run once");
        fates.run.fetch_add(1, Ordering::Relaxed); // Relaxed: see `Fates`
        None
    }

    fn run_in_debug(self, _: &Debug) -> Option<Self> {
        self.run()
    }

    fn is_homed(&self) -> bool {
        self.homed
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        if let Some(fates) = self.fates.take() {
            fates.cancelled.fetch_add(1, Ordering::Relaxed); // Relaxed: see `Fates`
        }
    }
}

impl Fates {
    fn item(self: &Arc<Self>, homed: bool) -> Item {
        let fates = Some(Arc::clone(self));
        Item { fates, homed }
    }

    /// How many have been run, and how many cancelled.
    fn count(&self) -> (usize, usize) {
        // Relaxed: see above.
        let of = |fate: &AtomicUsize| fate.load(Ordering::Relaxed);
        (of(&self.run), of(&self.cancelled))
    }
}

fn inject(crew: &Arc<Crew<Item>>, item: Item) -> JoinHandle<()> {
    let crew = Arc::clone(crew);
    loom::thread::spawn(move || crew.inject(item))
}

fn check_one(homed: bool) {
    model(3, move || {
        let fates = Arc::new(Fates::default());
        let (crew, _seats) = assemble(1, Arc::new(ThreadDriver::default()), None);
        let outside = inject(&crew, fates.item(homed));
        crew.close();
        outside.join().unwrap();
        assert_eq!(fates.count(), (0, 1));
    });
}

#[test]
fn what_is_queued_as_the_crew_closes_is_cancelled() {
    check_one(false);
}

#[test]
fn mail_that_comes_as_the_crew_closes_is_cancelled() {
    check_one(true);
}

#[test]
fn of_two_who_queue_as_the_crew_closes_neither_leaves_anything() {
    model(2, || {
        let fates = Arc::new(Fates::default());
        let (crew, _seats) = assemble(1, Arc::new(ThreadDriver::default()), None);
        let outside = [
            inject(&crew, fates.item(false)),
            inject(&crew, fates.item(false)),
        ];
        crew.close();
        for thread in outside {
            thread.join().unwrap();
        }
        assert_eq!(fates.count(), (0, 2));
    });
}

/// As when an executor is dropped where it cannot wait for its threads.
#[test]
fn what_is_queued_as_the_crew_closes_while_its_last_worker_leaves_is_run_or_cancelled() {
    model(2, || {
        let fates = Arc::new(Fates::default());
        let (crew, mut seats) = assemble(1, Arc::new(ThreadDriver::default()), None);
        let (local, parker) = seats.pop().expect("there is one");
        let worker = loom::thread::spawn(move || {
            let mut worker = Worker::new(Rc::new(local), Fast::new(HOME));
            worker.serve(&parker);
            worker.retire();
        });
        let outside = inject(&crew, fates.item(false));
        crew.stop();
        crew.close();
        outside.join().unwrap();
        worker.join().unwrap();
        let (run, cancelled) = fates.count();
        assert_eq!(run + cancelled, 1);
    });
}
