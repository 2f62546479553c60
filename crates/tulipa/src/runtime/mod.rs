//! [`Runtime`]: executor, timers and reactor as one; and [`run`], for a program that needs one.

mod builder;
mod error;
#[cfg_attr(not(unix), path = "no_interrupt.rs")]
mod interrupt;
mod kept;

pub use builder::{Builder, Flavour};
pub use error::{BuildError, RunError};

use crate::driver::IoDriver;
use builder::Settings;
use interrupt::Watch;
use kept::Kept;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use tulipa_executor::{Executor, Handle, ShutdownReport};
use tulipa_task::{CallGraph, Context, Panic};
use tulipa_timers::Timers;

/// Runs `main` on a runtime of its own, to the end: asyncio's `run`.
///
/// There is a worker for each processor: this thread, and others that are started when there is something for them to do.
///
/// When `main` has ended, the tasks that are left are cancelled and waited for (R-09), then the threads of `to_thread`
/// (R-18). `main` runs on the calling thread, which is a worker, so it need not be `Send`.
///
/// # Errors
///
/// [`RunError`] if `main` was cancelled, or could not be run here: inside another runtime, or without a descriptor left.
///
/// # Panics
///
/// If `main` panics, that panic goes on here, after the cleanup (R-10).
///
/// # Cancellation
///
/// `main` is a task like others; cancelled, it ends with [`RunError::Cancelled`] when its cleanup is through.
///
/// # Examples
///
/// ```
/// let answer = tulipa::run(async {
///     let parts = [20, 22].map(|part| tulipa::spawn(async move { part }));
///     tulipa::gather(parts).await.unwrap().iter().sum::<i32>()
/// });
/// assert_eq!(answer.unwrap(), 42);
/// ```
#[track_caller]
pub fn run<F>(main: F) -> Result<F::Output, RunError>
where
    F: Future + 'static,
    F::Output: 'static,
{
    Builder::new().run(main)
}

/// Executor, timers and reactor. What asyncio's `Runner` is: several `run`s on one runtime, whose tasks live on from one
/// to the next (R-29), until it is [shut down](Self::shutdown) or dropped. The `run`s share a context, a copy of the one
/// that it was built in (R-27).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa::{Runtime, sleep, spawn};
///
/// let runtime = Runtime::builder().workers(2).build().unwrap();
/// let task = runtime.run(async { spawn(sleep(Duration::from_millis(1)).with("done")) }).unwrap();
/// assert_eq!(runtime.run(task).unwrap(), Ok("done"));
/// ```
pub struct Runtime {
    executor: Executor,
    driver: Arc<IoDriver>,
    settings: Settings,
    context: Kept,
}

impl Runtime {
    /// A runtime with a worker for each processor.
    ///
    /// # Errors
    ///
    /// If the system has no descriptor left for it, or no thread for the first [watchdog](Builder::watchdog) of the process.
    pub fn new() -> Result<Self, BuildError> {
        Builder::new().build()
    }

    /// Settings for a new runtime.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Runs `main` to its end, on this thread. What it leaves behind runs on, as far as the other workers run, and in
    /// the next `run`.
    ///
    /// # Errors
    ///
    /// As [`run`].
    ///
    /// # Panics
    ///
    /// As [`run`].
    #[track_caller]
    pub fn run<F>(&self, main: F) -> Result<F::Output, RunError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.run_as(tulipa_task::Builder::new(), self.context.clone().run(main))
    }

    /// The same in `context`, itself and not a copy; that of the runtime stays as it is (R-28).
    ///
    /// # Errors
    ///
    /// As [`run`].
    ///
    /// # Panics
    ///
    /// As [`run`].
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa::context::Context;
    /// use tulipa::{Runtime, context_var};
    ///
    /// context_var! { static COLOUR: &'static str = "white" }
    ///
    /// let (runtime, garden) = (Runtime::new().unwrap(), Context::new());
    /// runtime.run_in(&garden, async { drop(COLOUR.set("red")) }).unwrap();
    /// assert_eq!(garden.run(|| COLOUR.get()), "red");
    /// assert_eq!(runtime.run(async { COLOUR.get() }).unwrap(), "white");
    /// ```
    #[track_caller]
    pub fn run_in<F>(&self, context: &Context, main: F) -> Result<F::Output, RunError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.run_as(tulipa_task::Builder::new().context(context), main)
    }

    #[track_caller]
    fn run_as<F>(&self, task: tulipa_task::Builder, main: F) -> Result<F::Output, RunError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        match self.try_run_watched(self.watch().as_ref(), task, main) {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(panic)) => panic.resume(),
            Err(error) => Err(error),
        }
    }

    /// The same, with a panic of `main` as a value: for those who have to shut down before it goes on.
    #[track_caller]
    fn try_run_watched<F>(
        &self,
        watch: Option<&Watch>,
        task: tulipa_task::Builder,
        main: F,
    ) -> Result<Result<F::Output, Panic>, RunError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let builder = task.name(self.settings.main_name.clone());
        let Some(watch) = watch else {
            return error::split(self.executor.block_on_with(builder, main));
        };
        let announce = watch.announcer();
        let main = async move {
            announce();
            main.await
        };
        match error::split(self.executor.block_on_with(builder, main)) {
            Err(RunError::Cancelled(_)) if watch.was_why() => Err(RunError::Interrupted),
            ended => ended,
        }
    }

    /// Watches for Ctrl-C, if that was asked for.
    fn watch(&self) -> Option<Watch> {
        self.settings
            .ctrl_c
            .then(|| Watch::begin(self.handle()))
            .flatten()
    }

    /// To spawn from other threads.
    pub fn handle(&self) -> &Handle {
        self.executor.handle()
    }

    /// Its timers and clock.
    pub fn timers(&self) -> &Timers {
        let timers = self.driver.lend_timers();
        self.executor.attend_driver(); // whoever asks may wait for them outside of `run`
        timers
    }

    /// The call graph of all its tasks: what each is doing, and who waits for whom. From any thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa::{Runtime, spawn};
    ///
    /// let runtime = Runtime::builder().workers(1).build().unwrap();
    /// runtime.run(async { spawn(std::future::pending::<()>()).set_name("left behind") }).unwrap();
    /// assert!(runtime.dump().to_string().starts_with("* Task(name=\"left behind\""));
    /// ```
    pub fn dump(&self) -> CallGraph {
        CallGraph::of(self.handle().scheduler().registry().snapshot())
    }

    /// Cancels every task and waits for it, aborts those that take longer than the [grace](Builder::grace), and ends the
    /// threads. The report says who was late. Whoever still uses its sockets or timers then learns that it has ended: by an
    /// error, or a panic of the sleep.
    ///
    /// # Errors
    ///
    /// [`RunError::Refused`] inside of a runtime: it would wait for itself.
    pub fn shutdown(&self) -> Result<ShutdownReport, RunError> {
        let grace = self.driver.timers.sleep(self.settings.grace);
        let ended = self.executor.shutdown(grace).map_err(RunError::Refused);
        self.driver.reactor.close();
        if ended.is_ok() {
            self.driver.timers.close();
        }
        ended
    }
}

impl Drop for Runtime {
    /// Shuts down. Where that cannot be waited for, in a task, what runs is aborted.
    fn drop(&mut self) {
        match self.shutdown() {
            Ok(report) if report.is_clean() => {}
            Ok(report) => eprintln!("tulipa: {report}"),
            Err(_) => {} // inside of a runtime: the executor's own drop aborts its tasks
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("executor", &self.executor)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
