//! The chunks that nobody owns and that are worth taking, by the size of their cells.

use super::chunk::{Chunk, Freed, NO_CELL, Record};
use super::{CLASSES, Class, stock};
use crate::sync::Mutex;
use std::ptr::NonNull;
use std::sync::LazyLock;

/// Where threads get chunks of one class, and leave them.
pub(crate) struct Depot {
    class: Class,
    shelf: Mutex<Shelf>,
}

/// Chunks that are sealed and worth taking, as a list through their records.
struct Shelf(Option<NonNull<Chunk>>);

// SAFETY: rule 3: the chunks on a shelf are nobody's but the shelf's, and those are under its lock.
unsafe impl Send for Shelf {}

/// A chunk, to its owner.
pub(super) struct Supply {
    pub(super) chunk: NonNull<Chunk>,
    /// His own list of free cells.
    pub(super) list: u32,
    /// The offset of the first cell that was never out.
    pub(super) unused: u32,
}

static DEPOTS: LazyLock<[Depot; CLASSES]> =
    LazyLock::new(|| std::array::from_fn(|index| Depot::new(Class::at(index))));

impl Depot {
    pub(super) fn of(class: Class) -> &'static Self {
        &DEPOTS[class.index()]
    }

    pub(crate) fn new(class: Class) -> Self {
        Self {
            class,
            shelf: Mutex::new(Shelf(None)),
        }
    }

    pub(crate) fn class(&self) -> Class {
        self.class
    }

    #[cfg(test)]
    pub(crate) fn is_bare(&self) -> bool {
        self.shelf.lock().0.is_none()
    }

    /// A chunk to own: one that is in use, if there is one worth it.
    pub(super) fn take(&self) -> Supply {
        if let Some(supply) = self.shelf.lock().take() {
            return supply;
        }
        let chunk = stock::take().unwrap_or_else(Chunk::allocate);
        // SAFETY: memory that was just allocated, or left by a chunk.
        unsafe { Chunk::begin(chunk) };
        Supply {
            chunk,
            list: NO_CELL,
            unused: Chunk::FIRST,
        }
    }

    /// Takes a cell back by which its chunk is due.
    ///
    /// # Safety
    ///
    /// Rule 1: the cell is the caller's, of this depot's class, and goes.
    #[cold]
    pub(super) unsafe fn push(&self, chunk: NonNull<Chunk>, cell: u32) {
        let mut shelf = self.shelf.lock();
        // SAFETY: the caller's promise, and rule 3: this thread has the lock.
        let now = unsafe { Chunk::push_locked(chunk, cell) };
        if now.is_owned() {
            return; // it was taken meanwhile; and by now it may be gone
        }
        let listed = now.count() > self.class.worth();
        // SAFETY: rule 3: it is sealed, and was on the shelf if it was worth it before this cell.
        if unsafe { shelf.settle(chunk, now, listed, self.class) } {
            drop(shelf);
            // SAFETY: rule 4: its last cell has come home.
            unsafe { discard(chunk, self.class) };
        }
    }

    /// Takes a chunk back from its owner, who wants no more of it.
    ///
    /// # Safety
    ///
    /// Rule 2: the caller is the owner, and was supplied by this depot.
    pub(super) unsafe fn leave(&self, supply: Supply) {
        let Supply {
            chunk,
            list,
            unused,
        } = supply;
        let mut shelf = self.shelf.lock();
        // SAFETY: the caller's promise, and rule 3: this thread has the lock.
        let now = unsafe { Chunk::seal(chunk, list, unused, self.class) };
        // SAFETY: rule 3: it is sealed, and what has an owner is not on the shelf.
        if unsafe { shelf.settle(chunk, now, false, self.class) } {
            drop(shelf);
            // SAFETY: rule 4: none of its cells is out.
            unsafe { discard(chunk, self.class) };
        }
    }
}

impl Shelf {
    fn take(&mut self) -> Option<Supply> {
        let chunk = self.0?;
        // SAFETY: rule 3: it is on the shelf.
        let (list, unused) = unsafe {
            self.remove(chunk);
            Chunk::own(chunk)
        };
        Some(Supply {
            chunk,
            list,
            unused,
        })
    }

    /// Puts a sealed chunk where it belongs by its word. `true`: that is nowhere, because it is empty.
    ///
    /// # Safety
    ///
    /// Rule 3: the chunk is sealed, `now` is its word, and `listed` says whether it is on this shelf.
    unsafe fn settle(
        &mut self,
        chunk: NonNull<Chunk>,
        now: Freed,
        listed: bool,
        class: Class,
    ) -> bool {
        let is_empty = now.count() == class.capacity();
        let is_worth = now.count() >= class.worth() && !is_empty;
        if is_worth && !listed {
            // SAFETY: the caller's promise.
            unsafe { self.add(chunk) };
        } else if listed && !is_worth {
            // SAFETY: the caller's promise.
            unsafe { self.remove(chunk) };
        }
        is_empty
    }

    /// # Safety
    ///
    /// Rule 3: the chunk is sealed and on no shelf.
    unsafe fn add(&mut self, chunk: NonNull<Chunk>) {
        let next = self.0.replace(chunk);
        // SAFETY: rule 3, for the chunk and for one that is on the shelf.
        unsafe {
            edit(chunk, |record| {
                (record.previous, record.next) = (None, next)
            });
            if let Some(next) = next {
                edit(next, |record| record.previous = Some(chunk));
            }
        }
    }

    /// # Safety
    ///
    /// Rule 3: the chunk is on this shelf.
    unsafe fn remove(&mut self, chunk: NonNull<Chunk>) {
        // SAFETY: rule 3, for the chunk and its neighbours, which are on the shelf.
        unsafe {
            let (previous, next) = edit(chunk, |record| (record.previous, record.next));
            match previous {
                Some(previous) => edit(previous, |record| record.next = next),
                None => self.0 = next,
            }
            if let Some(next) = next {
                edit(next, |record| record.previous = previous);
            }
        }
    }
}

/// # Safety
///
/// Rule 3: this thread has the lock of the chunk's depot, and nobody owns the chunk.
unsafe fn edit<R>(chunk: NonNull<Chunk>, edit: impl FnOnce(&mut Record) -> R) -> R {
    // SAFETY: the caller's promise.
    unsafe {
        (*chunk.as_ptr())
            .record
            .with_mut(|record| edit(&mut *record))
    }
}

/// # Safety
///
/// Rule 4: the chunk is empty and nobody's.
unsafe fn discard(chunk: NonNull<Chunk>, class: Class) {
    // SAFETY: the caller's promise.
    let memory = unsafe { Chunk::end(chunk, class) };
    // SAFETY: the chunk in it has just ended.
    unsafe { stock::keep(memory) };
}
