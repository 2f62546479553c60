//! [`Executor`]: workers, the blocking pool, and the thread that calls `block_on`.

use crate::block_on::{self, BlockOnError};
use crate::builder::Builder;
use crate::crew::Crew;
use crate::handle::Handle;
use crate::roster::Roster;
use crate::shared::{Shared, Stage};
use crate::shutdown::{self, ShutdownReport};
use crate::sim;
use crate::watchdog;
use crate::worker::{self, Seat};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tulipa_task::{Awaitable, Runnable, TaskRef};

/// Runs tasks: on several threads, on one, or in a simulation of several that a seed determines.
///
/// Of its workers one is the thread that calls [`block_on`](Self::block_on); the others are threads of its own, each started when there
/// is something for it to do. So one of several workers runs what is spawned on it at all times, one of a single worker only
/// inside `block_on`.
///
/// A thread is started by the thread that first wakes its worker, and inherits from it what threads inherit (on Linux: affinity,
/// scheduling, the mask of signals). If the system has none, the [handler](Builder::report) is told and the others do the work.
///
/// Dropped, it aborts what still runs and waits for its threads; [`shutdown`](Self::shutdown) is the gentler end. Dropped
/// inside a task it cannot wait: its threads then end by themselves.
///
/// # Examples
///
/// ```
/// use tulipa_executor::Executor;
/// use tulipa_task::spawn;
///
/// let executor = Executor::builder().workers(2).build()?;
/// let sum = executor.block_on(async {
///     let tasks: Vec<_> = (1..=10).map(|n| spawn(async move { n * n })).collect();
///     let mut sum = 0;
///     for task in tasks {
///         sum += task.await.unwrap();
///     }
///     sum
/// })?;
/// assert_eq!(sum, 385);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Executor {
    handle: Handle,
    flavour: Flavour,
    roster: Arc<Roster>,
    join_limit: Duration,
}

/// How workers and threads belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// A thread each.
    MultiThread,
    /// One, and only ever on one thread.
    CurrentThread,
    /// All on the thread of `block_on`, in an order that a seed determines.
    Deterministic(sim::Plan),
}

impl Executor {
    /// Settings for a new executor.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(
        handle: Handle,
        flavour: Flavour,
        join_limit: Duration,
        roster: Arc<Roster>,
    ) -> Self {
        Self {
            handle,
            flavour,
            roster,
            join_limit,
        }
    }

    /// What others need to spawn on it, from any thread.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    fn shared(&self) -> &Shared {
        self.handle.shared()
    }

    fn crew(&self) -> &Arc<Crew<Runnable>> {
        self.shared().crew()
    }

    /// Runs `main` to its end. The calling thread is a worker meanwhile. `main` is a task named "main" that stays on this
    /// thread, so it need not be `Send`; what it spawns may go anywhere.
    ///
    /// Tasks that are left run on with the other workers, or in the next `block_on`.
    ///
    /// # Errors
    ///
    /// If `main` cannot be run here and now, or does not end with a value: see [`BlockOnError`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use tulipa_executor::Executor;
    ///
    /// let executor = Executor::builder().current_thread().build()?;
    /// let shared = Rc::new(20);
    /// let sum = executor.block_on(async move {
    ///     let other = shared.clone();
    ///     let task = tulipa_task::spawn_local(async move { *other + 1 });
    ///     *shared + task.await.unwrap()
    /// })?;
    /// assert_eq!(sum, 41);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn block_on<F>(&self, main: F) -> Result<F::Output, BlockOnError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.block_on_with(tulipa_task::Builder::new().name("main"), main)
    }

    /// The same for a `main` of another name, or context: what `builder` says.
    ///
    /// # Errors
    ///
    /// As [`block_on`](Self::block_on).
    #[track_caller]
    pub fn block_on_with<F>(
        &self,
        builder: tulipa_task::Builder,
        main: F,
    ) -> Result<F::Output, BlockOnError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        block_on::refuse_nested()?;
        let seats = self.come_home()?;
        if self.shared().stage() != Stage::Open {
            self.leave_home(seats);
            return Err(BlockOnError::Closed);
        }
        let mut main = builder
            .on(self.handle.scheduler())
            .home(0)
            .spawn_local(main);
        self.attend(seats, &main)?;
        match main.take_outcome() {
            Some(outcome) => Ok(outcome?),
            None => unreachable!("main has ended, and nobody else has its handle"),
        }
    }

    /// Sees to it that the driver is attended though nobody is inside `block_on`. For who has just given it something to wait for, on
    /// a thread that may be no worker, and after a time when it was not [needed](crate::Driver::is_needed).
    ///
    /// # Examples
    ///
    /// [`Driver::is_needed`](crate::Driver::is_needed) of a driver that nobody has a use for yet is false, and no thread is there for it:
    ///
    /// ```
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use std::sync::{Arc, mpsc};
    /// use tulipa_executor::{Driver, Executor, ThreadDriver};
    ///
    /// struct Postbox {
    ///     thread: ThreadDriver,
    ///     in_use: AtomicBool,
    ///     emptied: mpsc::SyncSender<()>,
    /// }
    ///
    /// impl Driver for Postbox {
    ///     fn park(&self) {
    ///         let _ = self.emptied.try_send(());
    ///         self.thread.park();
    ///     }
    ///     fn poll(&self) {}
    ///     fn unpark(&self) {
    ///         self.thread.unpark();
    ///     }
    ///     fn is_needed(&self) -> bool {
    ///         self.in_use.load(Ordering::Relaxed)
    ///     }
    /// }
    ///
    /// let (emptied, was_emptied) = mpsc::sync_channel(1);
    /// let postbox = Arc::new(Postbox { thread: ThreadDriver::default(), in_use: AtomicBool::new(false), emptied });
    /// let executor = Executor::builder().workers(2).driver(postbox.clone()).build()?;
    /// postbox.in_use.store(true, Ordering::Relaxed);
    /// executor.attend_driver();
    /// assert_eq!(was_emptied.recv(), Ok(()));
    /// # Ok::<(), tulipa_executor::BuildError>(())
    /// ```
    pub fn attend_driver(&self) {
        self.crew().attend();
    }

    /// Works at home until `main` has ended.
    fn attend(&self, mut seats: Vec<Seat>, main: &TaskRef) -> Result<(), BlockOnError> {
        let result = match self.flavour {
            Flavour::Deterministic(plan) => sim::attend(&self.handle, &mut seats, plan, main),
            Flavour::MultiThread | Flavour::CurrentThread => {
                worker::attend(&self.handle, &mut seats, main);
                Ok(())
            }
        };
        self.leave_home(seats);
        result.map_err(BlockOnError::Deadlock)
    }

    /// Takes the place at home, if this thread may.
    fn come_home(&self) -> Result<Vec<Seat>, BlockOnError> {
        let this_thread = thread::current().id();
        let mut owner = self.shared().home_thread().lock();
        if self.flavour == Flavour::CurrentThread
            && *owner.get_or_insert(this_thread) != this_thread
        {
            return Err(BlockOnError::OtherThread);
        }
        self.shared()
            .home()
            .lock()
            .take()
            .ok_or(BlockOnError::Occupied)
    }

    fn leave_home(&self, seats: Vec<Seat>) {
        *self.shared().home().lock() = Some(seats);
    }

    /// Ends the executor: cancels every task, runs on until `grace` is over or all have ended, aborts those that are late, and
    /// waits for the threads.
    ///
    /// Every task is cancelled once, also those that the others spawn for their cleanup; from outside nothing is
    /// spawned any more. What blocks (a job of the blocking pool, a poll that never ends) is waited for until the
    /// [limit](Builder::join_limit), then reported and left to itself.
    ///
    /// On an executor that has shut down it does nothing.
    ///
    /// # Errors
    ///
    /// As [`block_on`](Self::block_on): it is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_executor::Executor;
    ///
    /// let executor = Executor::builder().workers(2).build()?;
    /// let task = executor.handle().spawn(std::future::pending::<()>());
    /// let report = executor.shutdown(std::future::pending())?; // however long it takes
    /// assert!(report.is_clean());
    /// assert!(task.is_cancelled());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn shutdown(
        &self,
        grace: impl Future<Output = ()> + 'static,
    ) -> Result<ShutdownReport, BlockOnError> {
        if self.shared().stage() == Stage::Closed {
            return Ok(ShutdownReport::default());
        }
        let builder = tulipa_task::Builder::new().name("shutdown").unlisted();
        let wind_down = shutdown::wind_down(self.handle.clone(), grace, self.join_limit);
        let mut report = self.block_on_with(builder, wind_down)?;
        self.end_threads(&mut report);
        Ok(report)
    }

    /// Ends the threads of an executor whose tasks have ended, or are given up.
    fn end_threads(&self, report: &mut ShutdownReport) {
        let deadline = Instant::now().checked_add(self.join_limit);
        self.crew().stop();
        let workers = self.roster.join(deadline);
        watchdog::let_go(&self.handle);
        self.clear_away();
        let jobs = self.shared().pool().close(deadline);
        self.clear_away(); // whom the last jobs woke
        self.crew().close();
        report.add_threads(workers, jobs);
    }

    /// Runs what is left: callbacks of the tasks that ended last.
    fn clear_away(&self) {
        let Ok(mut seats) = self.come_home() else {
            return;
        };
        match self.flavour {
            Flavour::Deterministic(plan) => sim::clear_away(&self.handle, &mut seats, plan),
            Flavour::MultiThread | Flavour::CurrentThread => {
                worker::clear_away(&self.handle, &mut seats)
            }
        }
        self.leave_home(seats);
    }

    /// Ends the executor from where it cannot wait: inside a task, or on a thread that is not its home. What its own
    /// threads do not come to is cancelled here and now.
    fn abandon(&self) {
        self.shared().advance(Stage::Closed);
        shutdown::abort_all(self.shared().registry());
        self.crew().stop();
        watchdog::let_go(&self.handle);
        self.shared().pool().close(Some(Instant::now()));
        for seat in self.shared().home().lock().iter().flatten() {
            seat.local.cancel_all();
        }
        self.crew().close(); // and what comes later
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        if self.shared().stage() != Stage::Closed && self.shutdown(std::future::ready(())).is_err()
        {
            self.abandon();
        }
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("flavour", &self.flavour)
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}
