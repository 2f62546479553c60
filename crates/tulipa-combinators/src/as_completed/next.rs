//! One completion, whichever comes next: asyncio's plain style.

use super::Supply;
use super::queue::Ticket;
use crate::Elapsed;
use crate::watch::taken;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tulipa_task::{Awaitable, TaskError, TaskRef};

/// The result of the task that ends next: made by [`AsCompleted::awaitables`](super::AsCompleted::awaitables).
///
/// # Panics
///
/// When awaited, if the result was taken by an earlier await.
///
/// # Cancellation
///
/// A request is left to the scopes around; the tasks are untouched. Dropped, it has still been one of the supply: one
/// completion will not be given out (AC-19).
#[must_use = "futures do nothing unless awaited"]
pub struct Next<A: AsRef<TaskRef>> {
    supply: Arc<Supply<A>>,
    ticket: Option<Ticket>,
}

impl<A: AsRef<TaskRef>> Next<A> {
    pub(super) fn new(supply: Arc<Supply<A>>) -> Self {
        Self {
            supply,
            ticket: None,
        }
    }

    /// The task, if time has not run out.
    pub(super) fn poll_task(&mut self, cx: &Context<'_>) -> Poll<Result<A, Elapsed>> {
        let given = ready!(self.supply.poll(&mut self.ticket, cx));
        Poll::Ready(given.map(|key| self.supply.take(key)))
    }
}

impl<A: Awaitable + AsRef<TaskRef>> Future for Next<A> {
    type Output = Result<A::Value, TaskError<A::Error>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match ready!(self.poll_task(cx)) {
            Ok(task) => Poll::Ready(outcome(task)),
            Err(_elapsed) => unreachable!("there is no limit of time"),
        }
    }
}

/// What a task that has ended came to.
pub(super) fn outcome<A: Awaitable>(mut task: A) -> Result<A::Value, TaskError<A::Error>> {
    let outcome = task.take_outcome();
    outcome.unwrap_or_else(|| taken("as_completed", task.task_ref()))
}

impl<A: AsRef<TaskRef>> Drop for Next<A> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.supply.queue.leave(ticket);
        }
    }
}

impl<A: AsRef<TaskRef>> fmt::Debug for Next<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("is_waiting", &self.ticket.is_some())
            .finish_non_exhaustive()
    }
}
