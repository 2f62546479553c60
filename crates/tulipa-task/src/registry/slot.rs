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

    fn link(&self, next: usize) {
        // Relaxed: only who has the slot reads the link; a visitor reads the tag, which stays FREE.
        self.0.store(next | FREE, Ordering::Relaxed);
    }

    fn next(&self) -> usize {
        // Relaxed: as above; who took it over from others did so with an Acquire.
        self.0.load(Ordering::Relaxed) & !TAG
    }

    fn addr(&self) -> usize {
        ptr::from_ref(self).expose_provenance()
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
const NIL: usize = 0;

/// Free slots of one thread, which alone touches them: a list through the slots. Its fields are atomics because they go with
/// a shard from one owner to the next, by the exchanges of its claim; so Relaxed is enough for all of them.
///
/// Slots lie in segments of the registry that the list is in, and are never freed before that.
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
        // SAFETY: what is in the list lives as long as the registry (see above).
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

    fn clear(&self) {
        self.head.store(NIL, Ordering::Relaxed);
        self.len.store(0, Ordering::Relaxed);
    }

    /// Takes what others have returned, where there is nothing. How many these are, nobody has counted.
    pub(super) fn take_all(&self, returned: &Returned) {
        debug_assert!(self.is_empty());
        self.head.store(returned.take_all(), Ordering::Relaxed);
    }
}

fn at(addr: usize) -> Option<NonNull<Slot>> {
    NonNull::new(ptr::with_exposed_provenance_mut(addr))
}

/// Free slots that anyone may have: anyone adds, and who takes, takes all.
pub(super) struct Returned {
    head: AtomicUsize,
    /// How many tasks were removed by threads that own no shard.
    removed: AtomicUsize,
}

impl Returned {
    pub(super) fn new() -> Self {
        Self {
            head: AtomicUsize::new(NIL),
            removed: AtomicUsize::new(0),
        }
    }

    /// Adds all of `chain`.
    #[cold]
    pub(super) fn put(&self, chain: &Chain) {
        let (first, last) = (
            chain.head.load(Ordering::Relaxed),
            at(chain.last.load(Ordering::Relaxed)),
        );
        if let Some(last) = last {
            // SAFETY: what is in a list lives as long as the registry.
            self.splice(first, unsafe { last.as_ref() });
        }
        chain.clear();
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
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            last.link(head);
            // Release: pairs with the Acquire in `take_all`, whose caller reads the links.
            match self
                .head
                .compare_exchange_weak(head, first, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(seen) => head = seen,
            }
        }
    }

    /// Asked before, so that a burst of spawns need not exchange for each.
    pub(super) fn is_empty(&self) -> bool {
        // Relaxed: what comes just now is for the next time.
        self.head.load(Ordering::Relaxed) == NIL
    }

    fn take_all(&self) -> usize {
        // Acquire: pairs with the Release in `splice`.
        self.head.swap(NIL, Ordering::Acquire)
    }

    pub(super) fn removed(&self) -> usize {
        // Acquire: pairs with the Release in `put_one`.
        self.removed.load(Ordering::Acquire)
    }
}
