//! What an executor is to a task: [`Schedule`], and what a task is to an executor: [`Runnable`].

mod count;

use crate::builder::Job;
use crate::cancel::ambient;
use crate::cell::{Header, run};
use crate::context::Slot;
use crate::handle::TaskRef;
use crate::registry::Registry;
use crate::report::Report;
use count::{Held, Reference};
use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;

/// An executor, as its tasks see it: where they go when they can run.
///
/// # Examples
///
/// A whole executor, for one thread: a queue.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use tulipa_task::{Builder, Registry, Runnable, Schedule, Scheduler, Why};
///
/// #[derive(Default)]
/// struct Queue {
///     ready: Mutex<std::collections::VecDeque<Runnable>>,
///     tasks: Registry,
/// }
///
/// impl Schedule for Queue {
///     fn schedule(&self, runnable: Runnable, _why: Why) {
///         self.ready.lock().unwrap().push_back(runnable);
///     }
///     fn registry(&self) -> &Registry {
///         &self.tasks
///     }
/// }
///
/// let queue = Arc::new(Queue::default());
/// let scheduler = Scheduler::new(queue.clone());
/// let task = Builder::new().on(&scheduler).spawn(async { 6 * 7 });
/// while let Some(runnable) = { let mut ready = queue.ready.lock().unwrap(); ready.pop_front() } {
///     if let Some(again) = runnable.run() {
///         queue.schedule(again, Why::Yielded);
///     }
/// }
/// assert_eq!(task.result(), Ok(Ok(&42)));
/// ```
pub trait Schedule: Send + Sync + 'static {
    /// Takes a task that is to be run once, or dropped, which cancels it.
    ///
    /// Called from any thread and inside wakers: it must not block and must not panic.
    fn schedule(&self, runnable: Runnable, why: Why);

    /// Where the tasks of this executor are listed.
    fn registry(&self) -> &Registry;

    /// Told of a failure that nobody read, and of a panic that no task could take (F-12, DC-08).
    ///
    /// By default it is one line: see [`Report::log`].
    fn report(&self, report: &Report<'_>) {
        report.log();
    }

    /// Told of a panic in a task, a callback or a destructor, before it is stored in its task or reported: for an executor
    /// that does not want to go on. It must not panic.
    ///
    /// By default nothing is done about it.
    fn panicked(&self, report: &Report<'_>) {
        let _it_goes_on = report;
    }

    /// Whether new tasks are taken. Spawning on an executor that takes none panics, and says so.
    fn is_open(&self) -> bool {
        true
    }
}

/// Why a task is scheduled: what an executor orders its queues by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// It is new.
    Spawned,
    /// What it waited for has happened.
    Woken,
    /// It was woken while it ran: it gave way to others.
    Yielded,
}

/// A task that can run, owned by its executor. One word.
///
/// Dropped without being run, it cancels its task: the future is dropped there and then, and who waits is told.
#[must_use = "a runnable that is dropped cancels its task"]
pub struct Runnable(NonNull<Header>);

// SAFETY: rule 1: it stands for the runtime's reference. What it runs is `Send`, or checks that the thread is its own
// (see `local`).
unsafe impl Send for Runnable {}
// SAFETY: by `&` it only tells what `TaskRef` tells.
unsafe impl Sync for Runnable {}

impl Runnable {
    /// # Safety
    ///
    /// Rule 1: the runtime's reference is the caller's and goes to the Runnable, and the state says Scheduled.
    pub(crate) unsafe fn adopt(header: NonNull<Header>) -> Self {
        Self(header)
    }

    /// Polls the task once. Given back if it was woken meanwhile: it then goes to the back of a queue, with
    /// [`Why::Yielded`].
    ///
    /// It does not unwind: a panic of the task ends the task, one in a destructor or waker is reported.
    #[must_use = "a task that is not scheduled again is cancelled"]
    #[inline]
    pub fn run(self) -> Option<Self> {
        let header = ManuallyDrop::new(self).0;
        // SAFETY: rule 1: the reference was the Runnable's and is now `run`'s.
        unsafe { run::run(header) }
    }

    /// The task.
    pub fn task(&self) -> TaskRef {
        // SAFETY: rule 1: the runtime's reference is alive in `self`.
        unsafe { TaskRef::retain(self.0) }
    }

    /// The worker that alone may run it, as given to [`Builder::home`](crate::Builder::home): for a task whose future
    /// is not `Send`. `None`: any may.
    pub fn home(&self) -> Option<u16> {
        // SAFETY: rule 1: the runtime's reference is alive in `self`.
        unsafe { self.0.as_ref() }.home()
    }

    /// The runnable as a pointer, for a queue that holds words. Only [`from_raw`](Self::from_raw) gives it back.
    pub fn into_raw(self) -> NonNull<()> {
        ManuallyDrop::new(self).0.cast()
    }

    /// The runnable that [`into_raw`](Self::into_raw) made a pointer of.
    ///
    /// # Safety
    ///
    /// The pointer came from `into_raw`, and is used for this once.
    pub unsafe fn from_raw(raw: NonNull<()>) -> Self {
        Self(raw.cast())
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // SAFETY: rule 1: the reference was the Runnable's and is now `cancel`'s.
        unsafe { run::cancel_unrun(self.0) };
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runnable").field(&self.task()).finish()
    }
}

/// A handle to an executor. One word.
///
/// Every task has one, so clones come and go as often as tasks do: a thread that [enters](Self::enter) takes many at once, so
/// that for those no word is written that threads share.
#[derive(Clone)]
pub struct Scheduler(Reference);

impl Scheduler {
    /// A handle to `schedule`.
    ///
    /// It is asked for its [registry](Schedule::registry) here, once.
    pub fn new(schedule: Arc<impl Schedule>) -> Self {
        Self(Reference::new(schedule))
    }

    /// That of the task that this thread polls; else the one it has [entered](Self::enter).
    #[inline]
    pub fn current() -> Option<Self> {
        ambient::current_header(|header| header.and_then(Header::scheduler).cloned())
            .or_else(|| Reference::entered().map(Self))
    }

    /// Makes it the current one of this thread, until the guard is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// let entered = scheduler.enter();
    /// let task = tulipa_task::spawn(async { 1 });
    /// drop(entered);
    /// run();
    /// assert!(task.is_done());
    /// ```
    pub fn enter(&self) -> EnteredScheduler {
        EnteredScheduler {
            before: Some(self.0.clone().enter()),
            _this_thread_only: std::marker::PhantomData,
        }
    }

    /// Where its tasks are listed.
    #[inline]
    pub fn registry(&self) -> &Registry {
        self.0.registry()
    }

    /// Whether it takes new tasks.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.0.schedule().is_open()
    }

    /// Has `call` run by the executor, soon, after what is queued already (EM-02, EM-08). It is no task: not listed,
    /// not current, not cancelled; a panic in it is reported. It runs in a copy of the caller's context (CV-08).
    pub fn call_soon(&self, call: impl FnOnce() + Send + 'static) {
        Job::new(call).submit(self, Slot::inherited());
    }

    #[inline]
    pub(crate) fn schedule(&self, runnable: Runnable, why: Why) {
        self.0.schedule().schedule(runnable, why);
    }

    pub(crate) fn report(&self, report: &Report<'_>) {
        self.0.schedule().report(report);
    }

    pub(crate) fn panicked(&self, report: &Report<'_>) {
        self.0.schedule().panicked(report);
    }
}

impl PartialEq for Scheduler {
    /// Whether both are handles to one executor.
    fn eq(&self, other: &Self) -> bool {
        let schedule = |of: &Self| Arc::as_ptr(of.0.schedule());
        self.0.is(&other.0) || std::ptr::addr_eq(schedule(self), schedule(other))
    }
}

impl Eq for Scheduler {}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler")
            .field("registry", self.registry())
            .finish_non_exhaustive()
    }
}

/// Keeps a scheduler current on this thread. Guards are dropped in the reverse order of their making.
#[derive(Debug)]
#[must_use = "the scheduler is current for as long as this lives"]
pub struct EnteredScheduler {
    before: Option<Held>,
    _this_thread_only: std::marker::PhantomData<*const ()>,
}

impl Drop for EnteredScheduler {
    fn drop(&mut self) {
        let left = self.before.take().map(Held::swap_in);
        drop(left);
    }
}
