//! A wheel behind its lock, with a hint that says without the lock when to look.

use crate::clock::Clock;
use crate::due::Due;
use crate::instant::Instant;
use crate::park::Park;
use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering};
use crate::wheel::{Key, Wheel};
use std::sync::Arc;
use std::task::{Poll, Waker};

/// The timers that one thread arms. Its lock is that thread's alone but for expiry and for tasks that moved on.
///
/// Sleeps hold their shard, not the [`Timers`](crate::Timers): its reference count is then a line that this thread owns.
pub(crate) struct Shard {
    wheel: Mutex<Wheel<Waker>>,
    /// Not later than the earliest deadline in the wheel. Written under the lock: lowered by arming, raised by expiry
    /// only. So it may be too early where timers were cancelled, which costs one look and spares every cancel a write.
    hint: AtomicU64,
    /// Nobody will fire these timers any more. Written under the lock.
    closed: AtomicBool,
    /// A clone, so that reading the time touches nothing that other threads write.
    clock: Clock,
    /// What the shards of one `Timers` share.
    park: Arc<Park>,
}

const NEVER: u64 = Instant::NEVER.as_nanos();

impl Shard {
    pub(crate) fn new(clock: Clock, park: Arc<Park>) -> Self {
        Self {
            wheel: Mutex::new(Wheel::new()),
            hint: AtomicU64::new(NEVER),
            closed: AtomicBool::new(false),
            clock,
            park,
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn park(&self) -> &Park {
        &self.park
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// No timer of this shard is due before this.
    pub(crate) fn hint(&self) -> u64 {
        // Relaxed: what it announces is read under the lock. That a thread which goes to park does not miss it is the
        // fences' work, see `park`.
        self.hint.load(Ordering::Relaxed)
    }

    /// # Panics
    ///
    /// If the timers were closed.
    pub(crate) fn arm(&self, deadline: Instant, waker: Waker) -> Key {
        let deadline = deadline.as_nanos();
        let mut wheel = self.wheel.lock();
        if self.is_closed() {
            drop(wheel);
            refuse();
        }
        let key = wheel.arm(deadline, waker);
        let is_first = self.lower_hint(deadline);
        drop(wheel);
        if is_first {
            self.park.armed(deadline);
        }
        key
    }

    /// Moves a timer. `false` if it has fired.
    pub(crate) fn rearm(&self, key: Key, deadline: Instant) -> bool {
        let deadline = deadline.as_nanos();
        let mut wheel = self.wheel.lock();
        let is_armed = wheel.rearm(key, deadline);
        let is_first = is_armed && self.lower_hint(deadline);
        drop(wheel);
        if is_first {
            self.park.armed(deadline);
        }
        is_armed
    }

    /// Takes a timer out of the wheel. The waker of one that had not fired is dropped, outside the lock: it may be the
    /// last thing that holds a task, whose timers are here too.
    pub(crate) fn cancel(&self, key: Key) {
        let waker = self.wheel.lock().remove(key);
        drop(waker);
    }

    /// Ready if the timer has fired, which is then forgotten if `take` says so; else `waker` is who will be woken.
    pub(crate) fn poll(&self, key: Key, waker: &Waker, take: bool) -> Poll<()> {
        match waiting(&mut self.wheel.lock(), key, take) {
            None => return Poll::Ready(()),
            Some(current) if current.will_wake(waker) => return Poll::Pending,
            Some(_) => {}
        }
        // Another one. Cloning and dropping wakers is code of others and stays outside the lock.
        let mut waker = waker.clone();
        match waiting(&mut self.wheel.lock(), key, take) {
            None => Poll::Ready(()),
            Some(current) => {
                std::mem::swap(current, &mut waker);
                Poll::Pending
            }
        }
    }

    /// Takes out what is due at `now`.
    pub(crate) fn expire(&self, now: Instant, due: &mut Due) {
        let now = now.as_nanos();
        if self.hint() > now {
            return;
        }
        let mut wheel = self.wheel.lock();
        due.gather(|wakers| wheel.expire(now, wakers));
        let next = wheel.not_before().unwrap_or(NEVER);
        debug_assert!(next >= self.hint(), "time does not bring deadlines forward");
        self.hint.store(next, Ordering::Relaxed); // see `hint`
    }

    /// Takes out all there are: they will never be due.
    pub(crate) fn close(&self, due: &mut Due) {
        let mut wheel = self.wheel.lock();
        // Relaxed: written under the lock; whoever finds its timer taken out sees this, by the lock.
        self.closed.store(true, Ordering::Relaxed);
        due.gather(|wakers| wheel.expire(NEVER, wakers));
        self.hint.store(NEVER, Ordering::Relaxed); // see `hint`
    }

    fn is_closed(&self) -> bool {
        // Relaxed: as in `close`.
        self.closed.load(Ordering::Relaxed)
    }

    /// For one that was taken out of the wheel.
    ///
    /// # Panics
    ///
    /// If that is because the timers were closed, and not because it was due.
    pub(crate) fn refuse_closed(&self, deadline: Instant) {
        if self.is_closed() && deadline > self.now() {
            refuse();
        }
    }

    /// The earliest deadline, exactly. Looks at many timers at times.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.wheel
            .lock()
            .next_deadline()
            .map(Instant::from_nanos)
            .filter(|&deadline| deadline < Instant::NEVER)
    }

    /// How many timers there are, fired ones that nobody fetched included.
    pub(crate) fn len(&self) -> usize {
        self.wheel.lock().len()
    }

    /// Called under the lock. `true`: nobody has announced a deadline as early as this one, so the caller does.
    fn lower_hint(&self, deadline: u64) -> bool {
        // Relaxed: only written under the lock; for its readers see `hint`.
        let is_first = deadline < self.hint.load(Ordering::Relaxed);
        if is_first {
            self.hint.store(deadline, Ordering::Relaxed);
        }
        is_first
    }
}

#[cold]
fn refuse() -> ! {
    panic!(
        "a sleep would never end, because the runtime whose timers it uses has ended: \
         make it in the task that awaits it, and end runtimes after their tasks"
    )
}

/// Who waits for a timer. `None` if it has fired; then it leaves the wheel if `take` says so.
fn waiting(wheel: &mut Wheel<Waker>, key: Key, take: bool) -> Option<&mut Waker> {
    if take && !wheel.is_armed(key) {
        wheel.remove(key);
        return None;
    }
    wheel.payload_mut(key)
}
