//! loom models, one file a race. What they step are the workers of production, over locked stand-ins for the queues.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p tulipa-executor --lib models`.

mod batch;
mod close;
mod fresh;
mod hand_over;
mod home;
mod muster;
mod next;
mod settle;
mod shutdown;
mod sleep;
mod watchdog;

use crate::choice::Fast;
use crate::crew::Crew;
use crate::debug::Debug;
use crate::driver::{Driver, Helm};
use crate::queue::{Local, Order, Queues, Run};
use crate::sleep::{Sleep, Sleeping};
use crate::step::Worker;
use crate::sync::{Condvar, Mutex, Parker};
use crate::watchdog::Watchdog;
use loom::thread::JoinHandle;
use std::rc::Rc;
use std::sync::{Arc, OnceLock, Weak};

/// Explores the schedules of `body` with up to that many preemptions, or fewer if the environment says so. More find
/// nothing new in protocols of two or three threads (each model was seen to fail with what it guards taken out), but
/// take hours.
fn model(preemptions: usize, body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    let bound = builder
        .preemption_bound
        .map_or(preemptions, |bound| bound.min(preemptions));
    builder.preemption_bound = Some(bound);
    builder.check(body);
}

/// A task that is run once. The last one of a model stops the crew.
struct Item {
    ran: Arc<Ran>,
    homed: bool,
    /// Whether it blocks its worker until another item has run.
    blocks: bool,
}

/// How many of a model's tasks have run.
struct Ran {
    count: Mutex<usize>,
    more: Condvar,
    of: usize,
    crew: OnceLock<Weak<Crew<Item>>>,
}

impl Run for Item {
    fn run(self) -> Option<Self> {
        if self.blocks {
            self.ran.wait_for(1);
        }
        self.ran.count_one();
        None
    }

    fn run_in_debug(self, _: &Debug) -> Option<Self> {
        self.run()
    }

    fn is_homed(&self) -> bool {
        self.homed
    }
}

impl Ran {
    fn new(of: usize) -> Arc<Self> {
        let (count, more) = (Mutex::new(0), Condvar::new());
        Arc::new(Self {
            count,
            more,
            of,
            crew: OnceLock::new(),
        })
    }

    fn item(self: &Arc<Self>) -> Item {
        Item {
            ran: Arc::clone(self),
            homed: false,
            blocks: false,
        }
    }

    fn homed(self: &Arc<Self>) -> Item {
        Item {
            homed: true,
            ..self.item()
        }
    }

    fn homed_and_blocking(self: &Arc<Self>) -> Item {
        Item {
            blocks: true,
            ..self.homed()
        }
    }

    fn count(&self) -> usize {
        *self.count.lock()
    }

    fn count_one(&self) {
        let mut count = self.count.lock();
        *count += 1;
        let is_last = *count == self.of;
        drop(count);
        self.more.notify_one();
        if is_last && let Some(crew) = self.crew.get().and_then(Weak::upgrade) {
            crew.stop();
        }
    }

    fn wait_for(&self, others: usize) {
        let mut count = self.count.lock();
        while *count < others {
            self.more.wait(&mut count);
        }
    }
}

/// A worker that has not begun.
struct Hired {
    local: Local<Item>,
    parker: Parker,
}

impl Hired {
    fn begin(self) -> (Worker<Item, Fast>, Parker) {
        let index = self.local.worker();
        (
            Worker::new(Rc::new(self.local), Fast::new(index)),
            self.parker,
        )
    }

    /// The worker's life on a thread of its own, until the crew stops.
    fn serve(self) -> JoinHandle<()> {
        loom::thread::spawn(move || {
            let (mut worker, parker) = self.begin();
            worker.serve(&parker);
        })
    }

    /// The same for one that was enrolled, and has been woken.
    fn serve_enrolled(self, sleeping: Sleeping) -> JoinHandle<()> {
        loom::thread::spawn(move || {
            let index = self.local.worker();
            let mut worker = Worker::enrolled(Rc::new(self.local), Fast::new(index), sleeping);
            worker.serve(&self.parker);
        })
    }

    /// The same, and its departure.
    fn serve_and_leave(self) -> JoinHandle<()> {
        loom::thread::spawn(move || {
            let (mut worker, parker) = self.begin();
            worker.serve(&parker);
            let crew = Arc::clone(worker.local().crew());
            worker.retire();
            crew.hand_over();
        })
    }
}

/// A crew of `workers` on `driver`, which the last item of `ran` stops.
fn crew(workers: usize, driver: Arc<dyn Driver>, ran: &Ran) -> (Arc<Crew<Item>>, Vec<Hired>) {
    crew_with(workers, driver, ran, None)
}

/// The same, with a watchdog.
fn crew_with(
    workers: usize,
    driver: Arc<dyn Driver>,
    ran: &Ran,
    watchdog: Option<Arc<Watchdog>>,
) -> (Arc<Crew<Item>>, Vec<Hired>) {
    let (crew, workers) = assemble(workers, driver, watchdog);
    let hire = |(local, parker)| Hired { local, parker };
    let hired = workers.into_iter().map(hire).collect();
    ran.crew
        .set(Arc::downgrade(&crew))
        .expect("one crew a model");
    (crew, hired)
}

/// A crew for items of any kind, and what each of its workers has.
fn assemble<T: Run>(
    workers: usize,
    driver: Arc<dyn Driver>,
    watchdog: Option<Arc<Watchdog>>,
) -> (Arc<Crew<T>>, Vec<(Local<T>, Parker)>) {
    let (queues, own) = Queues::new(workers);
    let parkers: Vec<_> = (0..workers).map(|_| Parker::new()).collect();
    let unparkers = parkers
        .iter()
        .map(|parker| parker.unparker().clone())
        .collect();
    let sleep = Sleep::new(unparkers, Helm::new(driver));
    let crew = Arc::new(Crew::new(queues, sleep, Order::Stealing, false, watchdog));
    let local = |(index, own)| Local::new(Arc::clone(&crew), index, own);
    let locals = own.into_iter().enumerate().map(local);
    let workers = locals.zip(parkers).collect();
    (crew, workers)
}
