//! `wait_for`: a task under a limit of time.

use super::{Timeout, timeout};
use crate::shield::{Shield, shield};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tulipa_task::{Awaitable, IntoTask, TaskError};

/// Awaits a task for `limit` at most; then cancels it, and waits until it has ended (WF-05).
///
/// If it refuses the cancellation and gives a value, or fails, that is the result (WF-06, WF-07). With no time at all, a task
/// that has ended gives its result, any other is cancelled, before it begins if it has not (WF-08 to WF-11). To leave
/// the task alone when time runs out, give a [`shield`](crate::shield()) (WF-22). A future that is not a task goes under
/// [`timeout`](crate::timeout()).
///
/// # Errors
///
/// [`WaitForError::Elapsed`] if time ran out and the task ended cancelled; [`WaitForError::Ended`] with whatever else the
/// task ended with that was no value, a cancellation by somebody else included (WF-17).
///
/// # Panics
///
/// As [`timeout`](crate::timeout()), and as awaiting the task.
///
/// # Cancellation
///
/// A request is passed on to the task, and the cancellation goes on when that has ended so (WF-13, WF-14). With no time
/// at all, the task is being cancelled already, and a request does not wait for it (WF-12).
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use std::time::Duration;
/// use tulipa_combinators::{WaitForError, wait_for};
/// use tulipa_task::spawn;
/// use tulipa_timers::{Clock, Timers};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let _timers_entered = timers.enter(0);
/// let eternity = spawn(std::future::pending::<()>());
/// let main = spawn(async { wait_for(eternity, Duration::from_secs(1)).await });
/// run();
/// timers.advance(Duration::from_secs(1));
/// run();
/// assert_eq!(main.result(), Ok(Ok(&Err(WaitForError::Elapsed))));
/// ```
#[track_caller]
pub fn wait_for<A: IntoTask>(task: A, limit: impl Into<Option<Duration>>) -> WaitFor<A::Task> {
    let task = task.into_task();
    WaitFor(match limit.into() {
        Some(Duration::ZERO) => Wait::NoTime {
            task: shield(task),
            asked: None,
        },
        limit => Wait::Limited(timeout(limit, task)),
    })
}

/// Made by [`wait_for`].
#[must_use = "futures do nothing unless awaited"]
pub struct WaitFor<A: Awaitable>(Wait<A>);

enum Wait<A: Awaitable> {
    Limited(Timeout<A>),
    /// `asked`: whether the task was cancelled here; `None` before it was.
    NoTime {
        task: Shield<A>,
        asked: Option<bool>,
    },
}

/// How a [`wait_for`] ended that gave no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitForError<E = Infallible> {
    /// Time ran out, and the task was cancelled.
    Elapsed,
    /// The task ended by itself.
    Ended(TaskError<E>),
}

impl<A: Awaitable> Future for WaitFor<A> {
    type Output = Result<A::Value, WaitForError<A::Error>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            Wait::Limited(limited) => match std::task::ready!(Pin::new(limited).poll(cx)) {
                Ok(outcome) => outcome,
                Err(_elapsed) => return Poll::Ready(Err(WaitForError::Elapsed)),
            },
            Wait::NoTime { task, asked } => {
                let polled = Pin::new(&mut *task).poll(cx);
                if polled.is_pending() {
                    // After it began to wait: a deferred ends at once, and that too is waited for, so that others have a turn.
                    asked.get_or_insert_with(|| task.task_ref().cancel());
                }
                match (std::task::ready!(polled), *asked) {
                    (Err(TaskError::Cancelled(_)), Some(true)) => {
                        return Poll::Ready(Err(WaitForError::Elapsed));
                    }
                    (outcome, _) => outcome,
                }
            }
        };
        Poll::Ready(outcome.map_err(WaitForError::Ended))
    }
}

impl<A: Awaitable> fmt::Debug for WaitFor<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Wait::Limited(limited) => f.debug_tuple("WaitFor").field(limited).finish(),
            Wait::NoTime { task, .. } => f.debug_tuple("WaitFor").field(task).finish(),
        }
    }
}

impl<E: fmt::Display> fmt::Display for WaitForError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elapsed => f.write_str("the time limit ran out, and the task was cancelled"),
            Self::Ended(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for WaitForError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Elapsed => None,
            Self::Ended(error) => error.source(),
        }
    }
}
