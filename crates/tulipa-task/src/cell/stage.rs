//! The future, then its outcome, in one place.

use super::state::End;
use crate::error::TaskError;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What the cell holds behind its header.
pub(crate) enum Stage<F, O> {
    Future(F),
    Outcome(O),
    /// The outcome was moved out or dropped; or there was never a future (a deferred that is not set).
    Empty,
}

impl<F, T, E> Stage<F, Result<T, TaskError<E>>>
where
    F: Future<Output = Result<T, E>>,
{
    /// Polls the future where it lies; when it is ready, it is dropped and its outcome takes its place.
    ///
    /// # Safety
    ///
    /// The stage is not moved while it holds a future.
    pub(crate) unsafe fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let Self::Future(future) = self else {
            unreachable!("only a task that is not done is polled");
        };
        // SAFETY: the caller's promise, and the stage only ever drops the future in place.
        let future = unsafe { Pin::new_unchecked(future) };
        let outcome = match future.poll(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(output) => output.map_err(TaskError::Failed),
        };
        let end = if outcome.is_ok() {
            End::Value
        } else {
            End::Failed
        };
        *self = Self::Outcome(outcome);
        Poll::Ready(end)
    }

    /// Drops what is there, and puts an outcome in its place. If the drop panics, the panic goes on, and the
    /// outcome is there all the same.
    pub(crate) fn end(&mut self, outcome: Result<T, TaskError<E>>) {
        *self = Self::Outcome(outcome);
    }

    pub(crate) fn outcome(&self) -> Option<&Result<T, TaskError<E>>> {
        match self {
            Self::Outcome(outcome) => Some(outcome),
            Self::Future(_) | Self::Empty => None,
        }
    }

    pub(crate) fn take(&mut self) -> Option<Result<T, TaskError<E>>> {
        match std::mem::replace(self, Self::Empty) {
            Self::Outcome(outcome) => Some(outcome),
            Self::Empty => None,
            Self::Future(_) => unreachable!("only what is done is taken"),
        }
    }
}
