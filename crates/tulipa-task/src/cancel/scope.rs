//! Scopes: where a cancellation stops, is hidden, or begins.

use crate::cancel;
use crate::error::Cancelled;
use pin_project_lite::pin_project;
use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs `future`, and if it is cancelled gives the cancellation as a value: asyncio's `except CancelledError`.
///
/// What comes after may clean up, with awaits, and then pass the cancellation on ([`Cancelled::resume`]) or keep it,
/// which refuses the request (TC-16, TC-17). The count of requests is left as it is.
///
/// # Cancellation
///
/// A request that nobody inside has taken, or a cancellation unwinding from inside, drops `future` and comes out
/// as `Err`. Dropping the `Catch` drops `future`.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::{cancel, spawn};
///
/// let task = spawn(async {
///     match cancel::catch(std::future::pending::<()>()).await {
///         Ok(()) => unreachable!(),
///         Err(cancelled) => format!("refused: {}", cancelled.message().unwrap()),
///     }
/// });
/// run();
/// task.cancel_with("enough");
/// run();
/// assert_eq!(task.result(), Ok(Ok(&"refused: enough".to_owned())));
/// ```
pub fn catch<F: Future>(future: F) -> Catch<F> {
    Catch {
        future: Some(future),
    }
}

pin_project! {
    /// Made by [`catch`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Catch<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<F: Future> Future for Catch<F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut future = self.project().future;
        let inside = future
            .as_mut()
            .as_pin_mut()
            .expect("`catch` polled after it was ready");
        if let Poll::Ready(output) = inside.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let Some(cancelled) = cancel::take_cancellation() else {
            return Poll::Pending;
        };
        cancel::drop_inside(|| future.set(None));
        Poll::Ready(Err(cancelled))
    }
}

/// Hides requests to cancel from `future` until it is ready: for steps that must not be torn. asyncio has no such thing.
///
/// # Cancellation
///
/// A request waits, and is met at the first suspension after `future` is ready. It costs no polls meanwhile. `abort`
/// is not hidden. Cancellations that begin inside (an inner `timeout`) work as usual.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::{Deferred, cancel, spawn};
///
/// let commit = Deferred::<()>::new();
/// let task = spawn({
///     let commit = commit.clone();
///     async move { cancel::mask(async move { commit.await.unwrap() }).await }
/// });
/// run();
/// task.cancel();
/// run();
/// assert!(!task.is_done() && !commit.is_done(), "the request waits");
/// commit.set_result(()).unwrap();
/// run();
/// assert!(task.is_cancelled(), "it was met at the end");
/// ```
pub fn mask<F: Future>(future: F) -> Mask<F> {
    Mask { future }
}

pin_project! {
    /// Made by [`mask`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Mask<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Mask<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let hidden = cancel::take_request().map(Hidden::new);
        let polled = self.project().future.poll(cx);
        let hidden = hidden.and_then(Hidden::still_stands);
        // A request that the inside made to its own task meanwhile waits as well.
        let own = if polled.is_pending() {
            cancel::take_request()
        } else {
            None
        };
        match (hidden.or(own), &polled) {
            (Some(request), Poll::Ready(_)) => drop(cancel::put_request(Some(request))),
            (Some(request), Poll::Pending) => cancel::put_back(request),
            (None, _) => {}
        }
        polled
    }
}

/// A request while the inside of a mask is polled.
struct Hidden {
    request: Cancelled,
    was_counted: bool,
}

impl Hidden {
    fn new(request: Cancelled) -> Self {
        let was_counted = is_counted();
        Self {
            request,
            was_counted,
        }
    }

    /// The request, unless the inside has taken back all that there were (TC-38).
    fn still_stands(self) -> Option<Cancelled> {
        let withdrawn = self.was_counted && !is_counted();
        (!withdrawn).then_some(self.request)
    }
}

/// Whether the current task has had requests that were not taken back.
fn is_counted() -> bool {
    cancel::cancelling().is_some_and(|count| count > 0)
}

/// Raises a cancellation here, with `message`: asyncio's `raise CancelledError(message)` (TC-19).
///
/// It is never ready, and stands for a value of any type.
///
/// # Panics
///
/// When polled outside of a task.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::{cancel, spawn};
///
/// let task = spawn(async { cancel::raise::<u8>("no more").await });
/// run();
/// assert!(task.is_cancelled());
/// assert_eq!(task.cancelling(), 0, "nobody asked");
/// ```
pub fn raise<T>(message: impl Into<Cow<'static, str>>) -> Raise<T> {
    Cancelled::new(Some(message.into())).resume()
}

impl Cancelled {
    /// Passes a cancellation on that was caught: asyncio's bare `raise`. Never ready, and stands for a value of any type.
    ///
    /// # Panics
    ///
    /// When polled outside of a task.
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// use tulipa_task::{cancel, spawn};
    ///
    /// let task = spawn(async {
    ///     match cancel::catch(std::future::pending::<u8>()).await {
    ///         Ok(value) => value,
    ///         Err(cancelled) => {
    ///             // clean up, then
    ///             cancelled.resume().await
    ///         }
    ///     }
    /// });
    /// run();
    /// task.cancel();
    /// run();
    /// assert!(task.is_cancelled());
    /// ```
    pub fn resume<T>(self) -> Raise<T> {
        Raise {
            cancelled: Some(self),
            _stands_for: PhantomData,
        }
    }
}

/// Made by [`raise`] and [`Cancelled::resume`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Raise<T> {
    cancelled: Option<Cancelled>,
    _stands_for: PhantomData<fn() -> T>,
}

impl<T> Unpin for Raise<T> {}

impl<T> Future for Raise<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        if let Some(cancelled) = self.cancelled.take() {
            cancel::unwind(cancelled);
        }
        Poll::Pending
    }
}
