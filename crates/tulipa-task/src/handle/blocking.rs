//! Waiting for a task from a plain thread.

use super::Task;
use crate::cancel::ambient;
use crate::error::TaskError;
use crate::sync::{Thread, park, park_timeout};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Time ran out before the task ended. The task is not cancelled, and can be waited for again (RT-03).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StillPending;

impl fmt::Display for StillPending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the task has not ended yet: it runs on, and can be waited for again or cancelled",
        )
    }
}

impl std::error::Error for StillPending {}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl<T, E> Task<T, E> {
    /// Blocks this thread until the task has ended: for threads that are not the runtime's (RT-01).
    ///
    /// # Errors
    ///
    /// What awaiting it would give.
    ///
    /// # Panics
    ///
    /// Inside a task: it would block a worker, and perhaps the one that is to run the task. Await it there.
    pub fn result_blocking(mut self) -> Result<T, TaskError<E>> {
        self.wait_until(None)
            .expect("without a deadline it waits to the end")
    }

    /// The same for `limit` at most, in real time.
    ///
    /// # Errors
    ///
    /// [`StillPending`] if the task has not ended by then.
    ///
    /// # Panics
    ///
    /// As [`result_blocking`](Self::result_blocking).
    pub fn result_timeout(
        &mut self,
        limit: Duration,
    ) -> Result<Result<T, TaskError<E>>, StillPending> {
        // A limit too long for the clock is none.
        self.wait_until(Instant::now().checked_add(limit))
            .ok_or(StillPending)
    }

    fn wait_until(&mut self, deadline: Option<Instant>) -> Option<Result<T, TaskError<E>>> {
        assert!(
            ambient::current_header(|header| header.is_none()),
            "waiting for task `{}` by blocking inside a task: await it instead, or block in `to_thread`",
            self.name(),
        );
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(outcome) = Pin::new(&mut *self).poll(&mut cx) {
                return Some(outcome);
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => park(),
                Some(Duration::ZERO) => return None,
                Some(left) => park_timeout(left),
            }
        }
    }
}
