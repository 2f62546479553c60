//! `finally`: cleanup that may await.

use crate::cancel::{self, Catch, Raise};
use crate::unwind;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Runs `future`, then `cleanup`, however `future` ends: with a value, by a cancellation (which goes on when the cleanup is
/// through), or by a panic (which goes on too).
///
/// # Cancellation
///
/// Another request that comes while the cleanup runs is met inside it, and cuts it short (TC-25); `finally(fut,
/// mask(cleanup))` keeps it whole. If the future is dropped or its task aborted, the cleanup does not run: what must happen even
/// then belongs in a destructor.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::{Deferred, cancel, spawn};
///
/// let closed = Deferred::<&str>::new();
/// let task = spawn({
///     let closed = closed.clone();
///     cancel::finally(std::future::pending::<()>(), async move { closed.set_result("in order").unwrap() })
/// });
/// run();
/// task.cancel();
/// run();
/// assert!(task.is_cancelled());
/// assert_eq!(closed.result(), Ok(Ok(&"in order")));
/// ```
pub fn finally<F: Future, C: Future>(future: F, cleanup: C) -> Finally<F, C> {
    Finally {
        body: Some(cancel::catch(future)),
        ended: None,
        cleanup,
        raise: None,
    }
}

pin_project! {
    /// Made by [`finally`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Finally<F: Future, C> {
        #[pin]
        body: Option<Catch<F>>,
        ended: Option<Ended<F::Output>>,
        #[pin]
        cleanup: C,
        raise: Option<Raise<F::Output>>,
    }
}

/// How the body ended.
enum Ended<T> {
    Caught(Result<T, crate::Cancelled>),
    Panicked(crate::Panic),
}

impl<F: Future, C: Future> Future for Finally<F, C> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(body) = this.body.as_mut().as_pin_mut() {
            *this.ended = Some(match unwind::catch(|| body.poll(cx)) {
                Ok(polled) => Ended::Caught(ready!(polled)),
                Err(panic) => Ended::Panicked(panic),
            });
            // A destructor that panics here leaves an empty `Option` behind, and the panic goes on.
            this.body.set(None);
        }
        if let Some(raise) = this.raise {
            return Pin::new(raise).poll(cx);
        }
        ready!(this.cleanup.poll(cx));
        match this
            .ended
            .take()
            .expect("`finally` polled after it was ready")
        {
            Ended::Caught(Ok(output)) => Poll::Ready(output),
            Ended::Caught(Err(cancelled)) => {
                let raise = this.raise.insert(cancelled.resume());
                Pin::new(raise).poll(cx)
            }
            Ended::Panicked(panic) => panic.resume(),
        }
    }
}

impl<F: Future, C> std::fmt::Debug for Finally<F, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finally")
            .field("cleaning_up", &self.ended.is_some())
            .finish_non_exhaustive()
    }
}
