//! Where a runnable task waits: the next slot, the worker's queue, the injector, or at home.
//!
//! * The *next slot* holds the task that a worker runs next: the one woken last, because what it waits for is still in
//!   the cache. Nobody is woken for a task in an empty slot, since its worker comes to it in a moment; a thief takes it
//!   only from a worker that has been in one poll for as long as the thief has searched.
//! * The *queue* is crossbeam's deque, first in first out. A task that gives way goes to its end, as does a task that another
//!   displaces from the slot. A thief takes up to half of it.
//! * The *injector* takes what comes from threads that are not workers.
//! * *Home* is the worker that alone may run a task (`Runnable::home`): that of the thread inside `block_on`. What others
//!   wake goes to its mail.
//!
//! On one worker in strict order (the current-thread flavour) there is only the queue: everything goes to its end.

use crate::choice::Choice;
use crate::crew::Crew;
use crate::debug::Debug;
use crate::sync::deque::{self, Injector, Steal, Stealer};
use crate::sync::{AtomicCell, Ordering, Tick};
use crossbeam_utils::CachePadded;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use tulipa_task::{Runnable, Why};

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

/// A task in the slot goes before the queue this many times in a row; so two tasks that wake each other do not
/// keep the queue waiting.
const SLOT_STREAK: u32 = 32;

/// So many tasks that any worker may run go before one that is at home, if there are so many. A main that joins a thousand
/// tasks would else be woken by each, and look at a thousand; so it finds several that have ended.
const OTHERS_PER_HOMED: u32 = 8;

/// The queues, as all see them.
pub(crate) struct Queues<T> {
    pub(crate) injector: CachePadded<Injector<T>>,
    /// What comes for the worker at home.
    mail: CachePadded<Injector<T>>,
    ends: Box<[CachePadded<End<T>>]>,
}

/// A worker's queue, as others see it.
struct End<T> {
    next: AtomicCell<Option<T>>,
    stealer: Stealer<T>,
    tally: Tally,
}

/// What a worker has done. Written by that worker only.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) polls: Count,
    pub(crate) steals: Count,
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
        // Relaxed: one writer, so no update is lost; readers want a number, not an order.
        self.0.store(self.get() + 1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        // Relaxed: see `add_one`.
        self.0.load(Ordering::Relaxed)
    }
}

impl<T: Run> Queues<T> {
    /// The queues of that many workers, and each worker's own end.
    pub(crate) fn new(workers: usize) -> (Self, Vec<deque::Worker<T>>) {
        let own: Vec<_> = (0..workers).map(|_| deque::Worker::new_fifo()).collect();
        let ends = own
            .iter()
            .map(|worker| CachePadded::new(End::new(worker.stealer())))
            .collect();
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

    /// Drops what was injected and nobody has come for.
    pub(crate) fn drop_injected(&self) {
        while !self.injector.is_empty() {
            drop(success(self.injector.steal()));
        }
    }

    pub(crate) fn send_home(&self, item: T) {
        self.mail.push(item);
    }

    pub(crate) fn has_mail(&self) -> bool {
        !self.mail.is_empty()
    }

    /// Whether there is anything that any worker may run. Slots do not count: their workers come to them.
    pub(crate) fn any(&self) -> bool {
        !self.injector.is_empty() || self.ends.iter().any(|end| !end.stealer.is_empty())
    }

    /// Takes some of a worker's queue: one to run, the rest into `local`.
    pub(crate) fn steal(&self, victim: usize, local: &Local<T>) -> Option<T> {
        success(self.ends[victim].stealer.steal_batch_and_pop(&local.deque))
    }

    /// Whether a thief would find something in a worker's queue.
    pub(crate) fn has_queued(&self, worker: usize) -> bool {
        !self.ends[worker].stealer.is_empty()
    }

    pub(crate) fn steal_next_slot(&self, victim: usize) -> Option<T> {
        self.ends[victim].next.take()
    }
}

impl<T> End<T> {
    fn new(stealer: Stealer<T>) -> Self {
        let tally = Tally {
            polls: Count::new(),
            steals: Count::new(),
            sleeps: Count::new(),
            wakes: Count::new(),
        };
        Self {
            next: AtomicCell::new(None),
            stealer,
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

/// A worker's queues, as it sees them itself. Reached by the worker's steps, and by wakers that run on its thread.
pub(crate) struct Local<T> {
    crew: Arc<Crew<T>>,
    worker: usize,
    deque: deque::Worker<T>,
    /// Whether the slot was filled and not emptied by this worker: spares it a look at an empty one.
    next_is_set: Cell<bool>,
    streak: Cell<u32>,
    /// What only this worker may run, at home.
    homed: RefCell<VecDeque<T>>,
    /// How many others have run since one of them did.
    since_homed: Cell<u32>,
    in_driver: Cell<bool>,
}

impl<T: Run> Local<T> {
    pub(crate) fn new(crew: Arc<Crew<T>>, worker: usize, deque: deque::Worker<T>) -> Self {
        Self {
            crew,
            worker,
            deque,
            next_is_set: Cell::new(false),
            streak: Cell::new(0),
            homed: RefCell::new(VecDeque::new()),
            since_homed: Cell::new(0),
            in_driver: Cell::new(false),
        }
    }

    pub(crate) fn crew(&self) -> &Arc<Crew<T>> {
        &self.crew
    }

    pub(crate) fn worker(&self) -> usize {
        self.worker
    }

    fn end(&self) -> &End<T> {
        &self.crew.queues().ends[self.worker]
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.end().tally
    }

    /// Takes what became runnable on this worker's thread.
    pub(crate) fn accept(&self, item: T, why: Why) {
        if self.crew.order() == Order::Fifo {
            self.deque.push(item);
        } else if item.is_homed() {
            self.accept_homed(item);
        } else if self.in_driver.get() {
            // In the order of the events; the worker looks for thieves when it is out again.
            self.deque.push(item);
        } else {
            match why {
                Why::Woken => self.put_next(item),
                Why::Spawned if self.is_idle() => self.put_next(item),
                Why::Spawned | Why::Yielded => self.push(item),
            }
        }
    }

    fn accept_homed(&self, item: T) {
        if self.worker != HOME {
            self.crew.deliver(item);
        } else if self.in_driver.get() {
            self.crew.queues().send_home(item); // where whoever asks whether all is quiet can see it
        } else {
            self.homed.borrow_mut().push_back(item);
        }
    }

    /// Nothing is ahead of what comes now: the first of several new tasks runs first.
    fn is_idle(&self) -> bool {
        !self.next_is_set.get() && self.deque.is_empty()
    }

    fn put_next(&self, item: T) {
        if let Some(older) = self.end().next.swap(Some(item)) {
            self.push(older);
        }
        self.next_is_set.set(true);
    }

    /// To the end of the queue. If that is more than this worker gets to at once, a thief is welcome.
    ///
    /// No fence: should this thread not yet see that the last thief is falling asleep, then it sees it at its next task
    /// (`offer`). Until then it has the work itself, so nothing is lost but time.
    fn push(&self, item: T) {
        self.deque.push(item);
        if self.crew.sleep().wants_searcher() && (self.next_is_set.get() || self.deque.len() > 1) {
            self.crew.sleep().wake_one();
        }
    }

    /// The next task to run, without taking one from another worker.
    #[inline]
    pub(crate) fn pop(&self, choice: &mut impl Choice) -> Option<T> {
        if self.crew.order() == Order::Fifo {
            self.merge_injector();
            return self.pop_queue(choice);
        }
        if self.worker == HOME {
            return self.pop_at_home(choice);
        }
        self.pop_for_any(choice)
    }

    /// Among the tasks that any worker may run, one that only this one may gets a turn.
    fn pop_at_home(&self, choice: &mut impl Choice) -> Option<T> {
        let others = self.since_homed.get();
        if others < OTHERS_PER_HOMED
            && let Some(item) = self.pop_for_any(choice)
        {
            self.since_homed.set(others + 1);
            return Some(item);
        }
        self.since_homed.set(0);
        self.pop_homed().or_else(|| self.pop_for_any(choice))
    }

    #[inline]
    fn pop_for_any(&self, choice: &mut impl Choice) -> Option<T> {
        self.pop_shared(choice).or_else(|| self.pop_injector(true))
    }

    fn pop_homed(&self) -> Option<T> {
        let mut homed = self.homed.borrow_mut();
        let mail = &self.crew.queues().mail;
        while !mail.is_empty() {
            homed.extend(success(mail.steal()));
        }
        homed.pop_front()
    }

    #[inline]
    fn pop_shared(&self, choice: &mut impl Choice) -> Option<T> {
        if self.next_is_set.get() {
            let streak = self.streak.replace(self.streak.get().saturating_add(1));
            let first = streak < SLOT_STREAK && choice.next_slot_first();
            let item = self.take_next();
            if first || self.deque.is_empty() {
                if item.is_some() {
                    return item;
                }
            } else if let Some(item) = item {
                self.deque.push(item);
            }
        }
        self.streak.set(0);
        let item = self.pop_queue(choice);
        self.offer();
        item
    }

    /// Empties the slot: a thief may have done so before.
    fn take_next(&self) -> Option<T> {
        self.next_is_set.set(false);
        self.end().next.take()
    }

    #[inline]
    fn pop_queue<C: Choice>(&self, choice: &mut C) -> Option<T> {
        if C::REORDERS {
            for _ in 0..choice.pass_over(self.deque.len()) {
                self.deque.push(self.deque.pop()?);
            }
        }
        self.deque.pop()
    }

    /// Wakes a thief for what is left in the queue while this worker runs a task, if there is one asleep.
    #[inline]
    pub(crate) fn offer(&self) {
        if self.crew.sleep().wants_searcher() && !self.deque.is_empty() {
            self.crew.sleep().wake_one();
        }
    }

    fn merge_injector(&self) {
        let injector = &self.crew.queues().injector;
        while !injector.is_empty() {
            if let Some(item) = success(injector.steal()) {
                self.deque.push(item);
            }
        }
    }

    /// One from the injector; with `batch`, more of them into the queue.
    pub(crate) fn pop_injector(&self, batch: bool) -> Option<T> {
        let injector = &self.crew.queues().injector;
        loop {
            let steal = if batch {
                injector.steal_batch_and_pop(&self.deque)
            } else {
                injector.steal()
            };
            match steal {
                Steal::Success(item) => return Some(item),
                Steal::Empty => return None,
                Steal::Retry => {}
            }
        }
    }

    /// Whether there is something that this worker would run by itself.
    pub(crate) fn has_own(&self) -> bool {
        self.next_is_set.get()
            || !self.deque.is_empty()
            || self.worker == HOME
                && (!self.homed.borrow().is_empty() || self.crew.queues().has_mail())
    }

    /// Leaves what is in the slot to thieves, who look for it in the queue when its worker is gone.
    pub(crate) fn empty_next_slot(&self) {
        if let Some(item) = self.take_next() {
            self.deque.push(item);
        }
    }

    /// Drops what is queued where no other worker comes for it, and so cancels it.
    pub(crate) fn cancel_all(&self) {
        let own = || {
            self.deque
                .pop()
                .or_else(|| self.take_next())
                .or_else(|| self.pop_homed())
        };
        while let Some(item) = own().or_else(|| self.pop_injector(false)) {
            drop(item);
        }
    }

    /// Runs `code` of the driver, whose wakes are queued in their order.
    pub(crate) fn in_driver<R>(&self, code: impl FnOnce() -> R) -> R {
        struct Leave<'a>(&'a Cell<bool>);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.set(false);
            }
        }
        self.in_driver.set(true);
        let _leave = Leave(&self.in_driver); // also when a waker panics
        code()
    }
}

impl<T> fmt::Debug for Local<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local")
            .field("worker", &self.worker)
            .finish_non_exhaustive()
    }
}
