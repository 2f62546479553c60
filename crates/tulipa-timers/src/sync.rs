//! The one door to atomics, locks and threads: `std`'s and parking_lot's in a build, loom's under `cfg(loom)`.
//!
//! What is a thread's own (the current timers) is not shared and stays with `std`.

#[cfg(loom)]
pub(crate) use self::model::*;
#[cfg(not(loom))]
pub(crate) use self::real::*;

/// What no model runs, and is the same in both: the thread in the background, and which thread this is.
pub(crate) mod thread {
    pub(crate) use crossbeam_utils::sync::{Parker, Unparker};
    pub(crate) use std::thread::{Builder, JoinHandle, current, panicking};
}

#[cfg(not(loom))]
mod real {
    pub(crate) use parking_lot::Mutex;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
}

#[cfg(loom)]
mod model {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

    /// loom's mutex in parking_lot's form: a lock is never poisoned.
    #[derive(Debug)]
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
}
