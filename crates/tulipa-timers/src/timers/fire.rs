//! Time passes: who is due is woken.

use super::{Timers, finite};
use crate::due::Due;
use crate::instant::Instant;
use std::time::Duration;

impl Timers {
    /// Wakes everybody whose deadline has passed and says how many that were.
    ///
    /// They are woken in order of deadline, and those of one deadline in the order in which they were armed, as far as
    /// they are in one shard; else shard by shard. Any thread may call this at any time, also several at once. A waker
    /// that panics has the panic hook report it, and the others are woken all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let mut nap = timers.sleep(Duration::from_millis(1));
    /// assert!((&mut nap).now_or_never().is_none());
    /// timers.clock().advance(Duration::from_millis(1));
    /// assert_eq!(timers.fire(), 1);
    /// ```
    pub fn fire(&self) -> usize {
        let Some(first) = self.next_deadline() else {
            return 0; // without asking the clock
        };
        let now = self.now();
        if first > now {
            return 0;
        }
        let mut due = Due::new();
        for shard in &self.shards[..] {
            shard.expire(now, &mut due);
        }
        due.wake()
    }

    /// Says that nobody will fire these timers any more. Whoever waits for one does not wait for ever: that panics, and so does
    /// arming another. One that was due by then is ready as ever.
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
    /// timers.close();
    /// let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| nap.now_or_never()));
    /// assert!(polled.is_err());
    /// ```
    pub fn close(&self) {
        let mut due = Due::new();
        for shard in &self.shards[..] {
            shard.close(&mut due);
        }
        due.wake();
    }

    /// A time before which no timer is due; `None` if there is none to wait for. Takes no lock.
    ///
    /// It is the earliest deadline, but for timers that were cancelled or moved since the last [`fire`](Self::fire): it
    /// may be what was theirs. To wait until then, use [`begin_park`](Self::begin_park).
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
    /// assert_eq!(timers.next_deadline(), None);
    /// assert!((&mut nap).now_or_never().is_none());
    /// assert_eq!(timers.next_deadline(), Some(nap.deadline()));
    /// ```
    pub fn next_deadline(&self) -> Option<Instant> {
        finite(self.hint())
    }

    /// Moves a virtual clock by `duration` and [fires](Self::fire) what is due then.
    ///
    /// # Panics
    ///
    /// On a real clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// assert_eq!(timers.advance(Duration::from_secs(1)), 0);
    /// ```
    #[track_caller]
    pub fn advance(&self, duration: Duration) -> usize {
        self.clock().advance(duration);
        self.fire()
    }

    /// Moves a virtual clock to the earliest deadline and fires what is due then. `false` if no timer waits for
    /// anything but [`Instant::NEVER`]: time alone will change nothing.
    ///
    /// # Panics
    ///
    /// On a real clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let mut year = timers.sleep(Duration::from_secs(365 * 24 * 3600));
    /// assert!((&mut year).now_or_never().is_none());
    ///
    /// assert!(timers.advance_to_next());
    /// assert_eq!(timers.now(), year.deadline());
    /// assert!(!timers.advance_to_next());
    /// ```
    #[track_caller]
    pub fn advance_to_next(&self) -> bool {
        let deadlines = self.shards.iter().filter_map(|shard| shard.next_deadline());
        let next = deadlines.min();
        // Also without one: a real clock is to panic in any case.
        self.clock().advance_to(next.unwrap_or(Instant::START));
        if next.is_some() {
            self.fire();
        }
        next.is_some()
    }
}
