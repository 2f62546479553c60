//! A worker's own queues: what it runs next, and whom it tells of the rest.

use super::fresh::Fresh;
use super::next::Filled;
use super::{End, HOME, Order, Own, Run, Tally, success};
use crate::batch::Batches;
use crate::choice::Choice;
use crate::crew::Crew;
use crate::sync::deque::{self, Steal};
use crossbeam_utils::CachePadded;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use tulipa_task::Why;

/// A task in the slot goes before the queue this many times in a row; so two tasks that wake each other do not
/// keep the queue waiting.
const SLOT_STREAK: u32 = 32;

/// So many tasks that any worker may run go before one that is at home, if there are so many. A main that joins a thousand
/// tasks would else be woken by each, and look at a thousand; so it finds several that have ended.
const OTHERS_PER_HOMED: u32 = 8;

/// A worker's queues, as it sees them itself. Reached by the worker's steps, and by wakers that run on its thread.
pub(crate) struct Local<T> {
    crew: Arc<Crew<T>>,
    worker: usize,
    end: Arc<CachePadded<End<T>>>,
    deque: deque::Worker<T>,
    fresh: Fresh<T>,
    next_filled: Filled,
    streak: Cell<u32>,
    /// What only this worker may run, at home.
    homed: RefCell<VecDeque<T>>,
    /// How many others have run since one of them did.
    since_homed: Cell<u32>,
    in_driver: Cell<bool>,
    /// Whether it has gone there between two tasks.
    is_at_work: Cell<bool>,
    batches: Batches,
    /// Whether it has woken what runs at home since it last left the helm to that.
    has_called_home: Cell<bool>,
}

impl<T: Run> Local<T> {
    pub(crate) fn new(crew: Arc<Crew<T>>, worker: usize, own: Own<T>) -> Self {
        Self {
            end: Arc::clone(&crew.queues().ends[worker]),
            crew,
            worker,
            deque: own.queue,
            fresh: Fresh::new(own.fresh),
            next_filled: Filled::default(),
            streak: Cell::new(0),
            homed: RefCell::new(VecDeque::new()),
            since_homed: Cell::new(0),
            in_driver: Cell::new(false),
            is_at_work: Cell::new(false),
            batches: Batches::new(),
            has_called_home: Cell::new(false),
        }
    }

    pub(crate) fn crew(&self) -> &Arc<Crew<T>> {
        &self.crew
    }

    pub(crate) fn worker(&self) -> usize {
        self.worker
    }

    /// Where what it steals goes.
    pub(super) fn deque(&self) -> &deque::Worker<T> {
        &self.deque
    }

    /// How many tasks are in the queue after a theft. In models a thief takes one, and need not look.
    pub(crate) fn loot(&self) -> usize {
        if cfg!(loom) { 0 } else { self.deque.len() }
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.end.tally
    }

    /// Takes what became runnable on this worker's thread.
    #[inline]
    pub(crate) fn accept(&self, item: T, why: Why) {
        if self.crew.order() == Order::Fifo {
            self.deque.push(item);
        } else if item.is_homed() {
            self.accept_homed(item);
        } else if self.in_driver.get() {
            self.accept_event(item);
        } else {
            match why {
                Why::Woken => self.put_next(item),
                Why::Spawned if self.is_idle() => self.put_next(item),
                Why::Spawned | Why::Yielded => self.push(item),
            }
        }
    }

    /// Takes what has given way.
    #[inline(never)]
    pub(crate) fn accept_again(&self, item: T) {
        self.accept(item, Why::Yielded);
    }

    #[inline(never)]
    fn accept_homed(&self, item: T) {
        if self.worker != HOME {
            self.has_called_home.set(true);
            self.crew.deliver(item);
        } else if self.in_driver.get() {
            self.crew.queues().send_home(item); // where whoever asks whether all is quiet can see it
        } else {
            self.homed.borrow_mut().push_back(item);
        }
    }

    /// In the order of the events; the worker looks for thieves when it is out again.
    #[inline(never)]
    fn accept_event(&self, item: T) {
        if self.is_at_work.get() && !self.deque.is_empty() {
            self.fresh.push(item);
        } else {
            self.deque.push(item);
        }
    }

    /// Nothing is ahead of what comes now: the first of several new tasks runs first.
    #[inline]
    fn is_idle(&self) -> bool {
        !self.next_filled.get() && self.fresh.left() == 0 && self.deque.is_empty()
    }

    fn put_next(&self, item: T) {
        if let Some(older) = self.end.next.put(&self.next_filled, item) {
            self.push(older);
        }
    }

    /// To the end of the queue. If that is more than this worker gets to at once, a thief is welcome.
    ///
    /// No fence: should this thread not yet see that the last thief is falling asleep, then it sees it at its next task
    /// (`offer`). Until then it has the work itself, so nothing is lost but time.
    #[inline]
    fn push(&self, item: T) {
        self.deque.push(item);
        if self.crew.sleep().wants_searcher() && (self.next_filled.get() || self.queued() > 1) {
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
    #[inline]
    fn pop_at_home(&self, choice: &mut impl Choice) -> Option<T> {
        let others = self.since_homed.get();
        if others < OTHERS_PER_HOMED
            && let Some(item) = self.pop_for_any(choice)
        {
            self.since_homed.set(others + 1);
            return Some(item);
        }
        self.take_turn_at_home(choice)
    }

    #[inline(never)]
    fn take_turn_at_home(&self, choice: &mut impl Choice) -> Option<T> {
        self.since_homed.set(0);
        self.pop_homed().or_else(|| self.pop_for_any(choice))
    }

    #[inline]
    fn pop_for_any(&self, choice: &mut impl Choice) -> Option<T> {
        self.pop_shared(choice).or_else(|| {
            // To be told so by the injector takes a fence. Who sleeps looks again after one of his own.
            let is_empty = self.crew.queues().injector.is_empty();
            if is_empty {
                None
            } else {
                self.pop_injector(true)
            }
        })
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
        if self.next_filled.get() {
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
        let fresh = self.fresh.pop_in_turn(|| !self.deque.is_empty());
        let item = fresh.or_else(|| self.pop_queue(choice));
        self.offer();
        item
    }

    /// What waits for this worker or for a thief, at most.
    #[inline]
    fn queued(&self) -> usize {
        self.fresh.left() + self.deque.len()
    }

    /// Puts what is left of what was fresh at the end of the queue: something else is fresh now.
    pub(crate) fn age(&self) {
        while let Some(item) = self.fresh.pop() {
            self.deque.push(item);
        }
    }

    /// Empties the slot: a thief may have done so before.
    fn take_next(&self) -> Option<T> {
        self.end.next.take(&self.next_filled)
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
        let is_wanted = self.crew.sleep().wants_searcher() && self.has_queued();
        if is_wanted && !self.batches.goes_on() {
            self.crew.sleep().wake_one();
        }
    }

    #[inline(never)]
    fn merge_injector(&self) {
        let injector = &self.crew.queues().injector;
        while !injector.is_empty() {
            if let Some(item) = success(injector.steal()) {
                self.deque.push(item);
            }
        }
    }

    /// One from the injector; with `batch`, more of them into the queue.
    #[inline(never)]
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

    fn has_queued(&self) -> bool {
        self.fresh.left() > 0 || !self.deque.is_empty()
    }

    /// Whether there is something that this worker would run by itself.
    pub(crate) fn has_own(&self) -> bool {
        self.next_filled.get()
            || self.has_queued()
            || self.worker == HOME
                && (!self.homed.borrow().is_empty() || self.crew.queues().has_mail())
    }

    /// Leaves what is in the slot, and fresh, to thieves, who look for it in the queue when its worker is gone.
    pub(crate) fn leave(&self) {
        self.age();
        if let Some(item) = self.take_next() {
            self.deque.push(item);
        }
    }

    /// Drops what is queued where no other worker comes for it, and so cancels it.
    pub(crate) fn cancel_all(&self) {
        let own = || {
            self.deque
                .pop()
                .or_else(|| self.fresh.pop())
                .or_else(|| self.take_next())
                .or_else(|| self.pop_homed())
        };
        while let Some(item) = own().or_else(|| self.pop_injector(false)) {
            drop(item);
        }
    }

    /// The driver has woken tasks, which are in the queue now. With nobody to see a long poll, none of them waits for another.
    pub(crate) fn begin_batch(&self) {
        let tasks = self.queued();
        if tasks > 1 && self.crew.watchdog().is_some() {
            self.batches.begin(tasks);
        }
    }

    pub(crate) fn batches(&self) -> &Batches {
        &self.batches
    }

    /// Whether there is anything that others are to be called for. Not for a brief batch: this worker has that itself.
    pub(crate) fn is_more(&self) -> bool {
        let queues = self.crew.queues();
        if self.batches.is_brief() {
            queues.any_but_of(self.worker)
        } else {
            queues.any()
        }
    }

    /// Whether to leave the helm to the worker at home: this one has woken it, so what comes next may again be for that, and
    /// it is awake still, so it will come there.
    pub(crate) fn leaves_helm_to_home(&self) -> bool {
        self.has_called_home.replace(false) && self.crew.comes_to_the_helm(HOME)
    }

    /// The same between two tasks.
    pub(crate) fn in_driver_at_work<R>(&self, code: impl FnOnce() -> R) -> R {
        self.age();
        self.is_at_work.set(true);
        let result = self.in_driver(code);
        self.is_at_work.set(false);
        result
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
