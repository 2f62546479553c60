//! The timers of a program: a clock and some wheels, one a thread.

mod fire;
mod parking;

pub use self::parking::Parking;

use crate::clock::Clock;
use crate::current::{self, Entered};
use crate::instant::Instant;
use crate::interval::Interval;
use crate::park::Park;
use crate::shard::Shard;
use crate::sleep::Sleep;
use crossbeam_utils::CachePadded;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A clock and the timers that wait for it.
///
/// Timers fire when somebody calls [`fire`](Self::fire): a runtime's idle worker, a loop of yours, or the thread that
/// [`background`](Self::background) starts. Whoever waits for time to pass does it by [`begin_park`](Self::begin_park), so
/// that a timer that is armed meanwhile and due earlier can interrupt it.
///
/// There are a number of *shards*, each a wheel behind a lock: a thread that has [entered](Self::enter) arms its timers
/// in a shard of its own, so threads do not wait for each other. Clones are handles to the same timers.
///
/// # Examples
///
/// ```
/// use futures::FutureExt;
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Timers};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let mut nap = timers.sleep(Duration::from_secs(5));
/// assert!((&mut nap).now_or_never().is_none()); // armed by its first poll
///
/// assert_eq!(timers.advance(Duration::from_secs(4)), 0);
/// assert_eq!(timers.advance(Duration::from_secs(1)), 1);
/// assert!(nap.now_or_never().is_some());
/// ```
#[derive(Clone)]
pub struct Timers {
    /// Never empty. Padded: a shard's lock and count of references are one thread's most of the time.
    shards: Arc<[ShardRef]>,
}

pub(crate) type ShardRef = Arc<CachePadded<Shard>>;

impl Timers {
    /// Timers that go by `clock`, in `shards` wheels: one for each thread that will arm many.
    ///
    /// # Panics
    ///
    /// If `shards` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::real(), 4);
    /// assert_eq!(timers.next_deadline(), None);
    /// ```
    #[track_caller]
    pub fn new(clock: Clock, shards: usize) -> Self {
        assert!(
            shards > 0,
            "Timers::new called with no shards: give one for each thread that will arm timers, at least 1"
        );
        let park = Arc::new(Park::new());
        let shard = || {
            Arc::new(CachePadded::new(Shard::new(
                clock.clone(),
                Arc::clone(&park),
            )))
        };
        Self {
            shards: std::iter::repeat_with(shard).take(shards).collect(),
        }
    }

    /// The timers that were [entered](Self::enter) on this thread last, if any.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// assert!(Timers::current().is_none());
    /// let timers = Timers::new(Clock::real(), 1);
    /// let _entered = timers.enter(0);
    /// assert!(Timers::current().is_some());
    /// ```
    pub fn current() -> Option<Self> {
        current::timers()
    }

    /// Makes these the timers of this thread, for [`sleep`](crate::sleep()) and its like, until the guard is dropped;
    /// then the ones before are so again. What the thread arms goes to the shard of that number, modulo their number.
    ///
    /// A thread that has not entered can arm timers by the methods of this type; it uses some shard.
    ///
    /// # Panics
    ///
    /// Dropping the guard panics if a guard that was made later on this thread is still there.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Instant, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 2);
    /// let _entered = timers.enter(1);
    /// let nap = tulipa_timers::sleep(Duration::from_secs(1));
    /// assert_eq!(nap.deadline(), Instant::START + Duration::from_secs(1));
    /// ```
    pub fn enter(&self, shard: usize) -> Entered {
        Entered::new(
            self.clone(),
            Arc::clone(&self.shards[shard % self.shards.len()]),
        )
    }

    /// The clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// assert!(Timers::new(Clock::virtual_(), 1).clock().is_virtual());
    /// ```
    pub fn clock(&self) -> &Clock {
        self.shards[0].clock()
    }

    /// The time.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_timers::{Clock, Instant, Timers};
    ///
    /// assert_eq!(Timers::new(Clock::virtual_(), 1).now(), Instant::START);
    /// ```
    pub fn now(&self) -> Instant {
        self.clock().now()
    }

    /// A future that is ready when `duration` has passed from now. See [`sleep`](crate::sleep()).
    ///
    /// # Cancellation
    ///
    /// That of [`Sleep`].
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// assert!(timers.sleep(Duration::MAX).now_or_never().is_none());
    /// ```
    pub fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::lasting(self.shard(), duration)
    }

    /// A future that is ready at `deadline`. See [`sleep_until`](crate::sleep_until()).
    ///
    /// # Cancellation
    ///
    /// That of [`Sleep`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let deadline = timers.now() + Duration::from_secs(3);
    /// assert_eq!(timers.sleep_until(deadline).deadline(), deadline);
    /// ```
    pub fn sleep_until(&self, deadline: Instant) -> Sleep {
        Sleep::until(self.shard(), deadline)
    }

    /// Ticks at once and then every `period`. See [`interval`](crate::interval()).
    ///
    /// # Panics
    ///
    /// If `period` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let mut every_second = timers.interval(Duration::from_secs(1));
    /// assert_eq!(every_second.tick().now_or_never(), Some(timers.now()));
    /// assert_eq!(every_second.tick().now_or_never(), None);
    /// ```
    #[track_caller]
    pub fn interval(&self, period: Duration) -> Interval {
        self.interval_at(self.now(), period)
    }

    /// Ticks at `start` and then every `period`. See [`interval_at`](crate::interval_at()).
    ///
    /// # Panics
    ///
    /// If `period` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt;
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Instant, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// let mut ticks = timers.interval_at(Instant::from_nanos(8), Duration::from_secs(1));
    /// assert_eq!(ticks.tick().now_or_never(), None);
    /// timers.clock().advance_to(Instant::from_nanos(8));
    /// assert_eq!(ticks.tick().now_or_never(), Some(Instant::from_nanos(8)));
    /// ```
    #[track_caller]
    pub fn interval_at(&self, start: Instant, period: Duration) -> Interval {
        Interval::new(self.sleep_until(start), period)
    }

    /// How many timers are held: those that wait, and those that have fired and whose future was not polled since.
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
    /// assert_eq!(timers.count(), 1);
    /// drop(nap);
    /// assert_eq!(timers.count(), 0);
    /// ```
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }

    /// Whether anybody else could wait for these timers: a clone of this handle, a sleep, armed or not, a thread that has
    /// [entered](Self::enter). A moment's guess if there is one; if not, it stays so as long as nobody uses this handle.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers};
    ///
    /// let timers = Timers::new(Clock::virtual_(), 1);
    /// assert!(!timers.is_shared());
    /// let nap = timers.sleep(Duration::from_secs(1));
    /// assert!(timers.is_shared());
    /// drop(nap);
    /// assert!(!timers.is_shared());
    /// ```
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.shards) > 1
            || self.shards.iter().any(|shard| Arc::strong_count(shard) > 1)
    }

    fn park(&self) -> &Park {
        self.shards[0].park()
    }

    /// The shard of the calling thread.
    fn shard(&self) -> ShardRef {
        let own = current::shard_of(self);
        own.unwrap_or_else(|| {
            Arc::clone(&self.shards[current::thread_number() % self.shards.len()])
        })
    }

    /// No timer is due before this.
    fn hint(&self) -> u64 {
        self.shards
            .iter()
            .map(|shard| shard.hint())
            .min()
            .expect("there is a shard")
    }

    /// Whether `other` is a handle to these timers.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shards, &other.shards)
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers")
            .field("clock", self.clock())
            .field("shards", &self.shards.len())
            .field("next_deadline", &self.next_deadline())
            .field("park", self.park())
            .finish()
    }
}

/// `nanos` as a deadline somebody may wait for.
fn finite(nanos: u64) -> Option<Instant> {
    Some(Instant::from_nanos(nanos)).filter(|&deadline| deadline < Instant::NEVER)
}
