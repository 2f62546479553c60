//! The allocation of a task, and who may touch what in it.
//!
//! A cell holds the [`Header`] (the same for every task) and the stage (the future, then its outcome), in one piece of memory (see [`memory`](crate::memory)). A
//! `Deferred` is such a cell without a future; a job (a done callback that is to run) is one without a handle.
//!
//! # Access rules
//!
//! 1. *References.* A pointer to a header is valid while its owner has one of the references that the state counts:
//!    a handle, a [`TaskRef`], a waker, or the runtime's own, which lasts from the spawn until the task
//!    is done and stands for the [`Runnable`], the poll, and the registry's slot.
//! 2. *Stage and context, while not done.* Only who took the task from Scheduled to Running (`begin_poll`), or a deferred from Idle
//!    to Running (`claim`), until he gives it back (`end_poll`, `complete`).
//! 3. *Stage, once done.* Nobody writes it but: the owning handle, of which there is one, by `&mut` or by value; or who was
//!    told by `complete` or `drop_handle` that the outcome is his to drop; or who gave back the last reference.
//!    Anyone that has a handle may read it (by `&`), if the types are `Sync`.
//! 4. *Side data.* Only the holder of the BUSY bit: who took it (`lock`), or the finisher to whom `complete` gave it.
//! 5. *Slots.* The registry's slot is the runtime's reference (see [`registry`](crate::registry)).
//! 6. *Types.* A header is the first field of a `Cell<F, T, E>` for the types its vtable was made for; handles
//!    carry `T` and `E` and are made only together with the cell.
//! 7. *Join.* The owning handle alone, by `&mut` or by value.

#![doc = include_str!("README.md")]

pub(crate) mod marks;
pub(crate) mod run;
pub(crate) mod stage;
pub(crate) mod state;
pub(crate) mod vtable;

use crate::completion::{Callback, Subscription, Waiter, Waiters};
use crate::context::Slot;
use crate::error::{Cancelled, Panic, TaskError};
use crate::handle::{Join, TaskRef, TaskState};
use crate::id::TaskId;
use crate::memory::Room;
use crate::registry::Slot as Listed;
use crate::schedule::{Runnable, Scheduler, Why};
use crate::sync::{AtomicPtr, Backoff, Ordering, Remark, UnsafeCell};
use crate::unwind;
use crate::waits::{Waits, Word};
use marks::{Holds, Marks};
use stage::{Place, Stage};
use state::{
    AfterCancel, AfterHandle, AfterUnlock, AfterWake, End, Locked, Phase, Snapshot, State,
};
use std::borrow::Cow;
use std::future::Future;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::task::Waker;
use vtable::VTable;

/// What a task came to.
pub(crate) type Outcome<T, E> = Result<T, TaskError<E>>;

/// What a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Task,
    Deferred,
    /// A callback that the executor runs. It is no task: not listed, not current.
    Job,
}

/// What every task has, whatever its types.
///
/// In this order, because with thousands of tasks each line of the cache is one to wait for: what waking and polling touch
/// stands last, next to the future. A cell begins anywhere in a line.
#[repr(C)]
pub(crate) struct Header {
    id: TaskId,
    location: &'static Location<'static>,
    /// Where it is listed, if it is; written once before the task is first handed over.
    slot: AtomicPtr<Listed>,
    side: UnsafeCell<Side>,
    /// The task's context variables. Rule 2, as the stage.
    pub(crate) context: UnsafeCell<Slot>,
    /// Where it runs. A deferred does not run.
    scheduler: Option<Scheduler>,
    pub(crate) state: State,
    vtable: &'static VTable,
    /// What it waits for, as a [`Word`]: true when its last poll ended.
    waits: Remark,
    /// The worker that alone may run it, as the executor counts them, or [`ANYWHERE`].
    home: u16,
    /// What is in the stage, and what kind of cell this is. Rule 2, as the stage, but for the kind.
    marks: Marks,
    /// What the owning handle knows of its await; so that the handle is one pointer. Rule 7.
    join: UnsafeCell<Join>,
}

// SAFETY: rule 4 keeps the side data to one thread at a time, and rule 7 the join, and what they hold is `Send`; the rest is
// atomic or never written after the cell was made.
unsafe impl Send for Header {}
// SAFETY: as above.
unsafe impl Sync for Header {}

/// What is edited under the BUSY bit.
#[derive(Debug, Default)]
pub(crate) struct Side {
    pub(crate) waiters: Waiters,
    cold: Option<Box<Cold>>,
}

/// A task that any worker may run.
pub(crate) const ANYWHERE: u16 = u16::MAX;

/// What most tasks never have.
#[derive(Debug, Default)]
pub(crate) struct Cold {
    pub(crate) name: Option<Cow<'static, str>>,
    /// The stored request, if it has a message.
    request: Option<Cancelled>,
}

impl Side {
    #[inline]
    fn is_empty(&self) -> bool {
        self.cold.is_none() && self.waiters.is_empty()
    }

    pub(crate) fn cold(&mut self) -> &mut Cold {
        self.cold.get_or_insert_default()
    }

    pub(crate) fn name(&self) -> Option<&Cow<'static, str>> {
        self.cold.as_ref()?.name.as_ref()
    }

    fn take_request(&mut self) -> Option<Cancelled> {
        self.cold.as_mut()?.request.take()
    }

    fn set_request(&mut self, request: Cancelled) {
        let request = request.message().is_some().then_some(request);
        if request.is_some() || self.cold.is_some() {
            self.cold().request = request;
        }
    }
}

/// The allocation.
#[repr(C)]
pub(crate) struct Cell<F, T, E> {
    header: Header,
    place: UnsafeCell<Place<F, Outcome<T, E>>>,
}

/// What is done for those who wait when all observers have heard.
enum Next {
    Wake(Waker),
    Call(Box<Callback>),
}

/// What a new cell is to be.
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) scheduler: Option<Scheduler>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) name: Option<Cow<'static, str>>,
    /// [`ANYWHERE`], or the worker.
    pub(crate) home: u16,
    pub(crate) context: Slot,
}

impl<F, T, E> Cell<F, T, E>
where
    F: Future<Output = Result<T, E>>,
    E: std::fmt::Debug,
{
    /// Allocates a cell. `future` is called when the memory is there, so that a large future need not pass
    /// through the stack of whoever spawns it. A deferred has none.
    #[inline(always)]
    pub(crate) fn allocate(
        plan: Plan,
        future: impl FnOnce() -> Place<F, Outcome<T, E>>,
    ) -> NonNull<Header> {
        let room = Room::<Self>::new();
        let cold = plan.name.map(|name| {
            Box::new(Cold {
                name: Some(name),
                request: None,
            })
        });
        let (start, holds) = match plan.kind {
            Kind::Task => (Snapshot::SPAWNED, Holds::Future),
            Kind::Deferred => (Snapshot::DEFERRED, Holds::Nothing),
            Kind::Job => (Snapshot::JOB, Holds::Future),
        };
        let cell = room.write(Self {
            header: Header {
                state: State::new(start),
                vtable: VTable::of::<F, T, E>(),
                scheduler: plan.scheduler,
                id: TaskId::next(plan.kind),
                location: plan.location,
                marks: Marks::new(plan.kind, holds),
                join: UnsafeCell::new(Join::new()),
                home: plan.home,
                slot: AtomicPtr::new(ptr::null_mut()),
                waits: Remark::new(Word::NOTHING.0),
                context: UnsafeCell::new(plan.context),
                side: UnsafeCell::new(Side {
                    waiters: Waiters::None,
                    cold,
                }),
            },
            place: UnsafeCell::new(future()),
        });
        let header = cell.cast::<Header>();
        let _for_as_ptr = header.expose_provenance();
        header
    }

    /// Writes a deferred's outcome.
    ///
    /// # Safety
    ///
    /// Rules 2 and 6.
    pub(crate) unsafe fn put(header: NonNull<Header>, outcome: Outcome<T, E>) {
        let cell = header.cast::<Self>();
        // SAFETY: the caller's promise.
        unsafe {
            let marks = &(*cell.as_ptr()).header.marks;
            (*cell.as_ptr())
                .place
                .with_mut(|place| Stage::new(&mut *place, marks).end(outcome))
        };
    }
}

impl Header {
    pub(crate) fn id(&self) -> TaskId {
        self.id
    }

    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.location
    }

    #[inline]
    pub(crate) fn kind(&self) -> Kind {
        self.marks.kind()
    }

    #[inline]
    pub(crate) fn is_task(&self) -> bool {
        self.marks.is_task()
    }

    #[inline]
    pub(crate) fn is_deferred(&self) -> bool {
        self.marks.is_deferred()
    }

    #[inline]
    pub(crate) fn home(&self) -> Option<u16> {
        (self.home != ANYWHERE).then_some(self.home)
    }

    /// Whether the outcome of a task that is done was moved out.
    ///
    /// # Safety
    ///
    /// Rule 3: the caller may read the outcome.
    #[inline]
    pub(crate) unsafe fn is_taken(&self) -> bool {
        self.marks.holds() == Holds::Nothing
    }

    /// What the owning handle knows of its await.
    ///
    /// # Safety
    ///
    /// Rule 7: the caller is that handle, by `&mut` or by value.
    #[inline]
    pub(crate) unsafe fn with_join<R>(&self, f: impl FnOnce(&mut Join) -> R) -> R {
        // SAFETY: the caller's promise.
        self.join.with_mut(|join| f(unsafe { &mut *join }))
    }

    pub(crate) fn scheduler(&self) -> Option<&Scheduler> {
        self.scheduler.as_ref()
    }

    /// What it waits for, if it is suspended. Another poll may begin, and end, while this is asked.
    pub(crate) fn waits(&self) -> Option<Waits> {
        let is_suspended = self.is_task() && self.state.load().phase() == Phase::Idle;
        is_suspended.then(|| Word(self.waits.get()).unpack())
    }

    /// A poll ends Pending. Before `end_poll`: after that the next may have begun.
    #[inline]
    pub(crate) fn set_waits(&self, word: Word) {
        self.waits.set(word.0);
    }

    pub(crate) fn gave_way(&self) -> bool {
        self.marks.gave_way()
    }

    /// Rule 2: only who polls it.
    pub(crate) fn set_gave_way(&self, gave_way: bool) {
        self.marks.set_gave_way(gave_way);
    }

    pub(crate) fn vtable(&self) -> &'static VTable {
        self.vtable
    }

    /// Whether such an end leaves nothing to be dropped or reported.
    fn ends_plainly(&self, end: Option<End>) -> bool {
        end == Some(End::Value) && self.vtable.value_is_plain
    }

    /// Adds it to those that its executor lists.
    #[inline]
    pub(crate) fn list(&self) {
        let Some(scheduler) = &self.scheduler else {
            return;
        };
        let slot = scheduler.registry().insert(self.as_ptr());
        // Relaxed: read by whoever ends the task, to whom the scheduler's queue has handed it over after this.
        self.slot.store(slot.as_ptr(), Ordering::Relaxed);
    }

    /// Takes it out again.
    ///
    /// # Safety
    ///
    /// Rule 5: the caller has the runtime's reference, and does this once.
    #[inline]
    unsafe fn unlist(&self) {
        // Relaxed: see `list`.
        let slot = NonNull::new(self.slot.load(Ordering::Relaxed));
        if let (Some(scheduler), Some(slot)) = (&self.scheduler, slot) {
            // SAFETY: it is where `list` has put this task, in the registry of the same scheduler.
            unsafe { scheduler.registry().remove(slot, self) };
        }
    }

    pub(crate) fn retain(&self) {
        self.state.retain();
    }

    #[must_use]
    pub(crate) fn release(&self) -> bool {
        self.state.release()
    }

    /// A pointer to the whole cell: a reference to its header reaches no further than that, so this one has the
    /// provenance that `allocate` exposed.
    pub(crate) fn as_ptr(&self) -> NonNull<Self> {
        NonNull::with_exposed_provenance(NonNull::from(self).addr())
    }

    /// Edits the side data. `edit` must not run code of the user: it holds a lock bit. If the task ends meanwhile,
    /// its waiters are told here.
    pub(crate) fn edit<R>(&self, edit: impl FnOnce(&mut Side) -> R) -> R {
        self.lock(false);
        // SAFETY: rule 4: the bit is this thread's.
        let result = self.side.with_mut(|side| edit(unsafe { &mut *side }));
        self.unlock();
        result
    }

    /// The same unless the task is done.
    pub(crate) fn edit_unless_done<R>(&self, edit: impl FnOnce(&mut Side) -> R) -> Option<R> {
        if !self.lock(true) {
            return None;
        }
        // SAFETY: rule 4: the bit is this thread's.
        let result = self.side.with_mut(|side| edit(unsafe { &mut *side }));
        self.unlock();
        Some(result)
    }

    /// `false`: the task is done and the caller wanted it only if not.
    fn lock(&self, unless_done: bool) -> bool {
        let backoff = Backoff::new();
        loop {
            match self.state.update(|state| state.lock(unless_done)) {
                Locked::Yes => return true,
                Locked::Done => return false,
                Locked::Contended => backoff.snooze(),
            }
        }
    }

    fn unlock(&self) {
        // SAFETY: rule 4: the bit is still this thread's.
        let waiting = self
            .side
            .with(|side| unsafe { !(*side).waiters.is_empty() });
        self.unlock_with(waiting);
    }

    /// The same for who knows whether anybody waits.
    fn unlock_with(&self, waiting: bool) {
        if self.state.update(|state| state.unlock(waiting)) == AfterUnlock::Drain {
            self.tell_waiters();
        }
    }

    /// Tells all who wait. The caller holds the side data of a task that is done; it is given up here.
    fn tell_waiters(&self) {
        // SAFETY: rule 4: the caller holds the bit.
        let waiters = self
            .side
            .with_mut(|side| std::mem::take(unsafe { &mut (*side).waiters }));
        let owed = self.state.update(|state| state.unlock(false));
        debug_assert_eq!(owed, AfterUnlock::Free);
        match waiters {
            Waiters::One(Waiter::Waker(waker)) => self.act(Next::Wake(waker)), // as it mostly is
            Waiters::One(waiter) => self
                .hear(waiter)
                .into_iter()
                .for_each(|next| self.act(next)),
            waiters => self.tell_all(waiters),
        }
    }

    fn tell_all(&self, waiters: Waiters) {
        // First all observers hear of it, then anybody is woken: whom one of them wakes may end at once, on another
        // worker, and the others are not to hear of that end before this one.
        let mut next = Vec::new();
        waiters.drain(|waiter| next.extend(self.hear(waiter)));
        next.into_iter().for_each(|next| self.act(next));
    }

    /// Lets an observer know; what is to be done for the others, comes back.
    fn hear(&self, waiter: Waiter) -> Option<Next> {
        match waiter {
            Waiter::Waker(waker) => Some(Next::Wake(waker)),
            Waiter::Callback(callback) => Some(Next::Call(callback)),
            Waiter::Observer(observer, key) => {
                let state = TaskState::of(self.state.load());
                // Moved in: if this was the last reference, the observer's destructor is caught as well.
                let heard = unwind::catch(move || observer.done(key as usize, state));
                self.report_stray(heard).flatten().map(Next::Wake)
            }
            Waiter::Watch(watched, key) => {
                let state = TaskState::of(self.state.load());
                let heard = unwind::catch(move || watched.done(key as usize, state)); // as above
                self.report_stray(heard).flatten().map(Next::Wake)
            }
        }
    }

    #[inline]
    fn act(&self, next: Next) {
        match next {
            Next::Wake(waker) => drop(self.report_stray(unwind::catch(|| waker.wake()))),
            Next::Call(callback) => callback.submit(TaskRef::of(self)),
        }
    }

    fn report_stray<R>(&self, told: Result<R, Panic>) -> Option<R> {
        told.inspect_err(|panic| {
            crate::report::stray_panic(self, "a waker or observer panicked", panic)
        })
        .ok()
    }

    /// Whether a cell that is about to be freed holds nothing of its user's, but perhaps an outcome.
    ///
    /// # Safety
    ///
    /// Rule 1: nobody else has a pointer into the cell.
    #[inline]
    unsafe fn is_bare(&self) -> bool {
        // SAFETY: the caller's promise, for both.
        unsafe {
            self.context.with(|context| (*context).is_empty())
                && self.side.with(|side| (*side).is_empty())
        }
    }

    /// What a cell that is about to be freed holds of its user's, other than its outcome.
    ///
    /// # Safety
    ///
    /// Rule 1: nobody else has a pointer into the cell.
    unsafe fn take_contents(&self) -> (Slot, Side) {
        // SAFETY: the caller's promise, for both.
        unsafe {
            (
                self.context
                    .with_mut(|context| std::mem::take(&mut *context)),
                self.side.with_mut(|side| std::mem::take(&mut *side)),
            )
        }
    }

    /// Asks the task to cancel itself: rule 1 of the cancellation protocol. `false`: it was done.
    pub(crate) fn cancel(&self, request: Cancelled) -> bool {
        if self.is_deferred() {
            return self.cancel_deferred(request);
        }
        if crate::cancel::request_of_current(self, &request) {
            self.state.update(|state| (state.counted(), ()));
            return true;
        }
        if self.state.load().is_done() {
            self.state.update(|state| (state.read(), ()));
            return false;
        }
        self.lock(false);
        if !self.state.load().keeps_message() {
            // SAFETY: rule 4: the bit is this thread's.
            self.side
                .with_mut(|side| unsafe { (*side).set_request(request) });
        }
        match self.state.update(Snapshot::cancel_and_unlock) {
            AfterCancel::Stored(after) => {
                self.submit(after);
                true
            }
            AfterCancel::Late(AfterUnlock::Free) => false,
            AfterCancel::Late(AfterUnlock::Drain) => {
                self.tell_waiters();
                false
            }
        }
    }

    fn cancel_deferred(&self, request: Cancelled) -> bool {
        if !self.state.update(Snapshot::claim) {
            self.state.update(|state| (state.read(), ()));
            return false;
        }
        // SAFETY: rule 2: `claim` gave the stage to this thread.
        unsafe { (self.vtable.end)(self.as_ptr(), TaskError::Cancelled(request)) };
        // SAFETY: rule 2: the stage is still this thread's; the caller has a reference, which is not given up.
        unsafe { run::complete(self.as_ptr(), End::Cancelled) };
        true
    }

    /// The stored request, for who polls the task. It goes together with its message, so that a second request is either
    /// met as one with this one or keeps its own. `None`: it was taken back.
    pub(crate) fn take_request(&self) -> Option<Cancelled> {
        self.lock(false);
        // SAFETY: rule 4: the bit is this thread's.
        let request = self.side.with_mut(|side| unsafe { (*side).take_request() });
        let stood = self.state.update(Snapshot::take_request_and_unlock);
        stood.then(|| request.unwrap_or(Cancelled::new(None)))
    }

    /// Puts a request back that a poll has met: the next poll meets it again. If another was made meanwhile the two are
    /// one, with the message of the later (TC-23).
    pub(crate) fn put_back(&self, request: Cancelled) {
        self.lock(false);
        if !self.state.load().is_requested() {
            // SAFETY: rule 4: the bit is this thread's.
            self.side
                .with_mut(|side| unsafe { (*side).set_request(request) });
        }
        self.state.update(|state| (state.put_back_and_unlock(), ()));
    }

    pub(crate) fn abort(&self) -> bool {
        if self.is_deferred() {
            return self.cancel_deferred(Cancelled::new(None));
        }
        match self.state.update(Snapshot::abort) {
            Some(after) => {
                self.submit(after);
                true
            }
            None => false,
        }
    }

    pub(crate) fn wake(&self) {
        self.submit(self.state.update(Snapshot::wake));
    }

    /// Hands the task to its scheduler. The caller has a reference of its own, so the scheduler stays while it is called.
    fn submit(&self, after: AfterWake) {
        if after == AfterWake::Submit {
            self.submit_as(Why::Woken);
        }
    }

    /// The same for a task that is Scheduled and has not been handed over.
    pub(crate) fn submit_as(&self, why: Why) {
        let scheduler = self
            .scheduler
            .as_ref()
            .expect("only what has a scheduler is woken");
        // SAFETY: rule 1: the state went from Idle to Scheduled (or began so) and this is the one Runnable made for it.
        let runnable = unsafe { Runnable::adopt(self.as_ptr()) };
        scheduler.schedule(runnable, why);
    }

    /// What was not added comes back: the task is done.
    #[inline]
    pub(crate) fn subscribe(&self, waiter: Waiter) -> Result<Subscription, Waiter> {
        if !self.lock(true) {
            return Err(waiter);
        }
        // SAFETY: rule 4: the bit is this thread's.
        let subscription = self
            .side
            .with_mut(|side| unsafe { (*side).waiters.push(waiter) });
        self.unlock_with(true);
        Ok(subscription)
    }

    /// `None`: it has been told, or is about to be. What comes out is dropped by the caller, with no lock held: that may run
    /// anything.
    pub(crate) fn unsubscribe(&self, subscription: &Subscription) -> Option<Waiter> {
        if !self.lock(true) {
            return None;
        }
        let (waiter, waiting) = self.side.with_mut(|side| {
            // SAFETY: rule 4: the bit is this thread's.
            let waiters = unsafe { &mut (*side).waiters };
            (waiters.remove(subscription), !waiters.is_empty())
        });
        self.unlock_with(waiting);
        waiter
    }
}

/// The owning handle goes.
///
/// # Safety
///
/// Rules 1 and 3: the caller is that handle, and gives up its reference.
pub(crate) unsafe fn drop_handle(pointer: NonNull<Header>) {
    // SAFETY: rule 1: the reference is this function's until `drop_handle` of the state or `release`.
    let header = unsafe { pointer.as_ref() };
    let state = header.state.load();
    // SAFETY: rule 3: it is done, and the caller is its handle.
    let taken = state.is_done() && unsafe { header.is_taken() } || header.ends_plainly(state.end());
    if taken && state.is_last() {
        // SAFETY: rule 1: it is the last reference.
        return unsafe { free(pointer) };
    }
    let last = match header.state.update(|state| state.drop_handle(taken)) {
        AfterHandle::Released { last } => last,
        AfterHandle::Outcome => {
            // SAFETY: rule 3: so `drop_handle` has said.
            unsafe { run::drop_outcome(header) };
            header.release()
        }
    };
    if last {
        // SAFETY: rule 1: that was the last reference.
        unsafe { free(pointer) };
    }
}

/// Frees a cell whose last reference is gone.
///
/// # Safety
///
/// Rule 1: nobody else has a pointer into it.
pub(crate) unsafe fn free(header: NonNull<Header>) {
    // SAFETY: the caller's promise; the header lives until `free` of the vtable has run.
    unsafe {
        run::drop_contents(header.as_ref());
        (header.as_ref().vtable.free)(header);
    }
}

#[cfg(all(test, not(loom), target_pointer_width = "64"))]
mod tests {
    use super::{Cell, Header};
    use std::convert::Infallible;

    /// Eight bytes more are eight megabytes for a million tasks.
    #[test]
    fn a_cell_is_a_header_of_13_words_and_the_future() {
        assert_eq!(size_of::<Header>(), 13 * 8);
        assert_eq!(size_of::<Cell<[u64; 5], (), Infallible>>(), (13 + 5) * 8);
    }
}
