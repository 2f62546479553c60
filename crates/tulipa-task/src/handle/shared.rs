//! `SharedTask`: a task whose result is read by many.

use super::{Awaitable, Join, Task, TaskRef};
use crate::error::{InvalidState, TaskError};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A task whose result each holder gets as a clone, as often as it asks (T-02, T-03). Made by [`Task::shared`].
///
/// # Cancellation
///
/// As for [`Task`]: a request to one awaiter is passed on to the task, and so reaches every other (TC-31). What only
/// waits and is not to cancel goes through `shield`.
pub struct SharedTask<T, E = Infallible> {
    task: Arc<Task<T, E>>,
    join: Join,
}

impl<T, E> SharedTask<T, E> {
    pub(crate) fn new(task: Task<T, E>) -> Self {
        Self {
            task: Arc::new(task),
            join: Join::new(),
        }
    }

    /// What the task came to, by reference.
    ///
    /// # Errors
    ///
    /// [`InvalidState::Pending`] if it has not ended.
    pub fn result(&self) -> Result<Result<&T, &TaskError<E>>, InvalidState> {
        self.task.result()
    }

    /// What it failed with, `None` if it gave a value.
    ///
    /// # Errors
    ///
    /// As [`result`](Self::result).
    pub fn error(&self) -> Result<Option<&TaskError<E>>, InvalidState> {
        self.task.error()
    }
}

impl<T: Clone, E: Clone> Future for SharedTask<T, E> {
    type Output = Result<T, TaskError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        std::task::ready!(this.join.poll(this.task.task_ref(), cx));
        Poll::Ready(this.take_outcome().expect("it is done"))
    }
}

impl<T: Clone, E: Clone> Awaitable for SharedTask<T, E> {
    type Value = T;
    type Error = E;

    fn task_ref(&self) -> &TaskRef {
        self.task.task_ref()
    }

    fn take_outcome(&mut self) -> Option<Result<T, TaskError<E>>> {
        let outcome = self.result().ok()?;
        Some(outcome.cloned().map_err(Clone::clone))
    }
}

impl<T, E> AsRef<TaskRef> for SharedTask<T, E> {
    fn as_ref(&self) -> &TaskRef {
        self.task.task_ref()
    }
}

impl<T, E> Deref for SharedTask<T, E> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        self.task.task_ref()
    }
}

impl<T, E> Clone for SharedTask<T, E> {
    /// Another holder, which waits for itself.
    fn clone(&self) -> Self {
        Self {
            task: self.task.clone(),
            join: Join::new(),
        }
    }
}

impl<T, E> Drop for SharedTask<T, E> {
    fn drop(&mut self) {
        self.join.leave(self.task.task_ref());
    }
}

impl<T, E> fmt::Debug for SharedTask<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task.fmt(f)
    }
}
