//! What no thread has: free slots that were returned, and the memory of all.

use super::slot::{Chain, NIL, Slot, at};
use crate::memory::pages;
use crate::sync::{AtomicUsize, Mutex, Ordering};
use crossbeam_utils::CachePadded;
use std::ptr::NonNull;

/// Free slots that anyone may have, and the segments that all slots lie in.
///
/// Anyone adds to the list, and who takes, takes all, so that no exchange can mistake a list for an older one (ABA). Who wants a
/// few of them only puts the others back where nothing is; what came in meanwhile goes before them.
///
/// A slot stays as long as it holds a task, is in a list, or was never used. A segment goes by [`trim`](Self::trim), which takes
/// the list: if it then has all slots of a segment, nobody else can have come to one of them, but a visitor.
pub(super) struct Pool {
    returned: CachePadded<AtomicUsize>,
    /// How many tasks were removed by threads that own no shard.
    removed: AtomicUsize,
    segments: Mutex<Vec<Segment>>,
    /// How many slots these are.
    slots: AtomicUsize,
}

/// Slots in one piece of memory.
struct Segment(NonNull<[Slot]>);

// SAFETY: slots may be reached from any thread, and this is who frees them.
unsafe impl Send for Segment {}

impl Pool {
    pub(super) fn new() -> Self {
        Self {
            returned: CachePadded::new(AtomicUsize::new(NIL)),
            removed: AtomicUsize::new(0),
            segments: Mutex::new(Vec::new()),
            slots: AtomicUsize::new(0),
        }
    }

    /// Adds all of `chain`.
    #[cold]
    pub(super) fn put(&self, chain: &Chain) {
        if let (first, Some(last)) = chain.take() {
            // SAFETY: what is in a list stays.
            self.splice(first, unsafe { last.as_ref() });
        }
    }

    /// Adds one that a thread without a shard has emptied.
    #[cold]
    pub(super) fn put_one(&self, slot: &Slot) {
        self.splice(slot.addr(), slot);
        // Release: pairs with the Acquire in `removed`.
        self.removed.fetch_add(1, Ordering::Release);
    }

    fn splice(&self, first: usize, last: &Slot) {
        // Relaxed: the exchange below decides.
        let mut head = self.returned.load(Ordering::Relaxed);
        loop {
            last.link(head);
            // Release: pairs with the Acquire in `take_all`, whose caller reads the links.
            match self.returned.compare_exchange_weak(
                head,
                first,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(seen) => head = seen,
            }
        }
    }

    /// Asked before, so that a burst of spawns need not exchange for each.
    pub(super) fn is_empty(&self) -> bool {
        // Relaxed: what comes just now is for the next time.
        self.returned.load(Ordering::Relaxed) == NIL
    }

    /// Moves up to `most` slots to where there are none.
    pub(super) fn supply(&self, chain: &Chain, most: usize) {
        let others = chain.take_first(most, self.take_all());
        self.put_back(others);
    }

    /// The rest of what was taken. Its last slot is not known, and so it is put where nothing is.
    fn put_back(&self, mut list: usize) {
        // Release: pairs with the Acquire in `take_all`, whose caller reads the links.
        while list != NIL
            && self
                .returned
                .compare_exchange(NIL, list, Ordering::Release, Ordering::Relaxed)
                .is_err()
        {
            // What others have returned meanwhile: a few.
            let newer = Chain::new();
            newer.take_first(usize::MAX, self.take_all());
            if let (first, Some(last)) = newer.take() {
                // SAFETY: what is in a list stays.
                unsafe { last.as_ref() }.link(list);
                list = first;
            }
        }
    }

    fn take_all(&self) -> usize {
        // Acquire: pairs with the Release in `splice` and in `put_back`.
        self.returned.swap(NIL, Ordering::Acquire)
    }

    pub(super) fn removed(&self) -> usize {
        // Acquire: pairs with the Release in `put_one`.
        self.removed.load(Ordering::Acquire)
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        // Relaxed: a guess, while others grow.
        self.slots.load(Ordering::Relaxed)
    }

    /// So many new slots. They are the caller's.
    pub(super) fn grow(&self, slots: usize) -> NonNull<[Slot]> {
        let segment = Segment::new(slots);
        let slots = segment.0;
        self.add(&mut self.segments.lock(), vec![segment]);
        slots
    }

    fn add(&self, segments: &mut Vec<Segment>, more: Vec<Segment>) {
        segments.extend(more);
        let slots = segments.iter().map(|segment| segment.0.len()).sum();
        // Relaxed: written under the lock, and read as a guess.
        self.slots.store(slots, Ordering::Relaxed);
    }

    /// A segment, by number. None goes, and so the numbers stay, while nobody trims.
    pub(super) fn segment(&self, number: usize) -> Option<NonNull<[Slot]>> {
        self.segments.lock().get(number).map(|segment| segment.0)
    }

    /// Gives back the memory of the segments all slots of which were returned.
    ///
    /// # Safety
    ///
    /// Nobody visits slots, or trims, meanwhile.
    pub(super) unsafe fn trim(&self) {
        let mut returned = self.take_all();
        while let Some(slot) = at(returned) {
            // SAFETY: it is of a list that is this thread's now, and stays.
            let slot = unsafe { slot.as_ref() };
            returned = slot.next();
            slot.set_loose();
        }
        let stay = Chain::new();
        let gone = self.part(&stay);
        self.put(&stay);
        for segment in gone {
            // SAFETY: all its slots were in the list that was taken, and no visitor is about.
            unsafe { segment.free() };
        }
    }

    /// Parts those segments with the rest whose slots are all loose. The other loose ones go to `stay`, in their order: so
    /// tasks that are spawned one after the other are listed side by side.
    fn part(&self, stay: &Chain) -> Vec<Segment> {
        let mut segments = self.segments.lock();
        let all = std::mem::take(&mut *segments);
        let (gone, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(Segment::is_loose);
        for segment in rest.iter().rev() {
            let loose = segment.slots().iter().rev().filter(|slot| slot.is_loose());
            loose.for_each(|slot| stay.push(slot));
        }
        self.add(&mut segments, rest);
        gone
    }
}

impl Segment {
    fn new(slots: usize) -> Self {
        let slots: Box<[Slot]> = (0..slots).map(|_| Slot::new()).collect();
        Self(NonNull::from(Box::leak(slots)))
    }

    fn slots(&self) -> &[Slot] {
        // SAFETY: they are there as long as the segment, and shared ever after.
        unsafe { self.0.as_ref() }
    }

    fn is_loose(&self) -> bool {
        self.slots().iter().all(Slot::is_loose)
    }

    /// Frees it, its pages first: many allocators would keep them.
    ///
    /// # Safety
    ///
    /// Nobody has a pointer to one of its slots.
    unsafe fn free(self) {
        if !cfg!(loom) {
            // SAFETY: the caller's promise; slots have no destructor, which would read them.
            unsafe { pages::release(self.0.cast(), size_of_val(self.slots())) };
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: it is from `new`. It goes with the registry, or because `free` was promised that nobody has it.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}
