//! A future that is not `Send`, in a cell that is: it checks the thread.

use crate::sync::{Counter, thread_local};
use std::cell::Cell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Polls and drops its future on the thread that made it, and nowhere else.
pub(crate) struct ThreadBound<F> {
    thread: u64,
    future: ManuallyDrop<F>,
}

static NEXT_THREAD: Counter = Counter::from(1);

thread_local! {
    /// Nought until it is asked for.
    static NUMBER: Cell<u64> = const { Cell::new(0) };
}

/// The number of the calling thread; no two in the process ever have the same. `std`'s own would be two updates of a count that
/// other threads share, and this is asked at every poll.
fn this_thread() -> u64 {
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(NEXT_THREAD.take(1));
        }
        number.get()
    })
}

impl<F> ThreadBound<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            thread: this_thread(),
            future: ManuallyDrop::new(future),
        }
    }

    fn check(&self, what: &str) {
        assert!(
            self.thread == this_thread(),
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
