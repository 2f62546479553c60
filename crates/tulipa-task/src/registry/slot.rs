//! A slot, and lists of slots that are free.

use crate::cell::Header;
use crate::handle::TaskRef;
use crate::sync::{AtomicUsize, Ordering};
use std::ptr::{self, NonNull};

/// Free (a link), a task's header, that header while it is visited, or removed while it was visited.
pub(crate) struct Slot(AtomicUsize);

/// Low bits of a slot: headers and slots are aligned to four bytes at least.
const VISITED: usize = 0b01;
const FREE: usize = 0b10;
const REMOVED: usize = 0b11;
const TAG: usize = 0b11;

impl Slot {
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(FREE))
    }

    /// Lists a task in a free slot of the caller's.
    #[inline]
    pub(super) fn fill(&self, task: NonNull<Header>) {
        debug_assert_eq!(self.0.load(Ordering::Relaxed) & TAG, FREE);
        // Release: pairs with the Acquire of a visit, which reads the header.
        self.0
            .store(task.as_ptr().expose_provenance(), Ordering::Release);
    }

    /// Empties it; `false` if a visitor is in it, who then gives it back.
    #[inline]
    pub(super) fn take_out(&self, task: &Header) -> bool {
        let listed = ptr::from_ref(task).expose_provenance();
        // Acquire: pairs with the Release of a visitor who left, so that his reference is counted before this one goes.
        let emptied = self
            .0
            .compare_exchange(listed, FREE, Ordering::Acquire, Ordering::Relaxed);
        emptied.is_ok() || self.take_out_visited(task, listed)
    }

    #[cold]
    fn take_out_visited(&self, task: &Header, listed: usize) -> bool {
        task.retain(); // for the caller: the runtime's goes to the visitor, if he is still there
        // AcqRel: pairs with the exchange by which a visitor leaves, in `leave`: with its Release if he has left, with the
        // Acquire of its failure if he has not.
        if self.0.swap(REMOVED, Ordering::AcqRel) == listed {
            let last = task.release();
            debug_assert!(!last, "the caller owns the runtime's reference");
            return true;
        }
        false
    }

    /// Enters it, if a task is listed there. One visitor at a time.
    pub(super) fn visit(&self) -> Option<Visited<'_>> {
        // Relaxed: the exchange decides.
        let listed = self.0.load(Ordering::Relaxed);
        if listed & TAG != 0 {
            return None;
        }
        let header = NonNull::new(ptr::with_exposed_provenance_mut::<Header>(listed))?;
        let visited = listed | VISITED;
        self.0
            // Acquire: pairs with the Release in `fill`; the header's fields are then to be seen.
            .compare_exchange(listed, visited, Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        // SAFETY: rule 5: the slot is marked, so the runtime's reference is not given back before this thread
        // has left it (see the module's docs), and the new reference is counted before that.
        let task = unsafe { TaskRef::retain(header) };
        Some(Visited {
            slot: self,
            listed,
            task,
        })
    }

    /// Puts it before a list.
    #[inline]
    pub(super) fn link(&self, next: usize) {
        // Relaxed: only who has the slot reads the link; a visitor reads the tag, which stays FREE.
        self.0.store(next | FREE, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn next(&self) -> usize {
        // Relaxed: as above; who took it over from others did so with an Acquire.
        self.0.load(Ordering::Relaxed) & !TAG
    }

    #[inline]
    pub(super) fn addr(&self) -> usize {
        ptr::from_ref(self).expose_provenance()
    }

    /// Marks a slot that is in no list, and whose holder looks through the memory of all.
    pub(super) fn set_loose(&self) {
        self.link(LOOSE);
    }

    /// Whether it is so marked. Only who marked it finds that: no list is linked to there.
    pub(super) fn is_loose(&self) -> bool {
        self.next() == LOOSE
    }
}

/// A slot with a visitor in it.
pub(super) struct Visited<'a> {
    slot: &'a Slot,
    listed: usize,
    task: TaskRef,
}

impl Visited<'_> {
    /// Leaves it. If the task was removed meanwhile, the slot is free and the visitor's to give back; so is the runtime's
    /// reference, which comes with that news.
    pub(super) fn leave(&self) -> Option<TaskRef> {
        // Release: pairs with the Acquire in `take_out`: the new reference is counted before the runtime's goes.
        // Acquire, where it fails: pairs with the Release there, so that the remover's own is counted before this one
        // gives the runtime's back.
        let left = self.slot.0.compare_exchange(
            self.listed | VISITED,
            self.listed,
            Ordering::Release,
            Ordering::Acquire,
        );
        left.is_err().then(|| {
            // SAFETY: rule 5: REMOVED says that the runtime's reference was left to this visitor.
            unsafe { TaskRef::adopt(self.task.header().as_ptr()) }
        })
    }

    pub(super) fn into_task(self) -> TaskRef {
        self.task
    }
}

/// The end of a list.
pub(super) const NIL: usize = 0;
/// No slot has this address.
const LOOSE: usize = TAG + 1;

/// Free slots of one thread, which alone touches them: a list through the slots. Its fields are atomics because they go with
/// a shard from one owner to the next, by the exchanges of its claim; so Relaxed is enough for all of them.
///
/// The memory of a slot that is in a list stays (see [`Pool`](super::pool::Pool)).
pub(super) struct Chain {
    head: AtomicUsize,
    last: AtomicUsize,
    len: AtomicUsize,
}

impl Chain {
    pub(super) fn new() -> Self {
        Self {
            head: AtomicUsize::new(NIL),
            last: AtomicUsize::new(NIL),
            len: AtomicUsize::new(0),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed) == NIL
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn push(&self, slot: &Slot) {
        let (head, len) = (self.head.load(Ordering::Relaxed), self.len());
        if len == 0 {
            self.last.store(slot.addr(), Ordering::Relaxed);
        }
        slot.link(head);
        self.head.store(slot.addr(), Ordering::Relaxed);
        self.len.store(len + 1, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<NonNull<Slot>> {
        let slot = at(self.head.load(Ordering::Relaxed))?;
        // SAFETY: what is in a list stays (see above).
        let next = unsafe { slot.as_ref() }.next();
        self.head.store(next, Ordering::Relaxed);
        self.len
            .store(self.len().wrapping_sub(1), Ordering::Relaxed);
        Some(slot)
    }

    /// Moves all of `other` here, where there is nothing.
    pub(super) fn take_over(&self, other: &Self) {
        debug_assert!(self.is_empty());
        for (mine, theirs) in [
            (&self.head, &other.head),
            (&self.last, &other.last),
            (&self.len, &other.len),
        ] {
            mine.store(theirs.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        other.clear();
    }

    /// Takes all of a list out of it: the first, and the last if there is one.
    pub(super) fn take(&self) -> (usize, Option<NonNull<Slot>>) {
        let ends = (
            self.head.load(Ordering::Relaxed),
            at(self.last.load(Ordering::Relaxed)),
        );
        self.clear();
        ends
    }

    /// Takes the first `most` of a list that begins with `head`, where there is nothing. The others come back.
    pub(super) fn take_first(&self, most: usize, head: usize) -> usize {
        debug_assert!(self.is_empty());
        let Some(mut last) = at(head) else {
            return NIL;
        };
        let mut len = 1;
        // SAFETY: what is in a list stays.
        let mut others = unsafe { last.as_ref() }.next();
        while len < most
            && let Some(next) = at(others)
        {
            (last, len) = (next, len + 1);
            // SAFETY: as above.
            others = unsafe { last.as_ref() }.next();
        }
        // SAFETY: as above.
        let last = unsafe { last.as_ref() };
        last.link(NIL);
        self.head.store(head, Ordering::Relaxed);
        self.last.store(last.addr(), Ordering::Relaxed);
        self.len.store(len, Ordering::Relaxed);
        others
    }

    fn clear(&self) {
        self.head.store(NIL, Ordering::Relaxed);
        self.len.store(0, Ordering::Relaxed);
    }
}

/// The slot at an address that a link had.
#[inline]
pub(super) fn at(addr: usize) -> Option<NonNull<Slot>> {
    NonNull::new(ptr::with_exposed_provenance_mut(addr))
}
