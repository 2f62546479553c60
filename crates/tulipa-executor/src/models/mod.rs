//! loom models, one file a race. What they step are the workers of production, over locked stand-ins for the queues.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p tulipa-executor --lib models`.

mod hand_over;
mod home;
mod settle;
mod shutdown;
mod sleep;

use crate::choice::Fast;
use crate::crew::Crew;
use crate::driver::{Driver, Helm};
use crate::queue::{Local, Order, Queues, Run};
use crate::sleep::Sleep;
use crate::step::Worker;
use crate::sync::Parker;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::JoinHandle;
use std::rc::Rc;
use std::sync::Arc;

/// Explores the schedules of `body`. More preemptions than this bound find nothing new in protocols of two or three
/// threads, but take hours.
fn model(preemptions: usize, body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(body);
}

/// A task that is run once. The last one of a model stops the crew.
struct Item {
    ran: Arc<Ran>,
    homed: bool,
}

/// How many of a model's tasks have run.
struct Ran {
    count: AtomicUsize,
    of: usize,
    crew: std::sync::OnceLock<std::sync::Weak<Crew<Item>>>,
}

impl Run for Item {
    fn run(self) -> Option<Self> {
        if self.ran.count.fetch_add(1, Ordering::AcqRel) + 1 == self.ran.of
            && let Some(crew) = self.ran.crew.get().and_then(std::sync::Weak::upgrade)
        {
            crew.stop();
        }
        None
    }

    fn is_homed(&self) -> bool {
        self.homed
    }
}

impl Ran {
    fn new(of: usize) -> Arc<Self> {
        Arc::new(Self {
            count: AtomicUsize::new(0),
            of,
            crew: std::sync::OnceLock::new(),
        })
    }

    fn item(self: &Arc<Self>) -> Item {
        Item {
            ran: Arc::clone(self),
            homed: false,
        }
    }

    fn homed(self: &Arc<Self>) -> Item {
        Item {
            ran: Arc::clone(self),
            homed: true,
        }
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
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

    /// The worker's whole life, on a thread of its own.
    fn serve(self) -> JoinHandle<()> {
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
    let (queues, own) = Queues::new(workers);
    let parkers: Vec<_> = (0..workers).map(|_| Parker::new()).collect();
    let unparkers = parkers
        .iter()
        .map(|parker| parker.unparker().clone())
        .collect();
    let sleep = Sleep::new(unparkers, Helm::new(driver));
    let crew = Arc::new(Crew::new(queues, sleep, Order::Stealing, false));
    let hire = |((index, own), parker)| Hired {
        local: Local::new(Arc::clone(&crew), index, own),
        parker,
    };
    let hired = own.into_iter().enumerate().zip(parkers).map(hire).collect();
    ran.crew
        .set(Arc::downgrade(&crew))
        .expect("one crew a model");
    (crew, hired)
}
