//! Making tasks: `spawn`, `try_spawn`, and the [`Builder`] behind them.

use crate::cell::stage::Place;
use crate::cell::{ANYWHERE, Cell, Kind, Plan};
use crate::context::{Context, Slot};
use crate::handle::{Task, TaskRef};
use crate::local::ThreadBound;
use crate::schedule::{Runnable, Scheduler, Why};
use pin_project_lite::pin_project;
use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{self, Poll};

/// Starts `future` as a task on the current executor: asyncio's `create_task`.
///
/// Nothing of it runs before the caller suspends, on one worker; on several, another may take it at once (CT-01).
///
/// # Panics
///
/// Outside of a runtime, and on one that has shut down (CT-03).
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let task = tulipa_task::spawn(async { 6 * 7 });
/// run();
/// assert_eq!(task.result(), Ok(Ok(&42)));
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Builder::new().spawn(future)
}

/// Starts a future that can fail: its error becomes the task's, so that awaiting it takes one `?`.
///
/// # Panics
///
/// As [`spawn`].
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::{TaskError, try_spawn};
///
/// let task = try_spawn(async { "7".parse::<u8>() });
/// let failed = try_spawn(async { "seven".parse::<u8>() });
/// run();
/// assert_eq!(task.result(), Ok(Ok(&7)));
/// assert!(matches!(failed.result(), Ok(Err(TaskError::Failed(_)))));
/// ```
#[track_caller]
pub fn try_spawn<F, T, E>(future: F) -> Task<T, E>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Debug + Send + 'static,
{
    Builder::new().try_spawn(future)
}

/// Starts a future that stays on this thread: on a current-thread runtime.
///
/// # Panics
///
/// As [`spawn`]. On a runtime of several threads the executor says that it has no thread for it.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use std::rc::Rc;
///
/// let shared = Rc::new(3);
/// let task = tulipa_task::spawn_local({ let shared = shared.clone(); async move { *shared } });
/// run();
/// assert_eq!(task.result(), Ok(Ok(&3)));
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> Task<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    Builder::new().spawn_local(future)
}

/// A task to be: its name, its executor, how it begins.
///
/// # Examples
///
/// ```
/// # let (scheduler, _run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::Builder;
///
/// let task = Builder::new().name("sum").eager(true).spawn(async { 1 + 1 });
/// assert_eq!(task.result(), Ok(Ok(&2)), "an eager task that never suspends is done when spawn returns");
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it spawns"]
pub struct Builder {
    name: Option<Cow<'static, str>>,
    scheduler: Option<Scheduler>,
    eager: bool,
    home: Option<u16>,
    context: Option<Context>,
    unlisted: bool,
}

impl Builder {
    /// A nameless task on the current executor, that begins when it is its turn.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names it (CT-04).
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether its first step is taken inside `spawn`, before that returns (EG-02, EG-03). Spawned on another executor
    /// than the current one, from outside, it begins there, as others do (EG-07).
    pub fn eager(mut self, eager: bool) -> Self {
        self.eager = eager;
        self
    }

    /// The executor it runs on, from whatever thread.
    pub fn on(mut self, scheduler: &Scheduler) -> Self {
        self.scheduler = Some(scheduler.clone());
        self
    }

    /// The context it runs in, itself and not a copy, so that it shares variables with whoever else runs there (CT-06).
    /// Without this it begins with a copy of the spawner's (CV-01).
    pub fn context(mut self, context: &Context) -> Self {
        self.context = Some(context.clone());
        self
    }

    /// For executors: the worker that alone is to run it, as [`Runnable::home`] will say.
    ///
    /// # Panics
    ///
    /// If it is 65,535, for which there is no room.
    pub fn home(mut self, worker: u16) -> Self {
        assert!(
            worker != ANYWHERE,
            "no worker can have the number {ANYWHERE}: count them from 0"
        );
        self.home = Some(worker);
        self
    }

    /// For executors: a task of their own, which [`all_tasks`](crate::all_tasks()) leaves out.
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// use tulipa_task::{Builder, all_tasks};
    ///
    /// let task = Builder::new().unlisted().spawn(async {});
    /// assert!(all_tasks().is_empty());
    /// run();
    /// assert!(task.is_done());
    /// ```
    pub fn unlisted(mut self) -> Self {
        self.unlisted = true;
        self
    }

    /// Starts `future` as a task. See [`spawn`].
    ///
    /// # Panics
    ///
    /// As [`spawn`].
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.start(move || Plain { future })
    }

    /// Starts a future that can fail. See [`try_spawn`].
    ///
    /// # Panics
    ///
    /// As [`spawn`].
    #[track_caller]
    pub fn try_spawn<F, T, E>(self, future: F) -> Task<T, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Debug + Send + 'static,
    {
        self.start(move || future)
    }

    /// Starts the future that `make` makes, in the task's own memory: a large one need not pass through the
    /// caller's stack on its way.
    ///
    /// # Panics
    ///
    /// As [`spawn`], and if `make` panics.
    #[track_caller]
    pub fn spawn_with<M, F>(self, make: M) -> Task<F::Output>
    where
        M: FnOnce() -> F,
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.start(move || Plain { future: make() })
    }

    /// [`spawn_with`](Self::spawn_with) for a future that can fail.
    ///
    /// # Panics
    ///
    /// As [`spawn`], and if `make` panics.
    #[track_caller]
    pub fn try_spawn_with<M, F, T, E>(self, make: M) -> Task<T, E>
    where
        M: FnOnce() -> F,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Debug + Send + 'static,
    {
        self.start(make)
    }

    /// Starts a future that stays on this thread. See [`spawn_local`].
    ///
    /// # Panics
    ///
    /// As [`spawn`].
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> Task<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.homed()
            .start(move || ThreadBound::new(Plain { future }))
    }

    /// Starts a future that can fail and stays on this thread.
    ///
    /// # Panics
    ///
    /// As [`spawn`].
    #[track_caller]
    pub fn try_spawn_local<F, T, E>(self, future: F) -> Task<T, E>
    where
        F: Future<Output = Result<T, E>> + 'static,
        T: 'static,
        E: Debug + 'static,
    {
        self.homed().start(move || ThreadBound::new(future))
    }

    fn homed(self) -> Self {
        let home = self.home.or(Some(0));
        Self { home, ..self }
    }

    #[track_caller]
    #[inline]
    fn start<F, T, E>(self, make: impl FnOnce() -> F) -> Task<T, E>
    where
        F: Future<Output = Result<T, E>> + 'static,
        E: Debug,
    {
        let Self {
            name,
            scheduler,
            eager,
            home,
            context,
            unlisted,
        } = self;
        let scheduler = ready(scheduler);
        let plan = Plan {
            kind: Kind::Task,
            scheduler: Some(scheduler),
            location: Location::caller(),
            name,
            home: home.unwrap_or(ANYWHERE),
            context: context.map_or_else(Slot::inherited, Context::into_slot),
        };
        let header = Cell::<F, T, E>::allocate(plan, || Place::of(make()));
        // SAFETY: rules 1 and 6: `allocate` counted a reference for the handle, and the types are those it was given.
        let task = unsafe { Task::adopt(header) };
        if !unlisted {
            task.header().list();
        }
        begin(&task, eager);
        task
    }
}

/// The executor to spawn on.
#[track_caller]
#[inline]
fn ready(scheduler: Option<Scheduler>) -> Scheduler {
    let scheduler = scheduler.or_else(Scheduler::current).expect(
        "spawn outside of a runtime: call it from a task, or inside `tulipa::run`, \
         or spawn on a runtime's handle (`Handle::spawn`)",
    );
    assert!(
        scheduler.is_open(),
        "spawn on a runtime that has shut down: nothing would run the task; spawn before `run` returns",
    );
    scheduler
}

/// Has a new task run: what is the same whatever the types.
fn begin(task: &TaskRef, eager: bool) {
    let header = task.header();
    let scheduler = header.scheduler().expect("a task has one");
    if !eager {
        return header.submit_as(Why::Spawned);
    }
    begin_eagerly(task, scheduler);
}

/// The same with a first step here and now, if this thread works for the executor.
fn begin_eagerly(task: &TaskRef, scheduler: &Scheduler) {
    let header = task.header();
    if Scheduler::current().as_ref() != Some(scheduler) {
        return header.submit_as(Why::Spawned);
    }
    // SAFETY: rule 1: the state began as Scheduled, with the runtime's reference counted, and this is its one Runnable.
    let runnable = unsafe { Runnable::adopt(header.as_ptr()) };
    if let Some(again) = runnable.run() {
        scheduler.schedule(again, Why::Yielded);
    }
}

pin_project! {
    /// A future without an error of its own, as one that could have one.
    struct Plain<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Plain<F> {
    type Output = Result<F::Output, Infallible>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx).map(Ok)
    }
}

/// A call that the executor is to make: a cell that is no task.
pub(crate) struct Job<C>(Option<C>);

impl<C: FnOnce() + Send + 'static> Job<C> {
    pub(crate) fn new(call: C) -> Self {
        Self(Some(call))
    }

    #[track_caller]
    pub(crate) fn submit(self, scheduler: &Scheduler, context: Slot) {
        let plan = Plan {
            kind: Kind::Job,
            scheduler: Some(scheduler.clone()),
            location: Location::caller(),
            name: None,
            home: ANYWHERE,
            context,
        };
        let header = Cell::<Self, (), Infallible>::allocate(plan, || Place::of(self));
        // SAFETY: rule 1: the state began as Scheduled, with the runtime's reference only, and this is its one Runnable.
        scheduler.schedule(unsafe { Runnable::adopt(header) }, Why::Spawned);
    }
}

impl<C> Unpin for Job<C> {}

impl<C: FnOnce()> Future for Job<C> {
    type Output = Result<(), Infallible>;

    fn poll(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Self::Output> {
        if let Some(call) = self.0.take() {
            call();
        }
        Poll::Ready(Ok(()))
    }
}
