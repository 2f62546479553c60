//! A thread's slots, and which of them are free.

use super::slot::{Chain, Returned, Slot};
use crate::cell::Header;
use crate::sync::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use crossbeam_utils::CachePadded;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

/// Slots, and lists of free ones.
pub(super) struct Shard {
    /// The token of the claim, or [`UNCLAIMED`]. The shared shard is never claimed.
    claimed: AtomicU64,
    /// Segment n has `FIRST_SEGMENT << n` slots, so that a slot never moves.
    segments: [OnceLock<Box<[Slot]>>; SEGMENTS],
    /// Apart from what others read.
    own: CachePadded<Owners>,
}

/// What only the owner writes.
struct Owners {
    /// How many slots have ever been in use.
    used: AtomicU32,
    /// Those of the newest segment that have not: from the first to the end.
    fresh: [AtomicPtr<Slot>; 2],
    /// Those that this shard's owner ever listed and ever removed.
    inserted: AtomicUsize,
    removed: AtomicUsize,
    /// Free slots, from whatever shard: those that came last, a batch that is full, and what was taken of those that others
    /// returned.
    free: Chain,
    batch: Chain,
    taken: Chain,
}

pub(super) const UNCLAIMED: u64 = 0;

/// So many slots are returned at once; twice as many stay.
const BATCH: usize = if cfg!(loom) { 1 } else { 64 };

const FIRST_SEGMENT: usize = if cfg!(loom) { 1 } else { 64 };
const SEGMENTS: usize = 26;

impl Shard {
    pub(super) fn new() -> Self {
        Self {
            claimed: AtomicU64::new(UNCLAIMED),
            segments: [const { OnceLock::new() }; SEGMENTS],
            own: CachePadded::new(Owners {
                used: AtomicU32::new(0),
                fresh: [(); 2].map(|()| AtomicPtr::new(ptr::null_mut())),
                inserted: AtomicUsize::new(0),
                removed: AtomicUsize::new(0),
                free: Chain::new(),
                batch: Chain::new(),
                taken: Chain::new(),
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
    pub(super) fn insert(&self, task: NonNull<Header>, returned: &Returned) -> &Slot {
        let slot = match self.own.free.pop() {
            // SAFETY: what is in the lists of a shard lives as long as its registry.
            Some(slot) => unsafe { slot.as_ref() },
            None => self.find_free(returned),
        };
        slot.fill(task);
        // Relaxed: one writer, and so for `removed`.
        let inserted = self.own.inserted.load(Ordering::Relaxed);
        self.own
            .inserted
            .store(inserted.wrapping_add(1), Ordering::Relaxed);
        slot
    }

    /// One that is not in the first of the lists.
    #[inline(never)]
    fn find_free(&self, returned: &Returned) -> &Slot {
        let Owners {
            free, batch, taken, ..
        } = &*self.own;
        if batch.is_empty() && taken.is_empty() && returned.is_empty() {
            return self.unused();
        }
        free.take_over(batch);
        if free.is_empty() && taken.is_empty() {
            taken.take_all(returned);
        }
        match free.pop().or_else(|| taken.pop()) {
            // SAFETY: as in `insert`.
            Some(slot) => unsafe { slot.as_ref() },
            None => self.unused(), // another thread was faster
        }
    }

    /// A slot that was never used.
    #[inline]
    fn unused(&self) -> &Slot {
        let [first, end] = &self.own.fresh;
        // Relaxed, all of them: only the owner touches these, and only he writes `used`.
        let mut slot = first.load(Ordering::Relaxed);
        if slot == end.load(Ordering::Relaxed) {
            slot = self.grow();
        }
        first.store(slot.wrapping_add(1), Ordering::Relaxed);
        let used = self.own.used.load(Ordering::Relaxed);
        // Release: pairs with the Acquire in `used_slots`, which then finds the segment.
        self.own.used.store(used + 1, Ordering::Release);
        // SAFETY: it lies in a segment, and these live as long as the shard.
        unsafe { &*slot }
    }

    /// The first of a new segment.
    #[cold]
    fn grow(&self) -> *mut Slot {
        // Relaxed: only the owner writes it.
        let (segment, offset) = locate(self.own.used.load(Ordering::Relaxed) as usize);
        debug_assert_eq!(offset, 0, "the segment before is used up");
        let slots = self.segments[segment]
            .get_or_init(|| (0..FIRST_SEGMENT << segment).map(|_| Slot::new()).collect());
        let slots = slots.as_ptr_range();
        // Relaxed: as above.
        self.own.fresh[1].store(slots.end.cast_mut(), Ordering::Relaxed);
        slots.start.cast_mut()
    }

    /// The owner has emptied a slot, of this shard or another.
    #[inline]
    pub(super) fn keep(&self, slot: &Slot, returned: &Returned) {
        if self.own.free.len() == BATCH {
            self.put_batch_aside(returned);
        }
        self.own.free.push(slot);
        // Relaxed: one writer.
        let removed = self.own.removed.load(Ordering::Relaxed);
        // Release: pairs with the Acquire in `removed`.
        self.own
            .removed
            .store(removed.wrapping_add(1), Ordering::Release);
    }

    fn put_batch_aside(&self, returned: &Returned) {
        let Owners { free, batch, .. } = &*self.own;
        if !batch.is_empty() {
            returned.put(batch);
        }
        batch.take_over(free);
    }

    /// All that have ever been in use.
    pub(super) fn used_slots(&self) -> impl Iterator<Item = &Slot> {
        // Acquire: pairs with the Release in `grow`.
        let used = self.own.used.load(Ordering::Acquire) as usize;
        let segments = self.segments.iter().map_while(OnceLock::get);
        segments.flatten().take(used)
    }
}

/// The segment of a slot, and its place in it.
fn locate(index: usize) -> (usize, usize) {
    let segment = (index / FIRST_SEGMENT + 1).ilog2() as usize;
    (segment, index - FIRST_SEGMENT * ((1 << segment) - 1))
}

#[cfg(test)]
mod tests {
    use super::{FIRST_SEGMENT, locate};

    #[test]
    fn each_slot_has_one_place_and_segments_have_no_holes() {
        let mut expected = (0, 0);
        for index in 0..100_000 {
            assert_eq!(locate(index), expected);
            expected.1 += 1;
            if expected.1 == FIRST_SEGMENT << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
    }
}
