//! Waiting for the next deadline, and being interrupted by an earlier one.

use super::{Timers, finite};
use crate::instant::Instant;
use std::sync::Arc;
use std::time::Duration;

/// Held by the thread that waits for the next deadline: see [`Timers::begin_park`].
///
/// # Examples
///
/// ```
/// use tulipa_timers::{Clock, Parking, Timers};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let parking: Parking<'_> = timers.begin_park();
/// assert_eq!(parking.timeout(), None); // nothing to wait for
/// ```
#[derive(Debug)]
#[must_use = "the timers interrupt the waiting thread only as long as this lives"]
pub struct Parking<'a> {
    timers: &'a Timers,
    until: Option<Instant>,
}

impl Timers {
    /// Sets what interrupts the thread that waits in [`begin_park`](Self::begin_park), in place of what was set before.
    ///
    /// It is called on the thread that arms a timer, outside every lock, when that timer is due earlier than the parked
    /// thread would wake by itself, and at most once a park. It must end the wait also if it comes just before that
    /// begins, as `unpark` of a thread or a write to an eventfd do.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let interruptions = Arc::new(AtomicUsize::new(0));
    /// let count = Arc::clone(&interruptions);
    /// timers.on_earlier(move || _ = count.fetch_add(1, Ordering::Relaxed));
    ///
    /// let _parking = timers.begin_park();
    /// let mut nap = timers.sleep(Duration::from_secs(1));
    /// assert!((&mut nap).now_or_never().is_none()); // another thread's, usually
    /// assert_eq!(interruptions.load(Ordering::Relaxed), 1);
    /// ```
    pub fn on_earlier(&self, interrupt: impl Fn() + Send + Sync + 'static) {
        self.park().on_earlier(Arc::new(interrupt));
    }

    /// Announces that the calling thread is about to wait for the next deadline, and says which that is. It waits, then
    /// drops the guard, then calls [`fire`](Self::fire).
    ///
    /// While the guard lives, arming an earlier timer calls what [`on_earlier`](Self::on_earlier) was given. One thread
    /// at a time may be in here.
    ///
    /// # Panics
    ///
    /// If another guard of these timers lives: two threads that wait would miss each other's interruptions.
    ///
    /// # Examples
    ///
    /// A loop that drives timers. [`background`](Self::background) is this on a thread of its own.
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::thread;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::real(), 1);
    /// let mut nap = timers.sleep(Duration::from_millis(1));
    /// assert!((&mut nap).now_or_never().is_none());
    ///
    /// let parker = thread::current();
    /// timers.on_earlier(move || parker.unpark());
    /// while timers.fire() == 0 {
    ///     let parking = timers.begin_park();
    ///     match parking.timeout() {
    ///         Some(timeout) => thread::park_timeout(timeout),
    ///         None => thread::park(),
    ///     }
    /// }
    /// assert!(nap.now_or_never().is_some());
    /// ```
    #[track_caller]
    pub fn begin_park(&self) -> Parking<'_> {
        let Some(until) = self.park().begin(|| self.hint()) else {
            panic!(
                "Timers::begin_park called while a thread is parked on these timers: \
                 let one thread drive them (a runtime does, and so does `Timers::background`)"
            )
        };
        Parking {
            timers: self,
            until: finite(until),
        }
    }
}

impl Parking<'_> {
    /// When to wake at the latest; `None`: when interrupted.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::real(), 1);
    /// assert_eq!(timers.begin_park().deadline(), None);
    /// ```
    pub fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// For how long to wait at most; `None`: until interrupted. Zero if a timer is due.
    ///
    /// By a virtual clock no time passes while a thread waits, so this is zero or `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::real(), 1);
    /// let mut nap = timers.sleep(Duration::from_secs(60));
    /// assert!((&mut nap).now_or_never().is_none());
    /// assert!(timers.begin_park().timeout() <= Some(Duration::from_secs(60)));
    /// ```
    pub fn timeout(&self) -> Option<Duration> {
        let timeout = self.until?.since(self.timers.now());
        (timeout.is_zero() || !self.timers.clock().is_virtual()).then_some(timeout)
    }
}

impl Drop for Parking<'_> {
    fn drop(&mut self) {
        self.timers.park().end();
    }
}
