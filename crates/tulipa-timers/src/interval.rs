//! Ticks at equal distances.

use crate::instant::{Instant, nanos};
use crate::sleep::Sleep;
use futures::Stream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tulipa_task::{cancel, slice};

/// Ticks every period: made by [`interval`](crate::interval()) and its like. Also a [`Stream`] of its ticks, without end.
///
/// An interval keeps to its grid: the time that passes between two calls of [`tick`](Self::tick) does not add to the
/// period. If it passes the next tick altogether, [`MissedTicks`] says what becomes of that.
///
/// # Examples
///
/// ```
/// use futures::FutureExt;
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Timers};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let mut ticks = timers.interval(Duration::from_secs(10));
/// let start = ticks.tick().now_or_never();
/// assert_eq!(start, Some(timers.now()));
///
/// timers.advance(Duration::from_secs(13)); // late by three seconds
/// assert!(ticks.tick().now_or_never().is_some());
/// timers.advance(Duration::from_secs(7)); // but on the grid
/// assert!(ticks.tick().now_or_never().is_some());
/// ```
#[derive(Debug)]
pub struct Interval {
    /// Until the next tick. Armed only while somebody waits for that.
    sleep: Sleep,
    period: Duration,
    missed: MissedTicks,
}

/// What an [`Interval`] does about ticks that nobody took before the next one was due.
///
/// With a period of 10, and nobody there between 10 and 35, the ticks are taken at
///
/// | policy | |
/// | --- | --- |
/// | `Burst` | 10, 35, 35, 40, 50 |
/// | `Delay` | 10, 35, 45, 55, 65 |
/// | `Skip` | 10, 35, 40, 50, 60 |
///
/// # Examples
///
/// ```
/// use futures::FutureExt;
/// use std::time::Duration;
/// use tulipa_timers::{Clock, MissedTicks, Timers};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let mut ticks = timers.interval(Duration::from_secs(10)).missed_ticks(MissedTicks::Skip);
/// assert!(ticks.tick().now_or_never().is_some());
/// timers.advance(Duration::from_secs(25));
/// assert!(ticks.tick().now_or_never().is_some()); // the one at 10; that at 20 is skipped
/// assert!(ticks.tick().now_or_never().is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MissedTicks {
    /// They are made up for, one after the other without delay. The number of ticks is right in the end.
    #[default]
    Burst,
    /// They are dropped, and the grid begins anew: the next tick is a period after the late one was taken.
    Delay,
    /// They are dropped, and the next tick is the next on the grid.
    Skip,
}

impl Interval {
    #[track_caller]
    pub(crate) fn new(sleep: Sleep, period: Duration) -> Self {
        assert!(
            !period.is_zero(),
            "interval called with a period of zero: give it a longer one, or loop over `yield_now`"
        );
        Self {
            sleep,
            period,
            missed: MissedTicks::default(),
        }
    }

    /// Sets what becomes of missed ticks; [`MissedTicks::Burst`] if nobody says.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, MissedTicks, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let _ticks = timers.interval(Duration::from_secs(1)).missed_ticks(MissedTicks::Delay);
    /// ```
    #[must_use = "this gives the changed interval back"]
    pub fn missed_ticks(mut self, missed: MissedTicks) -> Self {
        self.missed = missed;
        self
    }

    /// Waits for the next tick and gives the time for which it was set. One that is due already is ready at once.
    ///
    /// # Cancellation
    ///
    /// A request leaves a suspended tick Pending and goes to the scopes around. Dropping it loses no tick.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let mut ticks = timers.interval(Duration::from_secs(1));
    /// assert!(ticks.tick().now_or_never().is_some()); // the first is due at once
    /// assert!(ticks.tick().now_or_never().is_none());
    /// ```
    pub fn tick(&mut self) -> Tick<'_> {
        Tick { interval: self }
    }

    /// The time for which the next tick is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// assert_eq!(timers.interval(Duration::from_secs(1)).next_tick(), timers.now());
    /// ```
    pub fn next_tick(&self) -> Instant {
        self.sleep.deadline()
    }

    /// The time between two ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// assert_eq!(timers.interval(Duration::from_secs(1)).period(), Duration::from_secs(1));
    /// ```
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Sets the next tick for `start`; the others follow at the same distances.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let mut ticks = timers.interval(Duration::from_secs(1));
    /// ticks.reset(timers.now() + Duration::from_secs(30));
    /// assert_eq!(ticks.next_tick(), timers.now() + Duration::from_secs(30));
    /// ```
    pub fn reset(&mut self, start: Instant) {
        self.sleep.reset(start);
    }

    fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let is_held_back = self.sleep.is_suspended() && cancel::requested();
        let must_wait = is_held_back || !self.sleep.is_elapsed();
        if must_wait && Pin::new(&mut self.sleep).poll(cx).is_pending() {
            return Poll::Pending;
        }
        ready!(slice::give_way(cx));
        let tick = self.next_tick();
        self.sleep.disarm(); // due by the clock, but nobody has fired it yet
        self.sleep.reset(self.tick_after(tick, self.sleep.now()));
        Poll::Ready(tick)
    }

    /// Which tick follows `tick`, when that is taken `now`.
    fn tick_after(&self, tick: Instant, now: Instant) -> Instant {
        let next = tick + self.period;
        if next >= now {
            return next;
        }
        match self.missed {
            MissedTicks::Burst => next,
            MissedTicks::Delay => now + self.period,
            MissedTicks::Skip => {
                let period = nanos(self.period);
                let periods = (now.as_nanos() - tick.as_nanos()).div_ceil(period);
                Instant::from_nanos(
                    tick.as_nanos()
                        .saturating_add(periods.saturating_mul(period)),
                )
            }
        }
    }
}

impl Stream for Interval {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

/// Waits for a tick: made by [`Interval::tick`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Tick, Timers};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let mut ticks = timers.interval(Duration::from_secs(1));
/// let _tick: Tick<'_> = ticks.tick();
/// ```
#[derive(Debug)]
#[must_use = "a tick does nothing unless it is awaited"]
pub struct Tick<'a> {
    interval: &'a mut Interval,
}

impl Future for Tick<'_> {
    type Output = Instant;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.interval.poll_tick(cx)
    }
}

impl Drop for Tick<'_> {
    /// Nobody waits any more. The next tick's first poll is one in the sense of the cancellation rules.
    fn drop(&mut self) {
        self.interval.sleep.disarm();
    }
}
