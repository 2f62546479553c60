//! Wakers whose time has come: gathered under a lock, woken after it, in order of deadline.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::task::Waker;

/// What `fire` gathers from the shards.
pub(crate) struct Due {
    /// By deadline within a shard.
    wakers: Vec<(u64, Waker)>,
    shards: usize,
}

/// Room for so many wakers is kept from one `fire` of a thread to the next, so that firing allocates nothing. What a burst
/// took is given back.
const KEPT: usize = 1024;

thread_local! {
    static ROOM: Cell<Vec<(u64, Waker)>> = const { Cell::new(Vec::new()) };
}

impl Due {
    pub(crate) fn new() -> Self {
        Self {
            wakers: ROOM.try_with(Cell::take).unwrap_or_default(),
            shards: 0,
        }
    }

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
        for (_, waker) in self.wakers.drain(..) {
            wake(waker);
        }
        if self.wakers.capacity() <= KEPT {
            // At the very end of a thread its locals are gone: then nothing is kept.
            let _ = ROOM.try_with(|room| room.set(self.wakers));
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
