//! A future that is not `Send`, in a cell that is: it checks the thread.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};

/// Polls and drops its future on the thread that made it, and nowhere else.
pub(crate) struct ThreadBound<F> {
    thread: ThreadId,
    future: ManuallyDrop<F>,
}

impl<F> ThreadBound<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            thread: thread::current().id(),
            future: ManuallyDrop::new(future),
        }
    }

    fn check(&self, what: &str) {
        assert!(
            self.thread == thread::current().id(),
            "a task made by spawn_local was {what} on another thread: its executor must run and drop it on its own",
        );
    }
}

impl<F: Future> Future for ThreadBound<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.check("polled");
        // SAFETY: structural pinning: the future is never moved out of a `ThreadBound`, and is dropped where it lies.
        let future = unsafe { self.map_unchecked_mut(|this| &mut *this.future) };
        future.poll(cx)
    }
}

impl<F> Drop for ThreadBound<F> {
    fn drop(&mut self) {
        self.check("dropped"); // if not, it is leaked: there is nobody who could drop it
        // SAFETY: this is the one drop, and the thread is the future's own.
        unsafe { ManuallyDrop::drop(&mut self.future) };
    }
}
