//! Why a `main` was not run, or gave no value.

use crate::current;
use crate::deadlock::Deadlock;
use std::fmt;
use tulipa_task::{Cancelled, Panic, TaskError};

/// `block_on` has no value to give.
#[derive(Debug)]
#[non_exhaustive]
pub enum BlockOnError {
    /// It was called inside a task or on a worker's thread, which it would block.
    Nested,
    /// Another thread is inside `block_on` of this executor.
    Occupied,
    /// A current-thread executor stays on the thread of its first `block_on`.
    OtherThread,
    /// The executor has shut down.
    Closed,
    /// Main was cancelled, and let the cancellation through.
    Cancelled(Cancelled),
    /// Main panicked. [`Panic::resume`] goes on with it.
    Panicked(Panic),
    /// Main waits for what will never happen. Only the deterministic flavour finds out.
    Deadlock(Deadlock),
}

/// An error if this thread must not block: it runs a task, or is a worker.
pub(crate) fn refuse_nested() -> Result<(), BlockOnError> {
    if current::is_worker() || tulipa_task::current_task().is_some() {
        return Err(BlockOnError::Nested);
    }
    Ok(())
}

impl From<TaskError> for BlockOnError {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            TaskError::Panicked(panic) => Self::Panicked(panic),
            TaskError::Failed(never) => match never {},
        }
    }
}

impl fmt::Display for BlockOnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nested => f.write_str(
                "block_on inside a task: it would block the worker that is to run other tasks; \
                 await the future or spawn it, or call block_on in a blocking job (`spawn_blocking`, `to_thread`)",
            ),
            Self::Occupied => f.write_str(
                "block_on while another thread is inside block_on of the same executor: \
                 spawn the future (`Handle::spawn`) and wait for the task (`result_blocking`)",
            ),
            Self::OtherThread => f.write_str(
                "block_on of a current-thread executor on another thread than its first: \
                 call it there, spawn on its handle from here, or make it a multi-threaded executor",
            ),
            Self::Closed => f.write_str(
                "block_on on an executor that has shut down: nothing would run the future; \
                 call it before `shutdown`, or build another executor",
            ),
            Self::Cancelled(cancelled) => write!(f, "main was {cancelled}"),
            Self::Panicked(panic) => write!(f, "main {panic}"),
            Self::Deadlock(deadlock) => deadlock.fmt(f),
        }
    }
}

impl std::error::Error for BlockOnError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Cancelled(cancelled) => Some(cancelled),
            Self::Panicked(panic) => Some(panic),
            Self::Deadlock(deadlock) => Some(deadlock),
            Self::Nested | Self::Occupied | Self::OtherThread | Self::Closed => None,
        }
    }
}
