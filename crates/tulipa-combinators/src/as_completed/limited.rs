//! `as_completed` under a limit of time.

use super::next::outcome;
use super::{Feed, Next};
use crate::{Elapsed, WaitForError};
use futures::Stream;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tulipa_task::{Awaitable, TaskRef};

/// The tasks as they end, until time runs out; then an [`Elapsed`] for each that has not ended, and the end (AC-09). Made
/// by [`AsCompleted::timeout`](super::AsCompleted::timeout).
///
/// What has not ended runs on, uncancelled (AC-10). What had ended in time and was not taken before is still given.
///
/// # Cancellation
///
/// As for [`as_completed`](crate::as_completed()).
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use futures::StreamExt;
/// use std::time::Duration;
/// use tulipa_combinators::as_completed;
/// use tulipa_task::spawn;
/// use tulipa_timers::{Clock, Timers, sleep};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let _timers_entered = timers.enter(0);
/// let main = spawn(async {
///     let tasks = [1, 9].map(|seconds| spawn(sleep(Duration::from_secs(seconds))));
///     let stream = as_completed(tasks).timeout(Duration::from_secs(5));
///     stream.map(|next| next.is_ok()).collect::<Vec<_>>().await
/// });
/// run();
/// while timers.advance_to_next() {
///     run();
/// }
/// assert_eq!(main.result(), Ok(Ok(&vec![true, false])));
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct AsCompletedWithin<A: AsRef<TaskRef>>(pub(super) Feed<A>);

impl<A: AsRef<TaskRef>> AsCompletedWithin<A> {
    /// Futures of the results, as [`AsCompleted::awaitables`](super::AsCompleted::awaitables). Those that time runs out
    /// for say so (AC-08).
    pub fn awaitables(&mut self) -> impl Iterator<Item = NextWithin<A>> {
        std::iter::from_fn(|| self.0.claim().map(|supply| NextWithin(Next::new(supply))))
    }

    /// The tasks that were not given out: what to cancel when time has run out.
    pub fn rest(&self) -> Vec<TaskRef> {
        self.0.supply.rest()
    }
}

impl<A: AsRef<TaskRef>> Stream for AsCompletedWithin<A> {
    type Item = Result<A, Elapsed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.left, Some(self.0.left))
    }
}

/// The result of the task that ends next, if one does in time: made by
/// [`AsCompletedWithin::awaitables`](AsCompletedWithin::awaitables).
///
/// # Errors
///
/// [`WaitForError::Elapsed`] if time ran out; [`WaitForError::Ended`] if the task did not end with a value.
///
/// # Cancellation
///
/// As for [`Next`].
#[must_use = "futures do nothing unless awaited"]
pub struct NextWithin<A: AsRef<TaskRef>>(Next<A>);

impl<A: Awaitable + AsRef<TaskRef>> Future for NextWithin<A> {
    type Output = Result<A::Value, WaitForError<A::Error>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.0.poll_task(cx)) {
            Ok(task) => outcome(task).map_err(WaitForError::Ended),
            Err(Elapsed) => Err(WaitForError::Elapsed),
        })
    }
}

impl<A: AsRef<TaskRef>> fmt::Debug for AsCompletedWithin<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedWithin")
            .field("left", &self.0.left)
            .finish_non_exhaustive()
    }
}

impl<A: AsRef<TaskRef>> fmt::Debug for NextWithin<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
