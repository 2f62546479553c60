#![doc = include_str!("README.md")]

use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering, fence};
use std::fmt;
use std::sync::Arc;

/// The word of the thread that waits, and how to interrupt it.
pub(crate) struct Park {
    /// When the parker wakes by itself, or `AWAKE`.
    until: AtomicU64,
    /// Whether some thread is the parker: a second one would overwrite `until`.
    taken: AtomicBool,
    interrupt: Mutex<Option<Interrupt>>,
}

type Interrupt = Arc<dyn Fn() + Send + Sync>;

/// Nobody waits. Every deadline is as late as this or later.
const AWAKE: u64 = 0;

impl Park {
    pub(crate) fn new() -> Self {
        Self {
            until: AtomicU64::new(AWAKE),
            taken: AtomicBool::new(false),
            interrupt: Mutex::new(None),
        }
    }

    /// Makes `interrupt` what is called from now on.
    pub(crate) fn on_earlier(&self, interrupt: Interrupt) {
        let before = self.interrupt.lock().replace(interrupt);
        drop(before); // its destructor is code of others
    }

    /// Steps P1 to P5: announces for how long the calling thread will wait, and says it. `hint` gives the least hint.
    ///
    /// `None` if another thread is the parker.
    pub(crate) fn begin(&self, hint: impl Fn() -> u64) -> Option<u64> {
        // Acquire pairs with the Release in `end`: what the last parker wrote to `until` comes before what this one does.
        if self.taken.swap(true, Ordering::Acquire) {
            return None;
        }
        let first = hint();
        // Relaxed: the fence orders it before the second look at the hints. It pairs with the one in `armed`.
        self.until.store(first, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let second = hint();
        if second < first {
            // Relaxed: fails if an armer was here, who has interrupted this park already; then it stays interrupted.
            let _ =
                self.until
                    .compare_exchange(first, second, Ordering::Relaxed, Ordering::Relaxed);
        }
        Some(first.min(second))
    }

    /// Step P6.
    pub(crate) fn end(&self) {
        // Relaxed: an armer who reads an old `until` interrupts for nothing.
        self.until.store(AWAKE, Ordering::Relaxed);
        self.taken.store(false, Ordering::Release); // pairs with the Acquire in `begin`
    }

    /// Steps A3 to A5: the caller has lowered a hint to `deadline` and holds no lock.
    pub(crate) fn armed(&self, deadline: u64) {
        fence(Ordering::SeqCst); // pairs with the one in `begin`
        if self.claim(deadline) {
            self.interrupt();
        }
    }

    /// Whether it falls to the caller to interrupt the parker.
    fn claim(&self, deadline: u64) -> bool {
        // Relaxed, here and below: the word announces nothing but itself, and the fence has ordered it after the hint.
        let mut until = self.until.load(Ordering::Relaxed);
        while deadline < until {
            match self.until.compare_exchange_weak(
                until,
                AWAKE,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(current) => until = current,
            }
        }
        false
    }

    fn interrupt(&self) {
        let interrupt = self.interrupt.lock().clone();
        if let Some(interrupt) = interrupt {
            interrupt();
        }
    }
}

impl fmt::Debug for Park {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut park = f.debug_struct("Park");
        match self.until.load(Ordering::Relaxed) {
            AWAKE => park.field("until", &"awake").finish(),
            until => park
                .field("until", &crate::Instant::from_nanos(until))
                .finish(),
        }
    }
}
