//! What a runtime is to be.

use super::kept::Kept;
use super::{BuildError, RunError, Runtime};
use crate::driver::IoDriver;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tulipa_executor::{Driver, Executor, OnPanic};
use tulipa_reactor::Reactor;
use tulipa_task::Report;
use tulipa_timers::{Clock, Timers};

/// How many threads run tasks, and in what order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flavour {
    /// Several workers that steal from each other. The default.
    #[default]
    MultiThread,
    /// The thread of `run` alone, first come first served, as asyncio. `spawn_local` works here.
    CurrentThread,
    /// The thread of `run` alone, as several simulated workers, in an order that the [seed](Builder::seed) determines.
    /// A deadlock is found, and who waits for whom is named.
    ///
    /// Sockets and a real clock are waited for, so while there is an open socket no deadlock is called one: somebody may
    /// write to it. [Virtual time](Builder::virtual_time) moves on when all wait and nothing has arrived.
    Deterministic,
}

/// Settings of a [`Runtime`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa::{Builder, sleep, time};
///
/// // A year, in virtual time.
/// let year = Duration::from_secs(365 * 24 * 3600);
/// let passed = Builder::new().workers(2).virtual_time(true).run(async move {
///     let began = time::now();
///     sleep(year).await;
///     time::now() - began
/// });
/// assert_eq!(passed.unwrap(), year);
/// ```
#[derive(Debug, Clone)]
#[must_use = "settings do nothing until a runtime is built"]
pub struct Builder {
    workers: Option<usize>,
    flavour: Flavour,
    seed: u64,
    in_order: bool,
    virtual_time: bool,
    thread_name: String,
    blocking_threads: Option<usize>,
    blocking_keep_alive: Option<Duration>,
    join_limit: Option<Duration>,
    handler: Option<Handler>,
    watchdog: bool,
    on_panic: OnPanic,
    debug: bool,
    slow_poll: Option<Duration>,
    settings: Settings,
}

/// What the runtime itself keeps.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) grace: Duration,
    pub(super) ctrl_c: bool,
    pub(super) main_name: Cow<'static, str>,
}

#[derive(Clone)]
struct Handler(Arc<dyn Fn(&Report<'_>) + Send + Sync>);

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// A worker for each processor, real time, 30 seconds of grace.
    pub fn new() -> Self {
        Self {
            workers: None,
            flavour: Flavour::default(),
            seed: 0,
            in_order: false,
            virtual_time: false,
            thread_name: "tulipa".to_owned(),
            blocking_threads: None,
            blocking_keep_alive: None,
            join_limit: None,
            handler: None,
            watchdog: true,
            on_panic: OnPanic::default(),
            debug: is_debug_wanted(),
            slow_poll: None,
            settings: Settings {
                grace: Duration::from_secs(30),
                ctrl_c: false,
                main_name: "main".into(),
            },
        }
    }

    /// How many workers, the thread of `run` included. In the deterministic flavour they are simulated; the current-thread
    /// one has a single one whatever this says.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// How many threads run tasks, and in what order.
    pub fn flavour(mut self, flavour: Flavour) -> Self {
        self.flavour = flavour;
        self
    }

    /// What determines the order of the deterministic flavour.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether the workers of the deterministic flavour run what is ready in the order in which it became so. A single one
    /// then runs a program exactly as the current-thread flavour does, but knows a deadlock when it meets one.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use tulipa::{Builder, Flavour, gather, spawn};
    ///
    /// let order = Arc::new(Mutex::new(Vec::new()));
    /// let of_tasks = order.clone();
    /// let main = async move {
    ///     let task = |n| {
    ///         let order = of_tasks.clone();
    ///         spawn(async move { order.lock().unwrap().push(n) })
    ///     };
    ///     gather((0..10).map(task)).await.unwrap();
    /// };
    /// Builder::new().flavour(Flavour::Deterministic).in_order(true).run(main).unwrap();
    /// assert!(order.lock().unwrap().is_sorted());
    /// ```
    pub fn in_order(mut self, in_order: bool) -> Self {
        self.in_order = in_order;
        self
    }

    /// Whether time is virtual: it moves, at once, to the next deadline, when nothing can run and no blocking job is in
    /// flight; on any number of workers. Events from outside (sockets, threads of the user's) are not waited for.
    pub fn virtual_time(mut self, virtual_time: bool) -> Self {
        self.virtual_time = virtual_time;
        self
    }

    /// The name of the main task: `main`, without this.
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.settings.main_name = name.into();
        self
    }

    /// What the names of the threads begin with: `tulipa`, without this.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = name.into();
        self
    }

    /// How many threads `to_thread` may have at once.
    pub fn blocking_threads(mut self, threads: usize) -> Self {
        self.blocking_threads = Some(threads);
        self
    }

    /// How long such a thread waits for another job before it ends.
    pub fn blocking_keep_alive(mut self, idle: Duration) -> Self {
        self.blocking_keep_alive = Some(idle);
        self
    }

    /// How long the end waits, in real time, for what does not end: a thread of `to_thread`, or a poll that does not return.
    /// After that it goes on without, and says so (R-19). 300 seconds without this, as in asyncio.
    pub fn join_limit(mut self, limit: Duration) -> Self {
        self.join_limit = Some(limit);
        self
    }

    /// How long tasks that are cancelled at the end may take for their cleanup, before they are aborted. asyncio waits for
    /// ever; so does [`Duration::MAX`].
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// What is told of failures that nobody read, and of panics in callbacks (D-09). Without this, each is one line: through
    /// `tracing`, with that feature and where there is a subscriber; else on standard error.
    pub fn exception_handler(
        mut self,
        handler: impl Fn(&Report<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.handler = Some(Handler(Arc::new(handler)));
        self
    }

    /// Whether a thread looks after workers that stay in one poll: it has others run what those leave behind, and look at the
    /// sockets and timers meanwhile. There is one without this, where there are several workers, each with its own thread.
    ///
    /// It is one thread in a process, started for the first runtime that has it. It looks a hundred times a second while
    /// something runs, and not at all while nothing does. With it, a task that is never Pending because all it awaits is there
    /// gives way at an await, too. Turn it off if no poll is ever long.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa::{Builder, spawn};
    ///
    /// let builder = Builder::new().workers(2).watchdog(false);
    /// assert_eq!(builder.run(async { spawn(async { 1 }).await.unwrap() }).unwrap(), 1);
    /// ```
    pub fn watchdog(mut self, watchdog: bool) -> Self {
        self.watchdog = watchdog;
        self
    }

    /// What becomes of a panic: [stored in its task](OnPanic::Store), without this, as asyncio does with exceptions; or
    /// [the end of the process](OnPanic::Abort).
    pub fn on_panic(mut self, on_panic: OnPanic) -> Self {
        self.on_panic = on_panic;
        self
    }

    /// Whether it is in debug mode (D-01): then the [exception handler](Self::exception_handler) is also told of polls that are
    /// [slow](Self::slow_poll) (D-02), of tasks that wait for each other in a circle, and of the shutdown (D-08). Without this, it
    /// is if the environment variable `TULIPA_DEBUG` is set, and neither empty nor `0`.
    ///
    /// Names and spawn locations need no debug mode (D-04).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use std::time::Duration;
    /// use tulipa::{Builder, Flavour};
    ///
    /// let reports = Arc::new(Mutex::new(Vec::new()));
    /// let told = reports.clone();
    /// let builder = Builder::new()
    ///     .flavour(Flavour::CurrentThread)
    ///     .debug(true)
    ///     .slow_poll(Duration::ZERO) // every poll is
    ///     .exception_handler(move |report| told.lock().unwrap().push(report.to_string()));
    /// builder.run(async {}).unwrap();
    /// assert!(reports.lock().unwrap()[0].starts_with("tulipa: a poll took long: `main`"));
    /// ```
    pub fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// How long a poll may take before debug mode reports it, by the clock of the runtime: 100 milliseconds, without this, as
    /// asyncio's `slow_callback_duration`.
    pub fn slow_poll(mut self, threshold: Duration) -> Self {
        self.slow_poll = Some(threshold);
        self
    }

    /// Whether Ctrl-C (SIGINT) cancels the main task. Without this it ends the process, unless somebody handles it;
    /// `#[tulipa::main]` turns it on.
    ///
    /// The first cancels the main task, and only that (R-30, R-34); if it lets the cancellation through, `run` ends with
    /// [`RunError::Interrupted`] when all is cleaned up. The second, or one that comes when the main task has ended, aborts
    /// every task (R-33). The third ends the process there and then.
    ///
    /// All of this on the main thread of the process only, and only if nobody else handles the signal and it is not
    /// ignored (R-35). Where that is not so, or on systems without SIGINT, it does nothing.
    pub fn ctrl_c(mut self, handle: bool) -> Self {
        self.settings.ctrl_c = handle;
        self
    }

    /// The runtime.
    ///
    /// # Errors
    ///
    /// For zero workers or blocking threads; if the system has no descriptor left, or no thread for the first [watchdog](Self::watchdog).
    pub fn build(self) -> Result<Runtime, BuildError> {
        let workers = match (self.flavour, self.workers) {
            (Flavour::CurrentThread, _) => 1,
            (_, Some(workers)) => workers,
            (Flavour::Deterministic, None) => 1,
            (Flavour::MultiThread, None) => {
                std::thread::available_parallelism().map_or(1, usize::from)
            }
        };
        let clock = if self.virtual_time {
            Clock::virtual_()
        } else {
            Clock::real()
        };
        let reactor = Reactor::new().map_err(BuildError::Reactor)?;
        // The simulated workers are one thread: in one wheel, timers of one instant fire in the order they were armed.
        let shards = if self.flavour == Flavour::Deterministic {
            1
        } else {
            workers.max(1)
        };
        let driver = Arc::new(IoDriver::new(reactor, Timers::new(clock, shards)));
        let executor = self.executor(workers, driver.clone())?;
        Ok(Runtime {
            executor,
            driver,
            settings: self.settings,
            context: Kept::new(),
        })
    }

    fn executor(&self, workers: usize, driver: Arc<dyn Driver>) -> Result<Executor, BuildError> {
        let mut builder = Executor::builder()
            .driver(driver)
            .watchdog(self.watchdog)
            .on_panic(self.on_panic)
            .debug(self.debug)
            .thread_name(self.thread_name.clone());
        builder = match self.flavour {
            Flavour::MultiThread => builder.workers(workers),
            Flavour::CurrentThread => builder.current_thread(),
            Flavour::Deterministic => builder.workers(workers).deterministic(self.seed),
        };
        builder = match self.in_order {
            true => builder.in_order(),
            false => builder,
        };
        if let Some(threads) = self.blocking_threads {
            builder = builder.max_blocking_threads(threads);
        }
        if let Some(idle) = self.blocking_keep_alive {
            builder = builder.blocking_keep_alive(idle);
        }
        if let Some(limit) = self.join_limit {
            builder = builder.join_limit(limit);
        }
        if let Some(threshold) = self.slow_poll {
            builder = builder.slow_poll(threshold);
        }
        if let Some(Handler(handler)) = self.handler.clone() {
            builder = builder.report(move |report: &Report<'_>| handler(report));
        }
        builder.build().map_err(BuildError::Executor)
    }

    /// Builds the runtime, runs `main` on it, and shuts it down. See [`run`](crate::run).
    ///
    /// # Errors
    ///
    /// As [`run`](crate::run).
    ///
    /// # Panics
    ///
    /// As [`run`](crate::run).
    #[track_caller]
    pub fn run<F>(self, main: F) -> Result<F::Output, RunError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let runtime = self.build().map_err(RunError::Build)?;
        let watch = runtime.watch();
        let ended = runtime.try_run_watched(watch.as_ref(), tulipa_task::Builder::new(), main);
        drop(runtime); // what is left is cancelled and waited for, before a panic goes on
        drop(watch); // not before: Ctrl-C also cuts that wait short
        match ended {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(panic)) => panic.resume(),
            Err(error) => Err(error),
        }
    }
}

/// Whether the environment asks for debug mode.
fn is_debug_wanted() -> bool {
    std::env::var_os("TULIPA_DEBUG").is_some_and(|value| !value.is_empty() && value != "0")
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler(..)")
    }
}
