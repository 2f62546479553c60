//! `to_thread`: what blocks, on a thread that may.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tulipa_executor::{BlockingTask, Handle};
use tulipa_task::TaskError;

/// Runs `job` on a thread of the blocking pool, when this is first awaited: asyncio's `to_thread`.
///
/// Nothing is submitted before (TT-06). The job sees the caller's context variables as of that moment (TT-05).
///
/// # Errors
///
/// [`TaskError::Panicked`] if `job` panics.
///
/// # Panics
///
/// When polled outside of a runtime, or on one that has shut down (TT-11), or if the system has no thread for it.
///
/// # Cancellation
///
/// A request ends the await at once: a job that still waits for a thread never runs (TT-08), one that runs goes on to its
/// end, and what it gives is dropped (TT-07). Dropping the future does the same.
///
/// # Examples
///
/// ```
/// let sum = tulipa::run(async { tulipa::to_thread(|| (1..=100).sum::<u32>()).await });
/// assert_eq!(sum.unwrap(), Ok(5050));
/// ```
pub fn to_thread<F, R>(job: F) -> ToThread<F, R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    ToThread {
        state: State::Ready(job),
    }
}

/// Made by [`to_thread`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ToThread<F, R> {
    state: State<F, R>,
}

#[derive(Debug)]
enum State<F, R> {
    Ready(F),
    Submitted(BlockingTask<R>),
    Refused,
}

impl<F, R> Unpin for ToThread<F, R> {}

impl<F, R> Future for ToThread<F, R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    type Output = Result<R, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut self.state {
                State::Submitted(task) => return Pin::new(task).poll(cx),
                _ => {
                    let State::Ready(job) = std::mem::replace(&mut self.state, State::Refused)
                    else {
                        panic!("to_thread polled again after it was refused");
                    };
                    let handle = Handle::current().expect(
                        "to_thread outside of a runtime: await it in a task, inside `tulipa::run`; \
                         from a plain thread, call the function",
                    );
                    self.state = State::Submitted(handle.spawn_blocking(job));
                }
            }
        }
    }
}
