//! The timers of a thread, and the functions that use them.

use crate::instant::Instant;
use crate::interval::Interval;
use crate::sleep::Sleep;
use crate::sync::thread;
use crate::timers::{ShardRef, Timers};
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// A future that is ready when `duration` has passed, counted from this call.
///
/// [`Duration::ZERO`] gives way to others once: the future is Pending on its first poll and ready on the next.
/// A duration beyond what fits, [`Duration::MAX`] for one, never ends.
///
/// # Panics
///
/// If no timers are current on this thread.
///
/// # Cancellation
///
/// A request is left to the scopes around; see [`Sleep`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Timers, sleep};
///
/// # fn main() -> std::io::Result<()> {
/// let timers = Timers::new(Clock::real(), 1);
/// let _driver = timers.background()?;
/// let _entered = timers.enter(0);
///
/// futures::executor::block_on(async {
///     sleep(Duration::from_millis(1)).await;
///     assert_eq!(sleep(Duration::from_millis(1)).with("tea").await, "tea");
/// });
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep::lasting(shard_for("tulipa::sleep"), duration)
}

/// A future that is ready at `deadline`. A deadline that has passed lets others run first, as [`sleep`] of nothing does.
///
/// # Panics
///
/// If no timers are current on this thread.
///
/// # Cancellation
///
/// A request is left to the scopes around; see [`Sleep`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Timers, now, sleep_until};
///
/// # fn main() -> std::io::Result<()> {
/// let timers = Timers::new(Clock::real(), 1);
/// let _driver = timers.background()?;
/// let _entered = timers.enter(0);
///
/// let deadline = now() + Duration::from_millis(1);
/// futures::executor::block_on(sleep_until(deadline));
/// assert!(now() >= deadline);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::until(shard_for("tulipa::time::sleep_until"), deadline)
}

/// Ticks at once and then every `period`.
///
/// # Panics
///
/// If no timers are current on this thread, or if `period` is zero.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Timers, interval};
///
/// # fn main() -> std::io::Result<()> {
/// let timers = Timers::new(Clock::real(), 1);
/// let _driver = timers.background()?;
/// let _entered = timers.enter(0);
///
/// let mut ticks = interval(Duration::from_millis(1));
/// futures::executor::block_on(async {
///     let first = ticks.tick().await;
///     assert_eq!(ticks.tick().await, first + Duration::from_millis(1));
/// });
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    let shard = shard_for("tulipa::time::interval");
    let start = shard.now();
    Interval::new(Sleep::until(shard, start), period)
}

/// Ticks at `start` and then every `period`.
///
/// # Panics
///
/// If no timers are current on this thread, or if `period` is zero.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Timers, interval_at, now};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let _entered = timers.enter(0);
/// let ticks = interval_at(now() + Duration::from_secs(1), Duration::from_secs(60));
/// assert_eq!(ticks.next_tick(), now() + Duration::from_secs(1));
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    Interval::new(
        Sleep::until(shard_for("tulipa::time::interval_at"), start),
        period,
    )
}

/// The time by the current timers' clock.
///
/// # Panics
///
/// If no timers are current on this thread.
///
/// # Examples
///
/// ```
/// use tulipa_timers::{Clock, Instant, Timers, now};
///
/// let timers = Timers::new(Clock::virtual_(), 1);
/// let _entered = timers.enter(0);
/// assert_eq!(now(), Instant::START);
/// ```
#[track_caller]
pub fn now() -> Instant {
    shard_for("tulipa::time::now").now()
}

/// Held while timers are current on a thread: see [`Timers::enter`].
///
/// # Examples
///
/// ```
/// use tulipa_timers::{Clock, Entered, Timers};
///
/// let entered: Entered = Timers::new(Clock::virtual_(), 1).enter(0);
/// assert!(Timers::current().is_some());
/// drop(entered);
/// assert!(Timers::current().is_none());
/// ```
#[must_use = "the timers are current for as long as this lives"]
pub struct Entered {
    before: Option<Current>,
    depth: usize,
    /// Belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

struct Current {
    timers: Timers,
    shard: ShardRef,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
    /// How many guards there are on this thread.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static THREAD_NUMBER: OnceCell<usize> = const { OnceCell::new() };
}

impl Entered {
    pub(crate) fn new(timers: Timers, shard: ShardRef) -> Self {
        let before = CURRENT.replace(Some(Current { timers, shard }));
        let depth = DEPTH.get() + 1;
        DEPTH.set(depth);
        Self {
            before,
            depth,
            _not_send: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let is_last = DEPTH.get() == self.depth;
        if !is_last && !thread::panicking() {
            panic!(
                "a guard of Timers::enter was dropped before one that was made later: drop them in reverse order"
            );
        }
        DEPTH.set(self.depth - 1);
        CURRENT.set(self.before.take());
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered")
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

/// What was entered last. `None` also at the very end of a thread, when its locals are gone.
pub(crate) fn timers() -> Option<Timers> {
    with(|current| Some(current?.timers.clone()))
}

/// This thread's shard of `timers`, if these are the ones it has entered.
pub(crate) fn shard_of(timers: &Timers) -> Option<ShardRef> {
    with(|current| {
        current
            .filter(|current| current.timers.is(timers))
            .map(|current| Arc::clone(&current.shard))
    })
}

/// A number that differs between most threads.
pub(crate) fn thread_number() -> usize {
    let hash = || BuildHasherDefault::<DefaultHasher>::new().hash_one(thread::current().id());
    // At the very end of a thread its locals are gone; any number will do.
    THREAD_NUMBER
        .try_with(|number| *number.get_or_init(|| hash() as usize))
        .unwrap_or(0)
}

/// This thread's shard of the current timers.
#[track_caller]
fn shard_for(call: &str) -> ShardRef {
    match with(|current| Some(Arc::clone(&current?.shard))) {
        Some(shard) => shard,
        None => none_entered(call),
    }
}

fn with<R>(f: impl FnOnce(Option<&Current>) -> Option<R>) -> Option<R> {
    CURRENT
        .try_with(|current| f(current.borrow().as_ref()))
        .ok()
        .flatten()
}

#[cold]
#[track_caller]
fn none_entered(call: &str) -> ! {
    panic!(
        "{call} called outside a runtime: call it inside `tulipa::run`, or make timers current on this thread with `Timers::enter`"
    )
}
