//! `timeout`: a future under a limit of time, after which it is cancelled and may clean up.

mod deadline;
mod elapsed;
mod limit;
mod wait_for;

pub use deadline::{Deadline, RescheduleError};
pub use elapsed::Elapsed;
pub use wait_for::{WaitFor, WaitForError, wait_for};

use limit::{Limit, timer_at};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tulipa_task::cancel;
use tulipa_timers::{Instant, Sleep, sleep};

/// Gives `future` until `limit` has passed, counted from this call (TO-06), and then makes a request to cancel inside it.
///
/// Inside, the expiry is a cancellation as any other: it can be caught, cleaned up after, and refused (TO-07,
/// TO-10); joins pass it on (TO-30). `None` is no limit (TO-03). A future that is ready without suspending is in time,
/// whatever the limit (TO-05). Nothing is armed before the first suspension.
///
/// # Errors
///
/// [`Elapsed`] if time ran out first; by then `future` has cleaned up and is gone.
///
/// # Panics
///
/// If no timers are current on this thread and there is a limit. When awaited outside of a task: nothing could be
/// cancelled there (TO-29).
///
/// # Cancellation
///
/// A request from outside is left to `future`. If it comes together with the expiry, or while `future` reacts to that, it
/// goes on and there is no `Elapsed` (TO-15, TO-16). Of nested limits that expire together, the outermost gives the
/// error (TO-21, TO-23). Dropping this drops `future` and its timer.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use std::time::Duration;
/// use tulipa_combinators::{Elapsed, timeout};
/// use tulipa_task::spawn;
/// use tulipa_timers::{Clock, Timers, sleep};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let _timers_entered = timers.enter(0);
/// let patient = spawn(async { timeout(Duration::from_secs(1), sleep(Duration::from_secs(9)).with("bloom")).await });
/// run();
/// timers.advance(Duration::from_secs(1));
/// run();
/// assert_eq!(patient.result(), Ok(Ok(&Err(Elapsed))));
/// ```
#[track_caller]
pub fn timeout<F: IntoFuture>(
    limit: impl Into<Option<Duration>>,
    future: F,
) -> Timeout<F::IntoFuture> {
    Timeout::new(limit.into().map(sleep), None, future.into_future())
}

/// [`timeout`] with the deadline itself. One that has passed is met at the first suspension (TO-04).
///
/// # Errors
///
/// As [`timeout`].
///
/// # Panics
///
/// As [`timeout`].
///
/// # Cancellation
///
/// As [`timeout`].
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_combinators::{Elapsed, timeout_at};
/// use tulipa_task::{spawn, yield_now};
/// use tulipa_timers::{Clock, Instant, Timers};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let _timers_entered = timers.enter(0);
/// let late = spawn(async { timeout_at(Instant::START, yield_now()).await });
/// run();
/// assert_eq!(late.result(), Ok(Ok(&Err(Elapsed))));
/// ```
#[track_caller]
pub fn timeout_at<F: IntoFuture>(
    deadline: impl Into<Option<Instant>>,
    future: F,
) -> Timeout<F::IntoFuture> {
    Timeout::new(deadline.into().map(timer_at), None, future.into_future())
}

pin_project! {
    /// Made by [`timeout`], [`timeout_at`] and [`Deadline::limit`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Timeout<F> {
        // Dropped when it is cancelled.
        #[pin]
        inside: Option<F>,
        limit: Limit,
    }

    impl<F> PinnedDrop for Timeout<F> {
        fn drop(this: Pin<&mut Self>) {
            this.project().limit.leave();
        }
    }
}

impl<F> Timeout<F> {
    fn new(timer: Option<Sleep>, deadline: Option<Deadline>, future: F) -> Self {
        Self {
            inside: Some(future),
            limit: Limit::new(timer, deadline),
        }
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inside) = this.inside.as_mut().as_pin_mut() else {
            return Poll::Pending; // it is gone, and the cancellation unwinds
        };
        let limit = this.limit;
        let polled = match limit.begin_poll(cx) {
            Some(request) => cancel::ask_inside(request, || inside.poll(cx)),
            None => inside.poll(cx),
        };
        if let Poll::Ready(output) = polled {
            limit.leave();
            return Poll::Ready(Ok(output));
        }
        limit.suspend(cx);
        let Some(cancelled) = limit.take_cancellation() else {
            return Poll::Pending;
        };
        cancel::drop_inside(|| this.inside.set(None));
        limit.conclude(cancelled).map(Err)
    }
}

impl<F> fmt::Debug for Timeout<F> {
    /// When the limit is, and whether it is armed, has expired, or is over (TO-34).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timeout").field(&self.limit).finish()
    }
}
