//! What can keep a runtime from running.

use std::fmt;
use std::io;
use tulipa_executor::BlockOnError;
use tulipa_task::{Cancelled, Panic};

/// Why `run` has no output to give.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// The main task was cancelled, and let the cancellation through.
    Cancelled(Cancelled),
    /// Ctrl-C was pressed, and the main task let the cancellation through.
    Interrupted,
    /// The runtime could not be built.
    Build(BuildError),
    /// It could not be run here; or nothing could run any more (the deterministic flavour), and who waits for whom is
    /// in the message.
    Refused(BlockOnError),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled(cancelled) => write!(f, "the main task was {cancelled}"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Build(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RunError {
    /// What is behind the error that it shows as its own.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Cancelled(cancelled) => Some(cancelled),
            Self::Interrupted => None,
            Self::Build(error) => error.source(),
            Self::Refused(error) => error.source(),
        }
    }
}

/// Why a runtime could not be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The settings make no executor, or the system has no thread for the watchdog.
    Executor(tulipa_executor::BuildError),
    /// The system has no descriptor left to wait for sockets with.
    Reactor(io::Error),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executor(error) => error.fmt(f),
            Self::Reactor(error) => write!(
                f,
                "a runtime needs a few descriptors to wait for sockets with, and the system has none left: {error}; \
                 close some, or raise the limit (ulimit -n)"
            ),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Executor(error) => Some(error),
            Self::Reactor(error) => Some(error),
        }
    }
}

/// Sets a panic of main apart from what keeps it from running: it is to go on, but later.
pub(super) fn split<T>(ended: Result<T, BlockOnError>) -> Result<Result<T, Panic>, RunError> {
    match ended {
        Ok(output) => Ok(Ok(output)),
        Err(BlockOnError::Panicked(panic)) => Ok(Err(panic)),
        Err(BlockOnError::Cancelled(cancelled)) => Err(RunError::Cancelled(cancelled)),
        Err(error) => Err(RunError::Refused(error)),
    }
}
