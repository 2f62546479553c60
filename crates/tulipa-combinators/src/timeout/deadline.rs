//! A limit that can be moved while it is in force: asyncio's `Timeout` object.

use super::Timeout;
use super::limit::timer_at;
use parking_lot::Mutex;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;
use tulipa_timers::{Instant, now};

/// A deadline for one future, that can be asked and moved meanwhile. Clones are handles to the same one.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use std::time::Duration;
/// use tulipa_combinators::Deadline;
/// use tulipa_task::spawn;
/// use tulipa_timers::{Clock, Timers, now, sleep};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let _timers_entered = timers.enter(0);
/// let download = spawn(async {
///     let deadline = Deadline::after(Duration::from_secs(10));
///     let whole = deadline.limit(async {
///         for _part in 0..3 {
///             sleep(Duration::from_secs(8)).await;
///             deadline.reschedule(now() + Duration::from_secs(10)).unwrap(); // there was progress
///         }
///     });
///     whole.await.is_ok()
/// });
/// run();
/// while timers.advance_to_next() {
///     run();
/// }
/// assert_eq!(download.result(), Ok(Ok(&true)));
/// ```
#[derive(Clone)]
pub struct Deadline(Arc<Mutex<Dial>>);

struct Dial {
    phase: Phase,
    when: Option<Instant>,
    /// `when` was changed, and the timer does not know yet.
    moved: bool,
    /// Of the task that has to move its timer.
    waker: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Created,
    Active,
    /// Time ran out, and the future reacts to that.
    Expiring,
    Expired,
    Finished,
}

/// A deadline could not be moved (TO-27).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RescheduleError {
    /// Its future was not polled yet: make a `Deadline` with the right time instead.
    NotEntered,
    /// It has expired: what comes after needs a `Deadline` of its own.
    Expired,
    /// Its future was ready in time, or is gone.
    Finished,
}

impl Deadline {
    /// `limit` from now; `None` for no limit yet.
    ///
    /// # Panics
    ///
    /// If no timers are current on this thread and there is a limit.
    #[track_caller]
    pub fn after(limit: impl Into<Option<Duration>>) -> Self {
        Self::at(limit.into().map(|limit| now() + limit))
    }

    /// At `when`; `None` for no limit yet.
    pub fn at(when: impl Into<Option<Instant>>) -> Self {
        Self(Arc::new(Mutex::new(Dial {
            phase: Phase::Created,
            when: when.into(),
            moved: false,
            waker: None,
        })))
    }

    /// Puts `future` under this limit: as [`timeout`](crate::timeout()).
    ///
    /// # Errors
    ///
    /// As [`timeout`](crate::timeout()).
    ///
    /// # Panics
    ///
    /// As [`timeout`](crate::timeout()); and if a deadline is used for a second future (TO-28), when that is polled.
    ///
    /// # Cancellation
    ///
    /// As [`timeout`](crate::timeout()).
    #[track_caller]
    pub fn limit<F: IntoFuture>(&self, future: F) -> Timeout<F::IntoFuture> {
        let timer = self.when().map(timer_at);
        Timeout::new(timer, Some(self.clone()), future.into_future())
    }

    /// When it is; `None` if there is no limit.
    pub fn when(&self) -> Option<Instant> {
        self.0.lock().when
    }

    /// Whether time has run out before the future was ready. Also if that went on regardless, and gave a value (TO-10).
    pub fn is_expired(&self) -> bool {
        matches!(self.0.lock().phase, Phase::Expiring | Phase::Expired)
    }

    /// Moves it, from wherever; `None` lifts the limit. One that has passed is met in the next turn (TO-26).
    ///
    /// # Errors
    ///
    /// [`RescheduleError`] unless its future is being run and time has not run out (TO-27).
    pub fn reschedule(&self, when: impl Into<Option<Instant>>) -> Result<(), RescheduleError> {
        let mut dial = self.0.lock();
        match dial.phase {
            Phase::Created => return Err(RescheduleError::NotEntered),
            Phase::Expiring | Phase::Expired => return Err(RescheduleError::Expired),
            Phase::Finished => return Err(RescheduleError::Finished),
            Phase::Active => {}
        }
        dial.when = when.into();
        dial.moved = true;
        let waker = dial.waker.take();
        drop(dial);
        waker.into_iter().for_each(Waker::wake);
        Ok(())
    }

    pub(super) fn enter(&self) {
        let mut dial = self.0.lock();
        assert!(
            dial.phase == Phase::Created,
            "a Deadline was used for a second future: make one for each",
        );
        dial.phase = Phase::Active;
    }

    /// Where it was moved to, once.
    pub(super) fn take_move(&self) -> Option<Option<Instant>> {
        let mut dial = self.0.lock();
        std::mem::take(&mut dial.moved).then_some(dial.when)
    }

    pub(super) fn wake_when_moved(&self, waker: &Waker) {
        let mut dial = self.0.lock();
        if !dial
            .waker
            .as_ref()
            .is_some_and(|known| known.will_wake(waker))
        {
            let _other = dial.waker.replace(waker.clone());
        }
    }

    pub(super) fn expire(&self) {
        self.0.lock().phase = Phase::Expiring;
    }

    pub(super) fn leave(&self) {
        let mut dial = self.0.lock();
        dial.phase = match dial.phase {
            Phase::Created => Phase::Created,
            Phase::Active | Phase::Finished => Phase::Finished,
            Phase::Expiring | Phase::Expired => Phase::Expired,
        };
        let waker = dial.waker.take();
        drop(dial);
        drop(waker);
    }
}

impl fmt::Debug for Deadline {
    /// `active` with the deadline, `expiring`, `expired`, `finished` (TO-34).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (phase, when) = {
            let dial = self.0.lock();
            (dial.phase, dial.when)
        };
        let phase = match phase {
            Phase::Created => "created",
            Phase::Active => "active",
            Phase::Expiring => return f.write_str("<Deadline [expiring]>"),
            Phase::Expired => return f.write_str("<Deadline [expired]>"),
            Phase::Finished => return f.write_str("<Deadline [finished]>"),
        };
        match when {
            Some(when) => write!(f, "<Deadline [{phase}] when={when:?}>"),
            None => write!(f, "<Deadline [{phase}] when=None>"),
        }
    }
}

impl fmt::Display for RescheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotEntered => {
                "the deadline is not in force yet: make it with the right time instead"
            }
            Self::Expired => "the deadline has expired: what comes after needs one of its own",
            Self::Finished => {
                "the future under this deadline is through: make another deadline for the next"
            }
        })
    }
}

impl std::error::Error for RescheduleError {}
