//! [`Patience`]: where timers are due close upon each other, a park waits a little longer, and fires many of them.
//!
//! A park for a timer costs two system calls and the processor's way into idleness and back: some ten microseconds, where
//! to fire the timer costs a fraction of one. So while timers fire in such numbers that a park of [`LONGEST`] meets [`MANY`],
//! none is shorter. A timer that is alone, or among few, is waited for to the moment.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tulipa_timers::Instant;

/// How much later a timer may be among many: a tenth of the millisecond that epoll would round up to.
const LONGEST: Duration = Duration::from_micros(100);

/// So many timers in one park are worth waiting for.
const MANY: u64 = 8;

/// How densely timers fire: counted in windows, each at least as long as [`LONGEST`].
///
/// Only who is at the helm touches it, and the helm hands it on: its words order nothing, so all is Relaxed.
#[derive(Debug)]
pub(crate) struct Patience {
    /// When the window began, in nanoseconds.
    since: AtomicU64,
    /// Timers fired since.
    fired: AtomicU64,
    /// How long a park is to last, in nanoseconds: what the window before showed.
    least: AtomicU64,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self {
            since: AtomicU64::new(0),
            fired: AtomicU64::new(0),
            least: AtomicU64::new(0),
        }
    }

    /// For how long to park, when `timeout` is left until the next timer.
    pub(crate) fn lengthen(&self, timeout: Duration) -> Duration {
        timeout.max(Duration::from_nanos(self.least.load(Ordering::Relaxed)))
    }

    /// So many timers were fired, and now it is `now`.
    pub(crate) fn fired(&self, timers: usize, now: Instant) {
        let longest = LONGEST.as_nanos() as u64;
        let now = now.as_nanos();
        let fired = self.fired.load(Ordering::Relaxed) + timers as u64;
        let lasted = now.saturating_sub(self.since.load(Ordering::Relaxed));
        if lasted < longest {
            return self.fired.store(fired, Ordering::Relaxed);
        }
        let is_dense = fired.saturating_mul(longest) >= MANY * lasted;
        let least = if is_dense { longest } else { 0 };
        self.least.store(least, Ordering::Relaxed);
        self.since.store(now, Ordering::Relaxed);
        self.fired.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MANY, Patience};
    use std::time::Duration;
    use tulipa_timers::Instant;

    const MICROSECOND: Duration = Duration::from_micros(1);

    /// One that has seen `timers` fire at once after each `every`, for so many times.
    fn after(times: u32, every: Duration, timers: usize) -> Patience {
        let patience = Patience::new();
        for time in 1..=times {
            patience.fired(timers, Instant::START + every * time);
        }
        patience
    }

    #[test]
    fn a_timer_is_waited_for_to_the_moment() {
        assert_eq!(Patience::new().lengthen(MICROSECOND), MICROSECOND);
        assert_eq!(
            Patience::new().lengthen(Duration::ZERO),
            Duration::ZERO,
            "it is due"
        );
    }

    #[test]
    fn one_sleep_after_another_is_waited_for_to_the_moment_however_short() {
        for micros in [20, 100, 1000] {
            let patience = after(1000, Duration::from_micros(micros), 1);
            assert_eq!(patience.lengthen(MICROSECOND), MICROSECOND);
        }
    }

    #[test]
    fn many_timers_of_one_moment_are_no_reason_to_wait_for_the_next() {
        let patience = after(10, Duration::from_secs(1), 10_000);
        assert_eq!(patience.lengthen(MICROSECOND), MICROSECOND);
    }

    #[test]
    fn among_many_timers_no_park_is_short() {
        let patience = after(1000, 2 * MICROSECOND, 1);
        assert_eq!(patience.lengthen(Duration::ZERO), LONGEST);
        assert_eq!(patience.lengthen(MICROSECOND), LONGEST);
        assert_eq!(patience.lengthen(2 * LONGEST), 2 * LONGEST);
    }

    #[test]
    fn timers_that_are_gathered_are_as_many_as_those_that_came_one_by_one() {
        let patience = after(1000, 2 * LONGEST, 2 * MANY as usize);
        assert_eq!(patience.lengthen(MICROSECOND), LONGEST);
        let fewer = after(1000, 2 * LONGEST, 2 * MANY as usize - 1);
        assert_eq!(fewer.lengthen(MICROSECOND), MICROSECOND);
    }

    #[test]
    fn when_they_are_over_a_timer_is_waited_for_to_the_moment_again() {
        let patience = after(1000, 2 * MICROSECOND, 1);
        patience.fired(1, Instant::START + Duration::from_secs(1));
        assert_eq!(patience.lengthen(MICROSECOND), MICROSECOND);
    }
}
