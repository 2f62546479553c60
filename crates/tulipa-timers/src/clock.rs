//! Where the time comes from: the machine, or a hand that moves it.

use crate::instant::{Instant, nanos};
use crate::sync::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// What the timers take for the time: the machine's monotonic clock, or one that only moves when it is told to.
///
/// Both start at [`Instant::START`]. Clones show the same time.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Instant};
///
/// let clock = Clock::virtual_();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), Instant::START + Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Real { start: std::time::Instant },
    Virtual { now: Arc<AtomicU64> },
}

/// The last instant a clock shows, so that [`Instant::NEVER`] stays out of reach.
const LAST: u64 = Instant::NEVER.as_nanos() - 1;

impl Clock {
    /// The machine's monotonic clock. It starts now.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::Clock;
    ///
    /// let clock = Clock::real();
    /// assert!(clock.now() <= clock.now());
    /// ```
    pub fn real() -> Self {
        Self(Source::Real {
            start: std::time::Instant::now(),
        })
    }

    /// A clock that stands still until somebody moves it: [`Clock::advance`],
    /// [`Timers::advance`](crate::Timers::advance) or [`Timers::advance_to_next`](crate::Timers::advance_to_next).
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::Clock;
    ///
    /// let clock = Clock::virtual_();
    /// assert_eq!(clock.now(), clock.now());
    /// ```
    pub fn virtual_() -> Self {
        Self(Source::Virtual {
            now: Arc::new(AtomicU64::new(0)),
        })
    }

    /// The time. Never goes back.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::{Clock, Instant};
    ///
    /// assert!(Clock::real().now() >= Instant::START);
    /// ```
    pub fn now(&self) -> Instant {
        Instant::from_nanos(match &self.0 {
            Source::Real { start } => nanos(start.elapsed()).min(LAST),
            // Acquire pairs with the AcqRel in `advance`: who sees the new time sees what was done before it was set.
            Source::Virtual { now } => now.load(Ordering::Acquire),
        })
    }

    /// Whether this clock only moves when it is told to.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::Clock;
    ///
    /// assert!(Clock::virtual_().is_virtual());
    /// assert!(!Clock::real().is_virtual());
    /// ```
    pub fn is_virtual(&self) -> bool {
        matches!(self.0, Source::Virtual { .. })
    }

    /// Moves a virtual clock forward. Timers do not notice before their
    /// [`fire`](crate::Timers::fire) is called; [`Timers::advance`](crate::Timers::advance) does both.
    ///
    /// The clock stops short of [`Instant::NEVER`].
    ///
    /// # Panics
    ///
    /// On a real clock, which nobody can move.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::Clock;
    ///
    /// let clock = Clock::virtual_();
    /// let before = clock.now();
    /// clock.advance(Duration::from_millis(5));
    /// assert_eq!(clock.now() - before, Duration::from_millis(5));
    /// ```
    #[track_caller]
    pub fn advance(&self, duration: Duration) {
        let now = self.virtual_now("advance");
        let by = nanos(duration);
        // AcqRel pairs with the Acquire in `now` and with itself: movers are ordered among each other.
        now.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |now| {
            Some(now.saturating_add(by).min(LAST))
        })
        .expect("the update never declines");
    }

    /// Moves a virtual clock forward to `instant`; stays where it is if that has passed.
    ///
    /// # Panics
    ///
    /// On a real clock, which nobody can move.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::{Clock, Instant};
    ///
    /// let clock = Clock::virtual_();
    /// clock.advance_to(Instant::from_nanos(7));
    /// clock.advance_to(Instant::START);
    /// assert_eq!(clock.now(), Instant::from_nanos(7));
    /// ```
    #[track_caller]
    pub fn advance_to(&self, instant: Instant) {
        // AcqRel as in `advance`.
        self.virtual_now("advance_to")
            .fetch_max(instant.as_nanos().min(LAST), Ordering::AcqRel);
    }

    #[track_caller]
    fn virtual_now(&self, call: &str) -> &AtomicU64 {
        match &self.0 {
            Source::Virtual { now } => now,
            Source::Real { .. } => panic!(
                "Clock::{call} called on a real clock, which nobody can move: give the timers `Clock::virtual_()`"
            ),
        }
    }
}
