//! A thread's slots, and which of them are free.

use super::pool::Pool;
use super::slot::{Chain, Slot};
use crate::cell::Header;
use crate::sync::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use crossbeam_utils::CachePadded;
use std::ptr::{self, NonNull};

/// Free slots, for one thread.
pub(super) struct Shard {
    /// The token of the claim, or [`UNCLAIMED`]. The shared shard is never claimed.
    claimed: AtomicU64,
    /// Apart from what others read.
    own: CachePadded<Owners>,
}

/// What only the owner writes.
struct Owners {
    /// Those that were never used: from the first to the end of a segment.
    fresh: [AtomicPtr<Slot>; 2],
    /// How many the next segment is to have.
    growth: AtomicUsize,
    /// Those that this shard's owner ever listed and ever removed.
    inserted: AtomicUsize,
    removed: AtomicUsize,
    /// Free slots, whoever used them first: those that came last, and a batch that is full.
    free: Chain,
    batch: Chain,
}

pub(super) const UNCLAIMED: u64 = 0;

/// So many slots are returned at once, and taken; twice as many stay.
const BATCH: usize = if cfg!(loom) { 1 } else { 64 };

/// How many slots a shard's first segment has. Each has twice as many as the one before, up to 256 KiB.
const FIRST_SEGMENT: usize = if cfg!(loom) { 1 } else { 64 };
const LARGEST_SEGMENT: usize = if cfg!(loom) {
    2
} else {
    (256 << 10) / size_of::<Slot>()
};

impl Shard {
    pub(super) fn new() -> Self {
        Self {
            claimed: AtomicU64::new(UNCLAIMED),
            own: CachePadded::new(Owners {
                fresh: [(); 2].map(|()| AtomicPtr::new(ptr::null_mut())),
                growth: AtomicUsize::new(FIRST_SEGMENT),
                inserted: AtomicUsize::new(0),
                removed: AtomicUsize::new(0),
                free: Chain::new(),
                batch: Chain::new(),
            }),
        }
    }

    pub(super) fn claim(&self, token: u64) -> bool {
        // Acquire: pairs with the Release in `unclaim`, so that the new owner sees the old one's lists.
        self.claimed
            .compare_exchange(UNCLAIMED, token, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    #[inline]
    pub(super) fn is_claimed_with(&self, token: u64) -> bool {
        // Relaxed: a thread that asks with its own token wrote it itself, and nobody else unclaims it.
        token != UNCLAIMED && self.claimed.load(Ordering::Relaxed) == token
    }

    pub(super) fn unclaim(&self) {
        // Release: pairs with the Acquire in `claim`.
        self.claimed.store(UNCLAIMED, Ordering::Release);
    }

    pub(super) fn inserted(&self) -> usize {
        // Relaxed: a count that is right when nothing moves, and a moment's guess otherwise.
        self.own.inserted.load(Ordering::Relaxed)
    }

    pub(super) fn removed(&self) -> usize {
        // Acquire: pairs with the Release in `keep`.
        self.own.removed.load(Ordering::Acquire)
    }

    /// The owner lists a task.
    #[inline]
    pub(super) fn insert(&self, task: NonNull<Header>, pool: &Pool) -> NonNull<Slot> {
        let slot = self.own.free.pop().unwrap_or_else(|| self.find_free(pool));
        // SAFETY: it was in a list, or never used: so it stays (see `Pool`).
        unsafe { slot.as_ref() }.fill(task);
        // Relaxed: one writer, and so for `removed`.
        let inserted = self.own.inserted.load(Ordering::Relaxed);
        self.own
            .inserted
            .store(inserted.wrapping_add(1), Ordering::Relaxed);
        slot
    }

    /// One that is not in the first of the lists.
    #[inline(never)]
    fn find_free(&self, pool: &Pool) -> NonNull<Slot> {
        let Owners { free, batch, .. } = &*self.own;
        if !batch.is_empty() {
            free.take_over(batch);
        } else if !pool.is_empty() {
            pool.supply(free, BATCH);
        }
        // None: another thread was faster.
        free.pop().unwrap_or_else(|| self.unused(pool))
    }

    /// A slot that was never used.
    #[inline]
    fn unused(&self, pool: &Pool) -> NonNull<Slot> {
        let [first, end] = &self.own.fresh;
        // Relaxed, all of them: only the owner touches these.
        let mut slot = first.load(Ordering::Relaxed);
        if slot == end.load(Ordering::Relaxed) {
            slot = self.grow(pool);
        }
        first.store(slot.wrapping_add(1), Ordering::Relaxed);
        // SAFETY: it lies in a segment.
        unsafe { NonNull::new_unchecked(slot) }
    }

    /// The first of a new segment.
    #[cold]
    fn grow(&self, pool: &Pool) -> *mut Slot {
        // Relaxed: as above.
        let growth = self.own.growth.load(Ordering::Relaxed);
        let next = LARGEST_SEGMENT.min(2 * growth);
        self.own.growth.store(next, Ordering::Relaxed);
        let first = pool.grow(growth).cast::<Slot>().as_ptr();
        let end = first.wrapping_add(growth);
        self.own.fresh[1].store(end, Ordering::Relaxed);
        first
    }

    /// The owner has emptied a slot, of this shard or another.
    #[inline]
    pub(super) fn keep(&self, slot: &Slot, pool: &Pool) {
        if self.own.free.len() == BATCH {
            self.put_batch_aside(pool);
        }
        self.own.free.push(slot);
        // Relaxed: one writer.
        let removed = self.own.removed.load(Ordering::Relaxed);
        // Release: pairs with the Acquire in `removed`.
        self.own
            .removed
            .store(removed.wrapping_add(1), Ordering::Release);
    }

    fn put_batch_aside(&self, pool: &Pool) {
        let Owners { free, batch, .. } = &*self.own;
        if !batch.is_empty() {
            pool.put(batch);
        }
        batch.take_over(free);
    }
}
