//! `yield_now`: one turn for the others.

use crate::cancel;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Gives way once: what can run and was queued before runs first (asyncio's `sleep(0)`, S-02).
///
/// # Cancellation
///
/// A request is met here, once the task has given way (TC-10). Dropping it loses nothing.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::{Deferred, spawn, yield_now};
///
/// let first = Deferred::<&str>::new();
/// let polite = spawn({ let first = first.clone(); async move {
///     yield_now().await;
///     first.set_result("polite").is_ok()
/// } });
/// let other = spawn({ let first = first.clone(); async move { first.set_result("other").is_ok() } });
/// run();
/// assert_eq!((polite.result(), other.result()), (Ok(Ok(&false)), Ok(Ok(&true))));
/// ```
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// Made by [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.yielded {
            self.yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        } else if cancel::requested() {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}
