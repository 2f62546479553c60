//! The timers of a program: a clock and some wheels, one a thread.

use crate::clock::Clock;
use crate::current::{self, Entered};
use crate::due::Due;
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
        let mut due = Due::default();
        for shard in &self.shards[..] {
            shard.expire(now, &mut due);
        }
        due.wake()
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

/// Held by the thread that waits for the next deadline: see [`Timers::begin_park`].
#[derive(Debug)]
#[must_use = "the timers interrupt the waiting thread only as long as this lives"]
pub struct Parking<'a> {
    timers: &'a Timers,
    until: Option<Instant>,
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

/// `nanos` as a deadline somebody may wait for.
fn finite(nanos: u64) -> Option<Instant> {
    Some(Instant::from_nanos(nanos)).filter(|&deadline| deadline < Instant::NEVER)
}
