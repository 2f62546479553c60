//! Points in time, counted from the start of a clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point in time: nanoseconds since the start of its [`Clock`](crate::Clock).
///
/// Arithmetic saturates, so that any [`Duration`] up to [`Duration::MAX`] is a valid time to wait: what lies beyond
/// the 584 years that fit is [`Instant::NEVER`]. Unlike [`std::time::Instant`] it can be made from a number, which is
/// what a virtual clock and reproducible tests need. Instants of two clocks do not compare.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa_timers::Instant;
///
/// let noon = Instant::from_nanos(1_000);
/// assert_eq!((noon + Duration::from_nanos(500)).as_nanos(), 1_500);
/// assert_eq!(noon + Duration::MAX, Instant::NEVER);
/// assert_eq!(Instant::START - noon, Duration::ZERO);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The start of the clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::{Clock, Instant};
    ///
    /// assert_eq!(Clock::virtual_().now(), Instant::START);
    /// ```
    pub const START: Self = Self(0);

    /// Later than any clock gets: a timer of this deadline does not fire.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Instant};
    ///
    /// let clock = Clock::virtual_();
    /// clock.advance(Duration::MAX);
    /// assert!(clock.now() < Instant::NEVER);
    /// ```
    pub const NEVER: Self = Self(u64::MAX);

    /// The point `nanos` nanoseconds after the start of the clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::Instant;
    ///
    /// assert!(Instant::from_nanos(1) > Instant::START);
    /// ```
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start of the clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::Instant;
    ///
    /// assert_eq!((Instant::START + Duration::from_micros(3)).as_nanos(), 3_000);
    /// ```
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to this; zero if `earlier` is later.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::Instant;
    ///
    /// let (first, second) = (Instant::from_nanos(10), Instant::from_nanos(25));
    /// assert_eq!(second.since(first), Duration::from_nanos(15));
    /// assert_eq!(first.since(second), Duration::ZERO);
    /// ```
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NEVER => f.write_str("Instant(never)"),
            _ => write!(f, "Instant({:?})", Duration::from_nanos(self.0)),
        }
    }
}

/// `duration` in nanoseconds, or as many as there are.
pub(crate) fn nanos(duration: Duration) -> u64 {
    const PER_SECOND: u64 = 1_000_000_000;
    duration
        .as_secs()
        .saturating_mul(PER_SECOND)
        .saturating_add(u64::from(duration.subsec_nanos()))
}
