//! The observer of all children: it counts them down, notes the first that failed, and wakes the awaiter once.

use crate::awaiter::Awaiter;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Waker;
use tulipa_task::{Observer, TaskRef, TaskState};

/// The observer of all children.
pub(super) struct Tally {
    left: AtomicUsize,
    /// The position of the first child that did not end with a value, or `NONE`.
    first_failure: AtomicUsize,
    first_failure_wakes: AtomicBool,
    /// The position of the last child that ended.
    last: AtomicUsize,
    pub(super) awaiter: Awaiter,
}

const NONE: usize = usize::MAX;

impl Tally {
    pub(super) fn new(children: usize) -> Self {
        Self {
            left: AtomicUsize::new(children),
            first_failure: AtomicUsize::new(NONE),
            first_failure_wakes: AtomicBool::new(true),
            last: AtomicUsize::new(0),
            awaiter: Awaiter::here(),
        }
    }

    pub(super) fn all_done(&self) -> bool {
        // Acquire: pairs with the Release half in `done`, so that who sees 0 sees what the last has stored.
        self.left.load(Ordering::Acquire) == 0
    }

    /// How many have not ended: a figure for people.
    pub(super) fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed) // nothing hangs on it
    }

    /// A failure does not wake the awaiter any more.
    pub(super) fn wake_at_the_end_only(&self) {
        // Relaxed: who still sees the old value wakes the awaiter once too often.
        self.first_failure_wakes.store(false, Ordering::Relaxed);
    }

    pub(super) fn first_failure(&self) -> Option<usize> {
        // Acquire: pairs with the Release in `note_failure`, so that who sees the key sees its task ended.
        Some(self.first_failure.load(Ordering::Acquire)).filter(|&key| key != NONE)
    }

    /// Of several that end in one instant on different threads, any.
    pub(super) fn last(&self) -> usize {
        // Relaxed: `all_done` was seen before.
        self.last.load(Ordering::Relaxed)
    }

    fn note_failure(&self, key: usize) -> bool {
        // Release: pairs with the Acquire in `first_failure`. Relaxed on failure: the key that is there is not looked at.
        let first =
            self.first_failure
                .compare_exchange(NONE, key, Ordering::Release, Ordering::Relaxed);
        // Relaxed: see `wake_at_the_end_only`.
        first.is_ok() && self.first_failure_wakes.load(Ordering::Relaxed)
    }
}

impl Observer for Tally {
    fn done(&self, key: usize, state: TaskState) -> Option<Waker> {
        let is_wanted = state != TaskState::Finished && self.note_failure(key);
        // Relaxed: published by the exchange that follows.
        self.last.store(key, Ordering::Relaxed);
        // AcqRel: the Release half pairs with the Acquire in `all_done`; the Acquire half with the Release of those who
        // counted down before, so that who sees 0 sees what all have stored.
        let left = self.left.fetch_sub(1, Ordering::AcqRel) - 1;
        if is_wanted || left == 0 {
            self.awaiter.take()
        } else {
            None
        }
    }

    fn awaiter(&self) -> Option<TaskRef> {
        self.awaiter.task()
    }
}
