//! `timeout`: a future under a limit of time, after which it is cancelled and may clean up.

mod deadline;
mod elapsed;
mod wait_for;

pub use deadline::{Deadline, RescheduleError};
pub use elapsed::Elapsed;
pub use wait_for::{WaitFor, WaitForError, wait_for};

use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tulipa_task::{Cancelled, TaskRef, cancel, current_task};
use tulipa_timers::{Instant, Sleep, now, sleep, sleep_until};

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

/// A timer that is due in the next turn if `deadline` has passed (TO-04), not when somebody looks at the clock.
#[track_caller]
fn timer_at(deadline: Instant) -> Sleep {
    if deadline <= now() {
        sleep(Duration::ZERO)
    } else {
        sleep_until(deadline)
    }
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
            limit: Limit {
                timer,
                deadline,
                stage: Stage::New,
                count_at_entry: 0,
                asked: None,
            },
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

/// The limit of time, and how far it has come.
struct Limit {
    /// `None`: there is no limit.
    timer: Option<Sleep>,
    /// The handle that can move it.
    deadline: Option<Deadline>,
    stage: Stage,
    /// How many requests the task had had when it came in: an old one does not count against the expiry (TO-17).
    count_at_entry: usize,
    /// The task, while its count includes the request of this limit.
    asked: Option<TaskRef>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    /// Polled, and never Pending yet.
    Entered,
    Armed,
    Expired,
    Over,
}

impl Limit {
    /// Answers with the request that is to be made inside, if time has run out.
    ///
    /// This comes before the inside is polled, so that a leaf in it that became ready at the same moment meets the request
    /// (TO-31), and so do limits inside, which then leave the error to this one (TO-23).
    fn begin_poll(&mut self, cx: &mut Context<'_>) -> Option<Cancelled> {
        match self.stage {
            Stage::New => self.enter(),
            Stage::Armed => {
                if self.follow_deadline() {
                    self.arm(cx);
                } else if self.is_due(cx) {
                    return Some(self.expire());
                }
            }
            Stage::Entered | Stage::Expired | Stage::Over => {}
        }
        None
    }

    fn enter(&mut self) {
        self.stage = Stage::Entered;
        self.count_at_entry = cancel::cancelling().expect(
            "a timeout was awaited outside of a task, where nothing could be cancelled: \
             await it in one, started with `spawn` or `run`",
        );
        if let Some(deadline) = &self.deadline {
            deadline.enter();
        }
    }

    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(timer) = &mut self.timer else {
            return false;
        };
        // A request from outside holds leaves back, but not this look at the time (TO-15).
        let hidden = cancel::take_request();
        let is_due = Pin::new(timer).poll(cx).is_ready();
        if hidden.is_some() {
            cancel::put_request(hidden);
        }
        is_due
    }

    fn expire(&mut self) -> Cancelled {
        self.stage = Stage::Expired;
        if let Some(deadline) = &self.deadline {
            deadline.expire();
        }
        cancel::count();
        self.asked = current_task();
        cancel::own_request()
    }

    /// The inside is Pending.
    fn suspend(&mut self, cx: &mut Context<'_>) {
        let was_moved = self.follow_deadline();
        let is_first = self.stage == Stage::Entered;
        if is_first || (self.stage == Stage::Armed && was_moved) {
            self.stage = Stage::Armed;
            self.arm(cx);
        }
        if let Some(deadline) = &self.deadline {
            deadline.wake_when_moved(cx.waker());
        }
    }

    fn arm(&mut self, cx: &mut Context<'_>) {
        let Some(timer) = &mut self.timer else { return };
        if cancel::requested() && timer.is_elapsed() {
            // Two requests at one suspension are met as one (TO-19).
            let _the_other_is_there = self.expire();
            return;
        }
        let armed = Pin::new(timer).poll(cx);
        debug_assert!(armed.is_pending(), "the first poll of a sleep is Pending");
    }

    /// Takes over what the handle was told. Answers whether it was told anything.
    fn follow_deadline(&mut self) -> bool {
        let Some(moved) = self.deadline.as_ref().and_then(Deadline::take_move) else {
            return false;
        };
        self.timer = moved.map(timer_at);
        true
    }

    /// The cancellation that comes out of the inside, if this limit had a part in it.
    fn take_cancellation(&self) -> Option<Cancelled> {
        if self.stage == Stage::Expired {
            cancel::take_cancellation()
        } else {
            None // it is for the scopes around, which drop this
        }
    }

    /// A cancellation came out, and the inside is gone. Whose was it?
    fn conclude(&mut self, cancelled: Cancelled) -> Poll<Elapsed> {
        let left = self.asked.take().map_or(0, |task| task.uncancel());
        self.leave();
        if left <= self.count_at_entry {
            return Poll::Ready(Elapsed);
        }
        cancel::unwind(cancelled);
        Poll::Pending
    }

    /// The inside is through or given up: the timer goes, and the count is what it was.
    fn leave(&mut self) {
        if let Some(task) = self.asked.take() {
            task.uncancel();
        }
        self.timer = None;
        if let Some(deadline) = self.deadline.take() {
            deadline.leave();
        }
        self.stage = Stage::Over;
    }
}

impl<F> fmt::Debug for Timeout<F> {
    /// What the limit is, and whether it is active, expired or finished (TO-34).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deadline = self.limit.timer.as_ref().map(Sleep::deadline);
        f.debug_struct("Timeout")
            .field("deadline", &deadline)
            .field("stage", &self.limit.stage)
            .finish_non_exhaustive()
    }
}
