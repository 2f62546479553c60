//! Code that blocks, off the workers: what is behind `to_thread`.
//!
//! A job is queued with its context and runs on a thread of the [`Pool`], as the keeper of a `Promise`, which is what
//! gives cancellation its meaning here (TT-07, TT-08): to cancel the awaiter ends the future at once. A job that has
//! not begun then never does; one that has runs on, and what it comes to is dropped.

mod pool;

pub use pool::PoolStats;
pub(crate) use pool::{Limits, Pool};

use crate::handle::Handle;
use pool::{Fate, Refused};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};
use tulipa_task::{Awaitable, Leaf, TaskError, TaskRef, ThreadFuture, waits, wrap_thread};

/// A job on a thread of the blocking pool. Awaits to what it returns, or to its panic.
///
/// Dropping it detaches the job, which runs all the same.
///
/// # Cancellation
///
/// A request to the task that awaits it cancels it at once. If the job has not begun, it never does (TT-08); if it has, it
/// runs to its end, and its result or panic is dropped (TT-07).
///
/// # Panics
///
/// Awaited again after it gave its outcome.
///
/// # Examples
///
/// ```
/// use tulipa_executor::Executor;
/// use tulipa_task::TaskError;
///
/// let executor = Executor::builder().workers(1).build()?;
/// let handle = executor.handle().clone();
/// let message = executor.block_on(async move {
///     match handle.spawn_blocking(|| -> u32 { panic!("the disk is on fire") }).await {
///         Err(TaskError::Panicked(panic)) => panic.message().map(str::to_owned),
///         _ => None,
///     }
/// })?;
/// assert_eq!(message.as_deref(), Some("the disk is on fire"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "await it for the result, or drop it to let the job run on its own"]
pub struct BlockingTask<R>(ThreadFuture<R>);

/// A blocking job was not taken. It will not run.
#[derive(Debug)]
pub struct SpawnBlockingError(Refused);

/// Queues `job` on the pool of `handle`.
#[track_caller]
pub(crate) fn spawn<F, R>(handle: &Handle, job: F) -> Result<BlockingTask<R>, SpawnBlockingError>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (promise, future) = wrap_thread();
    let context = tulipa_task::Context::copy();
    let on_panic = handle.shared().on_panic();
    let job = move || {
        let _guard = on_panic.guard();
        context.run(job)
    };
    let job = Box::new(move |fate| match fate {
        Fate::Run => promise.run(job),
        Fate::Cancel => drop(promise),
    });
    handle
        .shared()
        .pool()
        .submit(job)
        .map_err(SpawnBlockingError)?;
    Ok(BlockingTask(future))
}

impl<R> Future for BlockingTask<R> {
    type Output = Result<R, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // That the job ends in a future of a thread concerns nobody.
        let polled = waits::quietly(|| Pin::new(&mut self.0).poll(cx));
        if polled.is_pending() {
            waits::note(Leaf::Job);
        }
        polled
    }
}

impl<R> Awaitable for BlockingTask<R> {
    type Value = R;
    type Error = Infallible;

    fn task_ref(&self) -> &TaskRef {
        self.0.task_ref()
    }

    fn take_outcome(&mut self) -> Option<Result<R, TaskError>> {
        self.0.take_outcome()
    }
}

impl<R> Deref for BlockingTask<R> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        self.0.task_ref()
    }
}

impl<R> fmt::Debug for BlockingTask<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlockingTask")
            .field(self.0.task_ref())
            .finish()
    }
}

impl SpawnBlockingError {
    /// Whether the executor has shut down. Otherwise the system had no thread.
    pub fn is_closed(&self) -> bool {
        matches!(self.0, Refused::Closed)
    }
}

impl fmt::Display for SpawnBlockingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Refused::Closed => f.write_str(
                "a blocking job on an executor that has shut down: nothing would run it; \
                 start it before `shutdown`, or on a thread of your own",
            ),
            Refused::NoThread(error) => write!(
                f,
                "a blocking job found no thread, and none could be started ({error}): \
                 raise the limit on threads, lower the stack size, or try again when others have ended",
            ),
        }
    }
}

impl std::error::Error for SpawnBlockingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Refused::Closed => None,
            Refused::NoThread(error) => Some(error),
        }
    }
}

impl From<SpawnBlockingError> for io::Error {
    /// For functions that offer blocking input and output as a future.
    fn from(error: SpawnBlockingError) -> Self {
        let kind = match &error.0 {
            Refused::Closed => io::ErrorKind::Other,
            Refused::NoThread(source) => source.kind(),
        };
        Self::new(kind, error)
    }
}
