//! Wakers whose time has come: gathered under a lock, woken after it, in order of deadline.

use std::panic::{self, AssertUnwindSafe};
use std::task::Waker;

/// What `fire` gathers from the shards.
#[derive(Default)]
pub(crate) struct Due {
    /// By deadline within a shard.
    wakers: Vec<(u64, Waker)>,
    shards: usize,
}

impl Due {
    /// Adds what `expire` appends: the timers of one shard.
    pub(crate) fn gather(&mut self, expire: impl FnOnce(&mut Vec<(u64, Waker)>)) {
        let before = self.wakers.len();
        expire(&mut self.wakers);
        self.shards += usize::from(self.wakers.len() > before);
    }

    /// Wakes all and says how many they were. A wake may run anything, so no lock may be held.
    pub(crate) fn wake(mut self) -> usize {
        if self.shards > 1 {
            self.wakers.sort_by_key(|&(deadline, _)| deadline); // stable, and quick: a few sorted runs
        }
        let count = self.wakers.len();
        for (_, waker) in self.wakers {
            wake(waker);
        }
        count
    }
}

/// Wakes one. The panic of a waker is its owner's, who saw it through the panic hook; the timers of others go on.
fn wake(waker: Waker) {
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| waker.wake())) {
        std::mem::forget(payload); // its destructor could panic too
    }
}
