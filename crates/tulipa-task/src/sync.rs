//! The one door to atomics, cells, locks and threads: `std`'s in a build, loom's under `cfg(loom)`.
//!
//! Everything that a loom model must see goes through here. So does what is a thread's own (the ambient frame, the
//! claimed shard): loom runs its threads on one of the system's, where `std`'s thread-locals would be shared.

#[cfg(loom)]
pub(crate) use self::model::*;
#[cfg(not(loom))]
pub(crate) use self::real::*;

pub(crate) use std::thread::{Thread, park, park_timeout};

/// Hands out numbers that differ, in the whole process. `std`'s in a model too: a static outlives the model's runs, and
/// nothing hangs on the order of the numbers.
#[derive(Debug)]
pub(crate) struct Counter(std::sync::atomic::AtomicU64);

impl Counter {
    pub(crate) const fn from(first: u64) -> Self {
        Self(std::sync::atomic::AtomicU64::new(first))
    }

    /// The first of the next `many` numbers.
    pub(crate) fn take(&self, many: u64) -> u64 {
        // Relaxed: the numbers differ whatever the order, and say nothing about other memory.
        self.0.fetch_add(many, Ordering::Relaxed)
    }

    /// The next one, as far as this thread knows.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        // Relaxed: as above.
        self.0.load(Ordering::Relaxed)
    }
}

/// A word for people to read. `std`'s in a model too: no code hangs on what it says.
#[derive(Debug)]
pub(crate) struct Remark(std::sync::atomic::AtomicU64);

impl Remark {
    pub(crate) const fn new(word: u64) -> Self {
        Self(std::sync::atomic::AtomicU64::new(word))
    }

    #[inline]
    pub(crate) fn set(&self, word: u64) {
        // Relaxed: it stands for itself, and says nothing about other memory.
        self.0.store(word, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        // Relaxed: as above.
        self.0.load(Ordering::Relaxed)
    }
}

/// A byte that only one thread at a time writes: handed on together with what it is about. `std`'s in a model too.
#[derive(Debug)]
pub(crate) struct Byte(std::sync::atomic::AtomicU8);

impl Byte {
    pub(crate) const fn new(byte: u8) -> Self {
        Self(std::sync::atomic::AtomicU8::new(byte))
    }

    #[inline(always)]
    pub(crate) fn set(&self, byte: u8) {
        // Relaxed: whoever reads what was written here was given the turn by who wrote it.
        self.0.store(byte, Ordering::Relaxed);
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> u8 {
        // Relaxed: as above.
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(not(loom))]
mod real {
    pub(crate) use parking_lot::Mutex;
    pub(crate) use std::alloc::{alloc, dealloc};
    pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use std::thread_local;

    /// Gives the holder of a lock bit that is about to be free the time to free it.
    pub(crate) struct Backoff(crossbeam_utils::Backoff);

    impl Backoff {
        pub(crate) fn new() -> Self {
            Self(crossbeam_utils::Backoff::new())
        }

        pub(crate) fn snooze(&self) {
            self.0.snooze();
        }
    }

    /// `std`'s `UnsafeCell` in loom's closure form.
    #[derive(Debug)]
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        #[inline(always)]
        pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        #[inline(always)]
        pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }
    }
}

#[cfg(loom)]
mod model {
    /// loom's thread-local, which does not know the `const` of `std`'s.
    macro_rules! modelled {
        ($(#[$attr:meta])* static $name:ident: $t:ty = const { $init:expr };) => {
            loom::thread_local! { $(#[$attr])* static $name: $t = $init; }
        };
    }

    pub(crate) use loom::alloc::{alloc, dealloc};
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use modelled as thread_local;

    /// loom's mutex in parking_lot's form: a lock is never poisoned.
    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
            self.0
                .lock()
                .expect("a model that panics has failed already")
        }
    }

    /// Lets the other threads of the model run.
    pub(crate) struct Backoff;

    impl Backoff {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn snooze(&self) {
            loom::thread::yield_now();
        }
    }
}
