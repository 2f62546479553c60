//! `cancel_within`: cancel, wait for the cleanup, but not for ever.

use crate::shield::{Shield, shield};
use crate::watch::refuse_itself;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tulipa_task::{Awaitable, Cancelled, TaskError, current_task, waits};
use tulipa_timers::{Sleep, sleep};

/// What a handle to a task can do where there are timers.
pub trait TaskExt: Awaitable + Sized {
    /// Cancels the task, waits up to `grace` for it to end, then aborts it. The result says which happened.
    ///
    /// The request is made, and the time begins, when this is first awaited. With no time at all, a task that does not end
    /// inside `cancel` itself (a [`Deferred`](tulipa_task::Deferred) does) is aborted at once; with
    /// [`Duration::MAX`] never. To keep the handle, give a reference: `(&mut task).cancel_within(grace)`.
    ///
    /// Nothing can be done about a poll that does not return: the abort, and with it this future, waits for that.
    ///
    /// # Panics
    ///
    /// When polled: if no timers are current on this thread, if the task is the one that awaits, or if its result was
    /// taken by an earlier await.
    ///
    /// # Cancellation
    ///
    /// A request is left to the scopes around, which drop this future. The task has had its request, and
    /// ends in its own time: nobody aborts it any more, if that was not done yet. Inside [`cancel::mask`] the wait goes on
    /// to its end, which is `grace` away at most. Dropping this future does the same as a request.
    ///
    /// [`cancel::mask`]: tulipa_task::cancel::mask
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// use std::time::Duration;
    /// use tulipa_combinators::{Ending, TaskExt};
    /// use tulipa_task::{cancel, spawn};
    /// use tulipa_timers::{Clock, Timers, sleep};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let _timers_entered = timers.enter(0);
    /// let hoarder = spawn(async {
    ///     let Err(cancelled) = cancel::catch(std::future::pending::<()>()).await else { return };
    ///     sleep(Duration::from_secs(3600)).await; // puts everything into boxes
    ///     cancelled.resume().await
    /// });
    /// run();
    /// let landlord = spawn(hoarder.cancel_within(Duration::from_secs(60)));
    /// run();
    /// timers.advance(Duration::from_secs(60));
    /// run();
    /// assert_eq!(landlord.result(), Ok(Ok(&Ending::Aborted)));
    /// ```
    fn cancel_within(self, grace: Duration) -> CancelWithin<Self> {
        CancelWithin {
            task: shield(self),
            grace,
            step: Step::New,
        }
    }
}

impl<A: Awaitable> TaskExt for A {}

/// How a task ended that was [cancelled with a limit](TaskExt::cancel_within).
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use std::time::Duration;
/// use tulipa_combinators::{Ending, TaskExt};
/// use tulipa_task::spawn;
///
/// let task = spawn(std::future::pending::<()>());
/// let said = spawn(async move {
///     match task.cancel_within(Duration::ZERO).await {
///         Ending::ByItself(_) => "it had ended",
///         Ending::Cancelled(_) => "it cleaned up",
///         Ending::Aborted => "it was torn off",
///     }
/// });
/// run();
/// assert_eq!(said.result(), Ok(Ok(&"it was torn off")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending<T, E = Infallible> {
    /// It had ended before the request, or in spite of it: with a value, an error, a panic, or somebody else's cancellation.
    ByItself(Result<T, TaskError<E>>),
    /// It let the cancellation through, in time.
    Cancelled(Cancelled),
    /// Time ran out, and it was aborted.
    Aborted,
}

/// Made by [`TaskExt::cancel_within`].
#[must_use = "futures do nothing unless awaited: neither does this cancel"]
pub struct CancelWithin<A: Awaitable> {
    task: Shield<A>,
    grace: Duration,
    step: Step,
}

/// How far it has come.
#[derive(Debug)]
enum Step {
    New,
    /// The request was made, and was not too late.
    Cancelled(Sleep),
    /// The abort was not too late either.
    Aborted,
    /// It was too late for one of them: the task has ended, or is about to.
    TooLate {
        /// Whether the request was made before.
        asked: bool,
    },
}

impl<A: Awaitable> CancelWithin<A> {
    /// The first step; the task has not ended, and is being watched.
    fn cancel(&self) -> Step {
        // Before the request: where there are no timers, nothing is done.
        let timer = (!self.grace.is_zero()).then(|| sleep(self.grace));
        match (self.task.task_ref().cancel(), timer) {
            (true, Some(timer)) => Step::Cancelled(timer),
            (true, None) => self.abort(),
            (false, _) => Step::TooLate { asked: false },
        }
    }

    fn abort(&self) -> Step {
        match self.task.task_ref().abort() {
            true => Step::Aborted,
            false => Step::TooLate { asked: true },
        }
    }

    fn conclude(
        &self,
        outcome: Result<A::Value, TaskError<A::Error>>,
    ) -> Ending<A::Value, A::Error> {
        match (outcome, &self.step) {
            (Err(TaskError::Cancelled(_)), Step::Aborted) => Ending::Aborted,
            (
                Err(TaskError::Cancelled(cancelled)),
                Step::Cancelled(_) | Step::TooLate { asked: true },
            ) => Ending::Cancelled(cancelled),
            (outcome, _) => Ending::ByItself(outcome),
        }
    }
}

impl<A: Awaitable> Future for CancelWithin<A> {
    type Output = Ending<A::Value, A::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Step::New = this.step {
            let task = this.task.task_ref();
            refuse_itself("cancel_within", [task], current_task().as_ref());
        }
        if let Poll::Ready(outcome) = Pin::new(&mut this.task).poll(cx) {
            return Poll::Ready(this.conclude(outcome));
        }
        if let Step::New = this.step {
            this.step = this.cancel();
        }
        if let Step::Cancelled(timer) = &mut this.step {
            ready!(waits::quietly(|| Pin::new(timer).poll(cx))); // a limit, and no leaf
            this.step = this.abort();
        }
        Poll::Pending
    }
}

impl<A: Awaitable> fmt::Debug for CancelWithin<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelWithin")
            .field("task", self.task.task_ref())
            .field("grace", &self.grace)
            .field("step", &self.step)
            .finish()
    }
}
