//! The future that waits for a deadline.

use crate::instant::Instant;
use crate::timers::ShardRef;
use crate::wheel::Key;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tulipa_task::{Leaf, cancel, waits};

/// Waits for a deadline: made by [`sleep`](crate::sleep()) and its like.
///
/// The deadline is fixed when this is made, so a sleep that is awaited late ends no later. It costs nothing until its
/// first poll, which arms its timer and is always Pending; from then on it is ready once the timers
/// [fired](crate::Timers::fire) at or after its deadline. Polled again after that, it is ready again.
///
/// # Panics
///
/// If its timers were [closed](crate::Timers::close), as those of a runtime are that has ended, before its time had come.
///
/// # Cancellation
///
/// A request leaves a suspended sleep Pending, even if its time has come, and goes to the scopes around. Dropping it
/// disarms the timer; nothing is lost.
///
/// # Examples
///
/// ```
/// use futures::FutureExt;
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Timers};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let mut nap = timers.sleep(Duration::from_secs(1));
/// assert!((&mut nap).now_or_never().is_none());
/// timers.advance(Duration::from_secs(1));
/// assert!(nap.now_or_never().is_some());
/// ```
#[must_use = "a sleep does nothing unless it is awaited"]
pub struct Sleep {
    shard: ShardRef,
    deadline: Instant,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not polled since it was made or reset.
    New,
    /// The same, of no length: its first poll wakes it, without a timer.
    Zero,
    /// That wake is under way.
    Yielded,
    Armed(Key),
    Done,
}

impl Sleep {
    pub(crate) fn lasting(shard: ShardRef, duration: Duration) -> Self {
        let deadline = shard.now() + duration;
        Self {
            shard,
            deadline,
            state: State::lasting(duration),
        }
    }

    pub(crate) fn until(shard: ShardRef, deadline: Instant) -> Self {
        Self {
            shard,
            deadline,
            state: State::New,
        }
    }

    /// When it ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Instant, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// assert_eq!(timers.sleep(Duration::from_nanos(9)).deadline(), Instant::from_nanos(9));
    /// assert_eq!(timers.sleep(Duration::MAX).deadline(), Instant::NEVER);
    /// ```
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the deadline has passed, by the clock. The future may be Pending yet: that is up to
    /// [`Timers::fire`](crate::Timers::fire).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let nap = timers.sleep(Duration::from_secs(1));
    /// assert!(!nap.is_elapsed());
    /// timers.advance(Duration::from_secs(1));
    /// assert!(nap.is_elapsed());
    /// ```
    pub fn is_elapsed(&self) -> bool {
        self.shard.now() >= self.deadline
    }

    /// Moves the deadline. An armed timer is moved with it and wakes the same task; a sleep that was over sleeps again,
    /// from its next poll.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let mut idle = timers.sleep(Duration::from_secs(30));
    /// assert!((&mut idle).now_or_never().is_none());
    /// timers.advance(Duration::from_secs(29));
    /// idle.reset(timers.now() + Duration::from_secs(30)); // something came in
    /// assert_eq!(timers.advance(Duration::from_secs(29)), 0);
    /// assert_eq!(timers.advance(Duration::from_secs(1)), 1);
    /// ```
    pub fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.restart(State::New);
    }

    /// [`reset`](Self::reset) to `duration` from now.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let mut nap = timers.sleep(Duration::from_secs(1));
    /// nap.reset_after(Duration::from_secs(2));
    /// assert_eq!(nap.deadline(), timers.now() + Duration::from_secs(2));
    /// ```
    pub fn reset_after(&mut self, duration: Duration) {
        self.deadline = self.shard.now() + duration;
        self.restart(State::lasting(duration));
    }

    /// Gives `value` when the time has come: asyncio's `sleep(delay, result)`.
    ///
    /// # Cancellation
    ///
    /// That of the sleep. `value` is dropped with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let mut answer = timers.sleep(Duration::from_secs(1)).with(42);
    /// assert_eq!((&mut answer).now_or_never(), None);
    /// timers.advance(Duration::from_secs(1));
    /// assert_eq!(answer.now_or_never(), Some(42));
    /// ```
    pub fn with<T>(self, value: T) -> With<T> {
        With {
            sleep: self,
            value: Some(value),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.shard.now()
    }

    /// Whether it was polled and found Pending, since it was made, reset or disarmed.
    pub(crate) fn is_suspended(&self) -> bool {
        matches!(self.state, State::Yielded | State::Armed(_))
    }

    /// Gives the timer up; the next poll is a first one.
    pub(crate) fn disarm(&mut self) {
        if let State::Armed(key) = std::mem::replace(&mut self.state, State::New) {
            self.shard.cancel(key);
        }
    }

    /// Begins anew with another deadline, in `state` unless an armed timer could be moved there.
    fn restart(&mut self, state: State) {
        if let State::Armed(key) = self.state {
            if self.shard.rearm(key, self.deadline) {
                return;
            }
            self.shard.cancel(key);
        }
        self.state = state;
    }

    /// A poll of one that was suspended: `is_due` says whether its wake has come, and takes it if it may.
    fn finish(
        &mut self,
        cx: &Context<'_>,
        is_due: impl FnOnce(&Self, bool) -> Poll<()>,
    ) -> Poll<()> {
        let may_complete = !cancel::requested();
        match is_due(self, may_complete) {
            Poll::Pending => self.suspend(),
            Poll::Ready(()) if may_complete => {
                let was = std::mem::replace(&mut self.state, State::Done);
                if let State::Armed(_) = was {
                    self.shard.refuse_closed(self.deadline);
                }
                Poll::Ready(())
            }
            Poll::Ready(()) => {
                // If the request goes elsewhere (a join beside this one forwards it), nobody else would wake this.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    /// Pending, until the deadline.
    #[inline]
    fn suspend<T>(&self) -> Poll<T> {
        let deadline = self.deadline - Instant::START;
        waits::note(Leaf::Timer(deadline));
        Poll::Pending
    }
}

impl State {
    fn lasting(duration: Duration) -> Self {
        if duration.is_zero() {
            Self::Zero
        } else {
            Self::New
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.state {
            State::New => {
                // An overdue one is armed too: asking the clock costs more than the timer, and others get their turn.
                self.state = State::Armed(self.shard.arm(self.deadline, cx.waker().clone()));
                self.suspend()
            }
            State::Zero => {
                self.state = State::Yielded;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            State::Yielded => self.finish(cx, |_, _| Poll::Ready(())),
            State::Armed(key) => {
                self.finish(cx, |this, take| this.shard.poll(key, cx.waker(), take))
            }
            State::Done => Poll::Ready(()),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .field("state", &self.state)
            .finish()
    }
}

/// Waits and then gives a value: made by [`Sleep::with`].
///
/// # Cancellation
///
/// That of [`Sleep`]. Dropping this drops the value.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Timers, With};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let _tea: With<&str> = timers.sleep(Duration::from_secs(300)).with("tea");
/// ```
#[derive(Debug)]
#[must_use = "a sleep does nothing unless it is awaited"]
pub struct With<T> {
    sleep: Sleep,
    value: Option<T>,
}

/// The value is moved out, never pinned.
impl<T> Unpin for With<T> {}

impl<T> Future for With<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.sleep).poll(cx).map(|()| {
            self.value
                .take()
                .expect("a sleep with a value was polled after it gave the value: await it once")
        })
    }
}
