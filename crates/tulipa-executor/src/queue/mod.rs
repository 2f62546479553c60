//! Where a runnable task waits: the next slot, the worker's queue, the injector, or at home.
//!
//! * The *next slot* holds the task that a worker runs next: the one woken last, because what it waits for is still in
//!   the cache. Nobody is woken for a task in an empty slot, since its worker comes to it in a moment; a thief takes it
//!   only from a worker that has been in one poll for as long as the thief has searched.
//! * The *queue* is crossbeam's deque, first in first out. A task that gives way goes to its end, as does a task that another
//!   displaces from the slot. A thief takes up to half of it.
//! * What is [*fresh*](fresh), woken by an event while the worker was at work and had a queue, goes before that, three times in four.
//! * The *injector* takes what comes from threads that are not workers.
//! * *Home* is the worker that alone may run a task (`Runnable::home`): that of the thread inside `block_on`. What others
//!   wake goes to its mail.
//!
//! On one worker in strict order (the current-thread flavour) there is only the queue: everything goes to its end.

mod fresh;
mod local;
mod next;

pub(crate) use local::Local;

use crate::debug::Debug;
use crate::sync::deque::{self, Injector, Steal, Stealer};
use crate::sync::{Ordering, Tick};
use crossbeam_utils::CachePadded;
use next::Next;
use std::fmt;
use std::sync::Arc;
use tulipa_task::Runnable;

/// What the queues hold: a task that can run. The models have a simpler one.
pub(crate) trait Run: Sized + Send {
    /// Runs it once. Given back if it is to run again.
    fn run(self) -> Option<Self>;

    /// The same in debug mode.
    fn run_in_debug(self, debug: &Debug) -> Option<Self>;

    /// Whether only the worker at home may run it.
    fn is_homed(&self) -> bool;
}

impl Run for Runnable {
    #[inline]
    fn run(self) -> Option<Self> {
        self.run()
    }

    fn run_in_debug(self, debug: &Debug) -> Option<Self> {
        debug.run(self)
    }

    #[inline]
    fn is_homed(&self) -> bool {
        self.home().is_some()
    }
}

/// In which order a worker runs what is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The next slot first, then the queue; tasks move between workers.
    Stealing,
    /// One queue, in the order in which tasks became ready: asyncio's.
    Fifo,
}

/// The worker whose thread is inside `block_on`.
pub(crate) const HOME: usize = 0;

/// The queues, as all see them.
pub(crate) struct Queues<T> {
    pub(crate) injector: CachePadded<Injector<T>>,
    /// What comes for the worker at home.
    mail: CachePadded<Injector<T>>,
    /// Each worker has its own at hand too.
    ends: Box<[Arc<CachePadded<End<T>>>]>,
}

/// A worker's queue, as others see it.
struct End<T> {
    next: Next<T>,
    stealer: Stealer<T>,
    fresh: Stealer<T>,
    tally: Tally,
}

/// A worker's queues, before it has begun.
pub(crate) struct Own<T> {
    queue: deque::Worker<T>,
    fresh: deque::Worker<T>,
}

/// What a worker has done. Written by that worker only.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) polls: Count,
    pub(crate) steals: Count,
    pub(crate) stolen: Count,
    pub(crate) sleeps: Count,
    pub(crate) wakes: Count,
}

/// A number with one writer.
#[derive(Debug)]
pub(crate) struct Count(Tick);

impl Count {
    fn new() -> Self {
        Self(Tick::new(0))
    }

    #[inline]
    pub(crate) fn add_one(&self) {
        self.add(1);
    }

    #[inline]
    pub(crate) fn add(&self, more: u64) {
        // Relaxed: one writer, so no update is lost; readers want a number, not an order.
        self.0.store(self.get() + more, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        // Relaxed: see `add`.
        self.0.load(Ordering::Relaxed)
    }
}

impl<T: Run> Queues<T> {
    /// The queues of that many workers, and each worker's own end.
    pub(crate) fn new(workers: usize) -> (Self, Vec<Own<T>>) {
        let own = |_| Own {
            queue: deque::Worker::new_fifo(),
            fresh: deque::Worker::new_fifo(),
        };
        let own: Vec<_> = (0..workers).map(own).collect();
        let end = |own| Arc::new(CachePadded::new(End::new(own)));
        let ends = own.iter().map(end).collect();
        let (injector, mail) = (
            CachePadded::new(Injector::new()),
            CachePadded::new(Injector::new()),
        );
        (
            Self {
                injector,
                mail,
                ends,
            },
            own,
        )
    }

    pub(crate) fn workers(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn tally(&self, worker: usize) -> &Tally {
        &self.ends[worker].tally
    }

    /// Drops what came from other threads, and nobody has come for.
    pub(crate) fn drop_arrived(&self) {
        for arrived in [&self.injector, &self.mail] {
            while !arrived.is_empty() {
                drop(success(arrived.steal()));
            }
        }
    }

    pub(crate) fn send_home(&self, item: T) {
        self.mail.push(item);
    }

    pub(crate) fn has_mail(&self) -> bool {
        !self.mail.is_empty()
    }

    /// Whether there is anything that any worker may run. Slots do not count, nor what is fresh: their workers come to them.
    pub(crate) fn any(&self) -> bool {
        !self.injector.is_empty() || self.ends.iter().any(|end| !end.stealer.is_empty())
    }

    /// The same, but for the queue of `worker`.
    pub(crate) fn any_but_of(&self, worker: usize) -> bool {
        let others = || {
            self.ends
                .iter()
                .enumerate()
                .filter(|(end, _)| *end != worker)
        };
        !self.injector.is_empty() || others().any(|(_, end)| !end.stealer.is_empty())
    }

    /// Takes some of a worker's queue: one to run, the rest into `local`.
    pub(crate) fn steal(&self, victim: usize, local: &Local<T>) -> Option<T> {
        success(self.ends[victim].stealer.steal_batch_and_pop(local.deque()))
    }

    /// The same of what is fresh to that worker.
    pub(crate) fn steal_fresh(&self, victim: usize, local: &Local<T>) -> Option<T> {
        success(self.ends[victim].fresh.steal_batch_and_pop(local.deque()))
    }

    /// Takes one of what is fresh to a worker that is stuck.
    pub(crate) fn take_fresh(&self, victim: usize) -> Option<T> {
        let fresh = &self.ends[victim].fresh;
        while !fresh.is_empty() {
            if let Some(item) = success(fresh.steal()) {
                return Some(item);
            }
        }
        None
    }

    /// Whether a thief would find something in a worker's queue.
    pub(crate) fn has_queued(&self, worker: usize) -> bool {
        !self.ends[worker].stealer.is_empty()
    }

    /// How many tasks wait there, or are fresh.
    pub(crate) fn queued(&self, worker: usize) -> usize {
        let end = &self.ends[worker];
        end.stealer.len() + end.fresh.len()
    }

    pub(crate) fn steal_next_slot(&self, victim: usize) -> Option<T> {
        self.ends[victim].next.steal()
    }
}

impl<T> End<T> {
    fn new(own: &Own<T>) -> Self {
        let tally = Tally {
            polls: Count::new(),
            steals: Count::new(),
            stolen: Count::new(),
            sleeps: Count::new(),
            wakes: Count::new(),
        };
        Self {
            next: Next::new(),
            stealer: own.queue.stealer(),
            fresh: own.fresh.stealer(),
            tally,
        }
    }
}

impl<T> fmt::Debug for Queues<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queues")
            .field("workers", &self.ends.len())
            .finish_non_exhaustive()
    }
}

/// One look at a queue. To be asked to retry is to find nothing: whoever interfered has taken something, and the look
/// before a worker sleeps is one that cannot be interfered with.
fn success<T>(steal: Steal<T>) -> Option<T> {
    match steal {
        Steal::Success(item) => Some(item),
        Steal::Empty | Steal::Retry => None,
    }
}
