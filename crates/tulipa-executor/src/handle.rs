//! [`Handle`]: an executor, from anywhere.

use crate::blocking::{self, BlockingTask, SpawnBlockingError};
use crate::current;
use crate::shared::{Shared, Stage};
use crate::stats::Stats;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use tulipa_task::{Builder, Scheduler, Task};

/// An executor, to spawn on from any thread. Cloneable; it keeps nobody at work.
///
/// # Examples
///
/// ```
/// use tulipa_executor::Executor;
///
/// let executor = Executor::builder().workers(2).build()?;
/// let handle = executor.handle().clone();
/// let outside = std::thread::spawn(move || handle.spawn(async { 6 * 7 }).result_blocking());
/// assert_eq!(outside.join().unwrap(), Ok(42));
/// # Ok::<(), tulipa_executor::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    scheduler: Scheduler,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let scheduler = Scheduler::new(Arc::clone(&shared));
        Self { shared, scheduler }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The executor that this thread works for; none on a thread of the blocking pool (TT-10).
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_executor::{Executor, Handle};
    ///
    /// assert!(Handle::current().is_none());
    /// let executor = Executor::builder().workers(1).build()?;
    /// let inside = executor.block_on(async { Handle::current().is_some() })?;
    /// assert!(inside);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn current() -> Option<Self> {
        current::handle()
    }

    /// Which worker of its executor runs the calling task, as an index into [`Stats::workers`]; none on a thread that is no
    /// worker. For data of one's own that is kept per worker. A task may go on on another worker after each await.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_executor::{Executor, Handle};
    ///
    /// let executor = Executor::builder().workers(2).build()?;
    /// let worker = executor.block_on(async { Handle::current_worker() })?;
    /// assert_eq!(worker, Some(0), "main stays on the thread of `block_on`");
    /// assert_eq!(Handle::current_worker(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn current_worker() -> Option<usize> {
        current::worker()
    }

    /// What tasks and futures know of the executor: for [`tulipa_task::Builder::on`], and for its registry.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// Starts `future` as a task of this executor, from any thread.
    ///
    /// # Panics
    ///
    /// On an executor that has shut down.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Builder::new().on(&self.scheduler).spawn(future)
    }

    /// Starts a future that can fail: its error becomes the task's.
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    #[track_caller]
    pub fn try_spawn<F, T, E>(&self, future: F) -> Task<T, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: fmt::Debug + Send + 'static,
    {
        Builder::new().on(&self.scheduler).try_spawn(future)
    }

    /// Runs `job`, which may block, on a thread of the blocking pool. See [`BlockingTask`] for what cancelling it does.
    ///
    /// The job sees the caller's context variables as they are now (TT-05).
    ///
    /// # Panics
    ///
    /// Where [`try_spawn_blocking`](Self::try_spawn_blocking) has an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_executor::{Executor, Handle};
    ///
    /// let executor = Executor::builder().workers(1).build()?;
    /// let sum = executor.block_on(async {
    ///     let handle = Handle::current().unwrap();
    ///     handle.spawn_blocking(|| (1..=100).sum::<u32>()).await.unwrap()
    /// })?;
    /// assert_eq!(sum, 5050);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, job: F) -> BlockingTask<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        match self.try_spawn_blocking(job) {
            Ok(task) => task,
            Err(error) => panic!("{error}"),
        }
    }

    /// The same, with what can go wrong as an error.
    ///
    /// # Errors
    ///
    /// If the executor has shut down (TT-11), or the system has no thread for the pool's first.
    #[track_caller]
    pub fn try_spawn_blocking<F, R>(&self, job: F) -> Result<BlockingTask<R>, SpawnBlockingError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        blocking::spawn(self, job)
    }

    /// Whether the executor takes no more tasks from this thread.
    pub fn is_closed(&self) -> bool {
        self.shared.stage() != Stage::Open
    }

    /// What the workers and the blocking pool have done so far.
    pub fn stats(&self) -> Stats {
        Stats::of(&self.shared)
    }
}

impl PartialEq for Handle {
    /// Whether both are of one executor.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl Eq for Handle {}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.shared).finish()
    }
}
