//! What an idle worker waits on: [`Driver`], and who may wait on it.
//!
//! The executor knows no clock and no socket. It is given a driver, and of the workers with nothing to do one waits in it,
//! the others on parkers of their own. Who is in the driver is *at the helm*: there is one helm and it has one place, so
//! `park` and `poll` never overlap. Busy workers go there for a moment every so many tasks, if nobody is there.
//!
//! While all workers sleep, one of them is at the helm: whoever holds it is awake, or asleep right there; and who is awake
//! tries to take it before it sleeps. So the last to fall asleep finds it free or attended.

use crate::sync::{AtomicUsize, Mutex, Ordering, Parker, Unparker, fence};
use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// What a worker waits on when there is nothing to run.
///
/// A runtime makes one out of its sockets and timers; [`ThreadDriver`] has neither. The executor promises:
///
/// * At most one thread is inside `park` or `poll` at a time.
/// * While all workers sleep, one is inside `park` (with a single worker: while it is inside `block_on`; with several that have no
///   threads yet: then, and whenever the driver [is needed](Self::is_needed)).
/// * Wakers called by `park`, `poll` and `quiescent` may wake any number of tasks; they are queued in that order.
///
/// # Examples
///
/// A driver whose only event is set from outside.
///
/// ```
/// use std::sync::Mutex;
/// use std::task::Waker;
/// use tulipa_executor::{Driver, ThreadDriver};
///
/// #[derive(Default)]
/// struct Doorbell {
///     thread: ThreadDriver,
///     waiting: Mutex<Vec<Waker>>,
///     rung: Mutex<bool>,
/// }
///
/// impl Driver for Doorbell {
///     fn park(&self) {
///         self.thread.park();
///         self.poll();
///     }
///     fn poll(&self) {
///         if std::mem::take(&mut *self.rung.lock().unwrap()) {
///             let waiting = std::mem::take(&mut *self.waiting.lock().unwrap());
///             waiting.into_iter().for_each(Waker::wake); // after the lock
///         }
///     }
///     fn unpark(&self) {
///         self.thread.unpark();
///     }
/// }
///
/// let bell = Doorbell::default();
/// *bell.rung.lock().unwrap() = true;
/// bell.unpark();
/// bell.park(); // returns at once
/// assert!(!*bell.rung.lock().unwrap());
/// ```
pub trait Driver: Send + Sync + 'static {
    /// Waits until `unpark`, an event, or a deadline of its own, and handles what is due. An `unpark` before it is not
    /// lost. It may return for no reason.
    fn park(&self);

    /// Handles what is due without waiting. Busy workers call it now and then.
    fn poll(&self);

    /// Ends the current or the next `park`. Called from any thread; cheap when nobody is parked.
    fn unpark(&self);

    /// Nothing can run: all workers sleep, nothing is queued, no blocking job is in flight. A virtual clock moves to its
    /// next deadline here, and wakes what is due.
    ///
    /// `true` if it woke something or may have; `false` if nothing will ever happen by itself. Called by one thread at
    /// a time, while another may be inside [`park`](Self::park).
    fn quiescent(&self) -> bool {
        false
    }

    /// Whether `park` may end by itself: for an event from outside, or a deadline of a real clock. A simulation in which all
    /// sleep polls then, before a virtual clock moves, and parks. Else nothing will ever happen there: a deadlock.
    fn expects_events(&self) -> bool {
        false
    }

    /// Whether anybody may wait for something of this driver, now or later, on a thread that is no worker. If not, it may be left alone
    /// between two [`block_on`](crate::Executor::block_on), and no thread is started for it.
    ///
    /// Asked as somebody leaves `block_on`, and the executor has no other threads. Who changes the answer says so by
    /// [`Executor::attend_driver`](crate::Executor::attend_driver). By default it is needed always.
    fn is_needed(&self) -> bool {
        true
    }

    /// The time since some moment before the executor began, by the clock that the timers go by: debug mode measures polls by
    /// it. Without a clock of its own a driver leaves it at real time.
    fn now(&self) -> Duration {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        BEGAN.get_or_init(Instant::now).elapsed()
    }

    /// Sets what is per thread (the timers of a worker), when a thread starts to work for the executor as worker `worker`.
    /// The guard is dropped on that thread when it ends.
    fn enter(&self, worker: usize) -> Box<dyn Any> {
        let _ = worker;
        Box::new(())
    }
}

/// The driver of an executor without sockets or timers: it waits for wakes from other threads.
///
/// # Examples
///
/// ```
/// use tulipa_executor::{Driver, ThreadDriver};
///
/// let driver = ThreadDriver::default();
/// driver.unpark();
/// driver.park(); // returns at once: the unpark was not lost
/// ```
pub struct ThreadDriver {
    /// Only one thread is in `park` at a time, so the lock is never waited for.
    parker: Mutex<Parker>,
    unparker: Unparker,
}

impl Default for ThreadDriver {
    fn default() -> Self {
        let parker = Parker::new();
        let unparker = parker.unparker().clone();
        Self {
            parker: Mutex::new(parker),
            unparker,
        }
    }
}

impl Driver for ThreadDriver {
    fn park(&self) {
        self.parker.lock().park();
    }

    fn poll(&self) {}

    fn unpark(&self) {
        self.unparker.unpark();
    }

    /// There is nothing of its own that it could wake anybody for.
    fn is_needed(&self) -> bool {
        false
    }
}

impl fmt::Debug for ThreadDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadDriver").finish_non_exhaustive()
    }
}

/// The driver, and who is in it.
pub(crate) struct Helm {
    driver: Arc<dyn Driver>,
    holder: AtomicUsize,
}

const NOBODY: usize = usize::MAX;

/// The place at the helm, held by a worker. Given up on drop, also when a waker panics inside.
#[must_use]
pub(crate) struct AtHelm<'a>(&'a Helm);

impl Helm {
    /// Taken by the one thread of a simulation: whichever of its workers is woken, the driver is told.
    pub(crate) const EVERYBODY: usize = usize::MAX - 1;

    pub(crate) fn new(driver: Arc<dyn Driver>) -> Self {
        Self {
            driver,
            holder: AtomicUsize::new(NOBODY),
        }
    }

    pub(crate) fn driver(&self) -> &dyn Driver {
        &*self.driver
    }

    /// Takes the place if it is free.
    pub(crate) fn take(&self, worker: usize) -> Option<AtHelm<'_>> {
        // Relaxed, twice: the exchange decides, and a failure has no consequence that needs order.
        if self.holder.load(Ordering::Relaxed) != NOBODY {
            return None;
        }
        // Acquire: pairs with the Release in `AtHelm::drop`: what the last one did in the driver is done.
        self.holder
            .compare_exchange(NOBODY, worker, Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        // Pairs with the fence in `Sleep::rouse`: either that waker sees this worker here, or this worker sees, in its
        // look at its own bit after this, that it was woken.
        fence(Ordering::SeqCst);
        Some(AtHelm(self))
    }

    /// Who is there at this moment.
    pub(crate) fn holder(&self) -> Option<usize> {
        // Relaxed: the answer may be outdated at once; `Sleep::rouse` puts a fence before it.
        Some(self.holder.load(Ordering::Relaxed)).filter(|holder| *holder != NOBODY)
    }
}

impl AtHelm<'_> {
    pub(crate) fn park(&self) {
        self.0.driver.park();
    }

    pub(crate) fn poll(&self) {
        self.0.driver.poll();
    }
}

impl Drop for AtHelm<'_> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `take`.
        self.0.holder.store(NOBODY, Ordering::Release);
    }
}

impl fmt::Debug for Helm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Helm")
            .field("holder", &self.holder())
            .finish_non_exhaustive()
    }
}
