//! [`Builder`]: what an executor is made of.

use crate::blocking::{Limits, Pool};
use crate::crew::Crew;
use crate::debug::Debug;
use crate::driver::{Driver, Helm, ThreadDriver};
use crate::executor::{Executor, Flavour};
use crate::handle::Handle;
use crate::on_panic::OnPanic;
use crate::queue::{Local, Order, Queues};
use crate::roster::Roster;
use crate::shared::{Handler, Shared};
use crate::sim::Plan;
use crate::sleep::{MAX_WORKERS, Sleep};
use crate::sync::Parker;
use crate::watchdog::{self, Watchdog};
use crate::worker::Seat;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tulipa_task::{Registry, Report};

/// Settings for a new [`Executor`].
///
/// # Examples
///
/// ```
/// use tulipa_executor::Executor;
///
/// let executor = Executor::builder().workers(3).thread_name("gardener").build()?;
/// assert_eq!(executor.handle().stats().workers().len(), 3);
/// # Ok::<(), tulipa_executor::BuildError>(())
/// ```
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    flavour: Flavour,
    workers: Option<usize>,
    driver: Option<Arc<dyn Driver>>,
    thread_name: String,
    stack_size: Option<usize>,
    max_blocking_threads: usize,
    blocking_keep_alive: Duration,
    join_limit: Duration,
    handler: Option<Handler>,
    watchdog: bool,
    on_panic: OnPanic,
    debug: bool,
    slow_poll: Duration,
}

/// An executor was not built, and nothing of it runs.
#[derive(Debug)]
pub struct BuildError(Kind);

#[derive(Debug)]
enum Kind {
    NoWorkers,
    TooManyWorkers(usize),
    NoBlockingThreads,
    NoWatchdog(io::Error),
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            flavour: Flavour::MultiThread,
            workers: None,
            driver: None,
            thread_name: "tulipa".to_owned(),
            stack_size: None,
            max_blocking_threads: 512,
            blocking_keep_alive: Duration::from_secs(10),
            join_limit: Duration::from_secs(300), // asyncio's (R-19)
            handler: None,
            watchdog: true,
            on_panic: OnPanic::default(),
            debug: false,
            slow_poll: Duration::from_millis(100), // asyncio's (D-02)
        }
    }

    /// How many workers: the thread that calls `block_on`, and threads of the executor's own for the others. By default as many
    /// as the machine runs at once.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// One worker, on one thread: that of the first `block_on`. Tasks run in the order in which they became ready, as
    /// asyncio's do, and may be local (`spawn_local`).
    pub fn current_thread(mut self) -> Self {
        self.flavour = Flavour::CurrentThread;
        self
    }

    /// Simulated workers, all on the thread of `block_on`, in an order that `seed` determines. One by default.
    ///
    /// With a virtual clock in the driver, time moves when nothing can run; if nothing ever will, `block_on` ends with
    /// the [`Deadlock`](crate::Deadlock).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use tulipa_executor::Executor;
    ///
    /// let order = |seed| -> Result<Vec<usize>, Box<dyn std::error::Error>> {
    ///     let executor = Executor::builder().deterministic(seed).workers(4).build()?;
    ///     let ran = Arc::new(Mutex::new(Vec::new()));
    ///     let of_tasks = ran.clone();
    ///     executor.block_on(async move {
    ///         let task = |n| {
    ///             let ran = of_tasks.clone();
    ///             tulipa_task::spawn(async move { ran.lock().unwrap().push(n) })
    ///         };
    ///         for task in (0..10).map(task).collect::<Vec<_>>() {
    ///             task.await.unwrap();
    ///         }
    ///     })?;
    ///     Ok(std::mem::take(&mut *ran.lock().unwrap()))
    /// };
    /// assert_eq!(order(1)?, order(1)?);
    /// assert_ne!(order(1)?, order(2)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn deterministic(mut self, seed: u64) -> Self {
        self.flavour = Flavour::Deterministic(Plan {
            seed,
            shuffled: true,
        });
        self
    }

    /// Has each worker of a simulation run its ready tasks in their order; with one worker, exactly in the order in which
    /// they became ready, as the current-thread flavour does.
    pub fn in_order(mut self) -> Self {
        if let Flavour::Deterministic(plan) = &mut self.flavour {
            plan.shuffled = false;
        }
        self
    }

    /// What idle workers wait on: by default a [`ThreadDriver`], without sockets or timers.
    pub fn driver(mut self, driver: Arc<dyn Driver>) -> Self {
        self.driver = Some(driver);
        self
    }

    /// The name of its threads. A worker's number follows it.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = name.into();
        self
    }

    /// The stack size of its threads, in bytes: by default the standard library's.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// How many blocking jobs may run at once, 512 by default. More wait.
    pub fn max_blocking_threads(mut self, threads: usize) -> Self {
        self.max_blocking_threads = threads;
        self
    }

    /// How long a thread of the blocking pool waits for its next job before it ends: 10 seconds by default.
    pub fn blocking_keep_alive(mut self, keep_alive: Duration) -> Self {
        self.blocking_keep_alive = keep_alive;
        self
    }

    /// How long a shutdown waits, in real time, for what does not end: a blocking job, or a poll that never returns. 300
    /// seconds by default, as asyncio (R-19).
    pub fn join_limit(mut self, limit: Duration) -> Self {
        self.join_limit = limit;
        self
    }

    /// Who is told of failures that nobody read, of panics that no task could take, and of what [debug mode](Self::debug) finds.
    /// By default each is one line: see [`Report::log`].
    pub fn report(mut self, handler: impl Fn(&Report<'_>) + Send + Sync + 'static) -> Self {
        self.handler = Some(Arc::new(handler));
        self
    }

    /// Whether a thread looks after workers that stay in one poll, and has others take over what these leave behind. By
    /// default there is one where there are others: on several workers, each with its own thread.
    ///
    /// It is one thread in a process, started for the first executor that has it. It looks a hundred times a second while
    /// something runs, and not at all while nothing does. Workers that are not stuck take no lock and wake nobody because of
    /// it. With it, a task that is never Pending because all it awaits is there gives way at an await, too. Turn it off if no
    /// poll is ever long.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use tulipa_executor::Executor;
    ///
    /// let executor = Executor::builder().workers(2).build()?; // there is one by default
    /// let heard = executor.block_on(async {
    ///     let (tell, told) = mpsc::channel();
    ///     tulipa_task::spawn(async move { tell.send("I ran").unwrap() }).detach();
    ///     told.recv().unwrap() // blocks this worker, which was to run the task next
    /// })?;
    /// assert_eq!(heard, "I ran");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn watchdog(mut self, watchdog: bool) -> Self {
        self.watchdog = watchdog;
        self
    }

    /// What becomes of a panic: [stored in its task](OnPanic::Store), the default, or [the end of the process](OnPanic::Abort).
    pub fn on_panic(mut self, on_panic: OnPanic) -> Self {
        self.on_panic = on_panic;
        self
    }

    /// Whether it is in debug mode, and reports to its [handler](Self::report) what is amiss without being a failure: polls that
    /// are [slow](Self::slow_poll) (D-02), tasks that wait for each other in a circle, and its end (D-08). Off by default, and
    /// then free of charge.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use std::time::Duration;
    /// use tulipa_executor::Executor;
    ///
    /// let reports = Arc::new(Mutex::new(Vec::new()));
    /// let told = reports.clone();
    /// let executor = Executor::builder()
    ///     .workers(1)
    ///     .debug(true)
    ///     .slow_poll(Duration::ZERO) // every poll is
    ///     .report(move |report| told.lock().unwrap().push(report.to_string()))
    ///     .build()?;
    /// executor.block_on(async {})?;
    /// assert!(reports.lock().unwrap()[0].starts_with("tulipa: a poll took long: `main`"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// How long a poll may take before debug mode reports it, by the clock of the [driver](Driver::now): 100 milliseconds
    /// by default, as asyncio's `slow_callback_duration`.
    pub fn slow_poll(mut self, threshold: Duration) -> Self {
        self.slow_poll = threshold;
        self
    }

    /// Builds the executor. Threads are started as there is something for them to do.
    ///
    /// # Errors
    ///
    /// If there are to be no workers, or no threads for blocking jobs, or the system has no thread for the
    /// [watchdog](Self::watchdog), which a process has one of.
    pub fn build(self) -> Result<Executor, BuildError> {
        let workers = self.count_workers()?;
        let watchdog = (self.watchdog && self.flavour == Flavour::MultiThread && workers > 1)
            .then(watchdog::of_process);
        let (crew, mut seats) = self.hire(workers, watchdog);
        let limits = Limits {
            threads: self.max_blocking_threads,
            keep_alive: self.blocking_keep_alive,
            name: format!("{}-blocking", self.thread_name),
            stack_size: self.stack_size,
        };
        let at_home = if matches!(self.flavour, Flavour::Deterministic(_)) {
            workers
        } else {
            1
        };
        let others = seats.split_off(at_home);
        let pool = Pool::new(limits, Arc::clone(&crew));
        let registry = Registry::with_shards(workers + 1);
        let shared = Shared::new(
            Arc::clone(&crew),
            registry,
            pool,
            seats,
            self.handler,
            self.on_panic,
        );
        let handle = Handle::new(Arc::new(shared));
        let roster = Roster::new(self.thread_name, self.stack_size, &handle, others);
        let roster = Arc::new(roster);
        crew.sleep().mustered_by(Arc::clone(&roster) as _);
        // The first who may wake somebody, so this comes when threads can be started.
        if let Err(error) = watchdog::look_after(&handle) {
            crew.sleep().dismiss(); // they keep each other alive
            return Err(BuildError(Kind::NoWatchdog(error)));
        }
        crew.hand_over(); // the driver may be needed from the start
        Ok(Executor::new(handle, self.flavour, self.join_limit, roster))
    }

    fn count_workers(&self) -> Result<usize, BuildError> {
        let workers = match (self.flavour, self.workers) {
            (Flavour::CurrentThread, _) | (Flavour::Deterministic(_), None) => 1,
            (_, Some(workers)) => workers,
            (Flavour::MultiThread, None) => thread::available_parallelism().map_or(1, usize::from),
        };
        match workers {
            0 => Err(BuildError(Kind::NoWorkers)),
            _ if workers > MAX_WORKERS => Err(BuildError(Kind::TooManyWorkers(workers))),
            _ if self.max_blocking_threads == 0 => Err(BuildError(Kind::NoBlockingThreads)),
            _ => Ok(workers),
        }
    }

    /// The workers together, and each one's seat.
    fn hire(
        &self,
        workers: usize,
        watchdog: Option<Arc<Watchdog>>,
    ) -> (Arc<Crew<tulipa_task::Runnable>>, Vec<Seat>) {
        let (order, simulated) = match self.flavour {
            Flavour::MultiThread => (Order::Stealing, false),
            Flavour::CurrentThread => (Order::Fifo, false),
            Flavour::Deterministic(plan) if workers == 1 && !plan.shuffled => (Order::Fifo, true),
            Flavour::Deterministic(_) => (Order::Stealing, true),
        };
        let driver = self
            .driver
            .clone()
            .unwrap_or_else(|| Arc::new(ThreadDriver::default()));
        let parkers: Vec<_> = (0..workers).map(|_| Parker::new()).collect();
        let unparkers = parkers
            .iter()
            .map(|parker| parker.unparker().clone())
            .collect();
        let (queues, own) = Queues::new(workers);
        let debug = (self.debug).then(|| Debug::new(self.slow_poll, Arc::clone(&driver)));
        let crew = Crew::new(
            queues,
            Sleep::new(unparkers, Helm::new(driver)),
            order,
            simulated,
            watchdog,
        );
        let crew = Arc::new(crew.with_debug(debug));
        let local = |(worker, own)| Local::new(Arc::clone(&crew), worker, own);
        let seats = own.into_iter().enumerate().map(local).zip(parkers);
        let seats = seats
            .map(|(local, parker)| Seat { local, parker })
            .collect();
        (crew, seats)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::NoWorkers => f.write_str(
                "an executor of no workers would run nothing: ask for one or more, or leave out `workers` for one per core",
            ),
            Kind::TooManyWorkers(workers) => {
                write!(f, "{workers} workers are too many: ask for {MAX_WORKERS} at most; a few per core are plenty")
            }
            Kind::NoBlockingThreads => f.write_str(
                "a blocking pool of no threads would never run a job: allow one or more in `max_blocking_threads`",
            ),
            Kind::NoWatchdog(source) => write!(
                f,
                "no thread could be started for the watchdog: {source}; raise the system's limit on threads, or turn it off by `watchdog`",
            ),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::NoWatchdog(source) => Some(source),
            Kind::NoWorkers | Kind::TooManyWorkers(_) | Kind::NoBlockingThreads => None,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("flavour", &self.flavour)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}
