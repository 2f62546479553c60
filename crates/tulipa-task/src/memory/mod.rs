//! Memory for cells: chunks that a thread carves up by itself.
//!
//! Tasks come and go by the million, most of them in a few sizes, and many end on another thread than spawned them. A
//! general allocator takes some hundred instructions and two to four locked ones for each, and after a burst it keeps most of what
//! it had. Here a cell is a place in a [`Chunk`] of cells of one size: to take one, and to give it back on the thread that the chunk
//! belongs to, is a handful of plain instructions; on any other thread it is one exchange; and a chunk that is empty goes back to the
//! global allocator as a whole, its pages to the system before that.
//!
//! What is larger than [`LARGEST`] or aligned to more than a line goes to the global allocator directly.
//!
//! # Access rules
//!
//! 1. *Cells.* A cell that is out is whose holder's alone who took it, from `take` to `give_back`. One that is free belongs to the
//!    list or to the unused rest that it is in, and with that to the list's holder.
//! 2. *Owner.* While its word says OWNED a chunk has an owner: the one [`Tray`](local::Tray) that took it out of the depot. Only the owner
//!    takes cells out of it; the tray's list and the unused rest are the owner's.
//! 3. *Sealed.* Otherwise nobody takes cells out of it. Its count is the number of its free cells, each in the word's list or in
//!    the unused rest. It is on its depot's shelf if the count is worth it ([`Class::worth`]) and it is not empty; the step that makes it so, the
//!    last cell's coming home, and the taking of the chunk happen under the depot's lock, which also guards its [`Record`](chunk::Record).
//! 4. *Life.* A chunk is there as long as one of its cells is out, or it has an owner. So who gives a cell back may touch the
//!    chunk until he has pushed it; after that only under the lock, if the word says that he must.
//! 5. *Chunks* lie at multiples of their size, and cells are pointers into them with the provenance of the whole: so the
//!    chunk of a cell is found in its address.

#![doc = include_str!("README.md")]

mod chunk;
mod depot;
mod local;
pub(crate) mod pages;
mod stock;
#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(test)]
pub(crate) use depot::Depot;
#[cfg(test)]
pub(crate) use local::Tray;

use crate::schedule::Scheduler;
use crate::sync::{alloc, dealloc};
use chunk::Chunk;
use std::alloc::{Layout, handle_alloc_error};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// Memory for a `T`, which is not there yet, or not any more. Dropped, it is given back.
pub(crate) struct Room<T>(NonNull<T>);

impl<T> Room<T> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        let memory = match const { Class::of::<T>() } {
            Some(class) => local::take(class),
            None => allocate(Layout::new::<T>()),
        };
        Self(memory.cast())
    }

    /// Puts a value there. Only [`of`](Self::of) makes it room again.
    #[inline(always)]
    pub(crate) fn write(self, value: T) -> NonNull<T> {
        let memory = ManuallyDrop::new(self).0;
        // SAFETY: rule 1: it was taken for a `T`, and is this room's alone.
        unsafe { memory.write(value) };
        memory
    }

    /// The room that a value has left, or is about to leave.
    ///
    /// # Safety
    ///
    /// The pointer came from `write`, and is used for this once. When the room is dropped, nobody uses the value.
    #[inline(always)]
    pub(crate) unsafe fn of(value: NonNull<T>) -> Self {
        Self(value)
    }
}

impl<T> Drop for Room<T> {
    #[inline(always)]
    fn drop(&mut self) {
        match const { Class::of::<T>() } {
            // SAFETY: rule 1: it was taken by `new`, of this class, and is nobody's any more.
            Some(class) => unsafe { local::give_back(self.0.cast(), class) },
            // SAFETY: it was allocated by `new`, with this layout.
            None => unsafe { dealloc(self.0.as_ptr().cast(), Layout::new::<T>()) },
        }
    }
}

fn allocate(layout: Layout) -> NonNull<u8> {
    assert!(layout.size() > 0, "a cell has a header");
    // SAFETY: the size is not zero.
    NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Gives the memory of tasks that have ended back to the system: what was kept for the next burst.
///
/// An executor calls it when there is nothing to do, on a thread that has entered its scheduler: what the registry of that has
/// kept goes, too. If nothing was kept, it is a few loads.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let burst: Vec<_> = (0..100_000).map(|_| tulipa_task::spawn(async {})).collect();
/// run();
/// drop(burst);
/// tulipa_task::release_memory();
/// ```
pub fn release_memory() {
    if let Some(scheduler) = Scheduler::current() {
        scheduler.registry().release_memory();
    }
    stock::release();
}

/// The size of a cell, in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class(u32);

const STEP: usize = 8;
/// In models no cell is in a chunk but those that the models of chunks take: the others have enough to explore.
const LARGEST: usize = if cfg!(loom) { 0 } else { 512 };
const CLASSES: usize = 512 / STEP;
const LARGEST_ALIGNMENT: usize = 64;

impl Class {
    pub(crate) const fn of<T>() -> Option<Self> {
        if size_of::<T>() > LARGEST || align_of::<T>() > LARGEST_ALIGNMENT {
            return None;
        }
        Some(Self::holding(size_of::<T>()))
    }

    /// That of cells for so many bytes, 512 at most.
    pub(crate) const fn holding(bytes: usize) -> Self {
        // The size of a type is a multiple of its alignment, and so are all places of a chunk.
        Self(bytes.div_ceil(STEP) as u32)
    }

    const fn at(index: usize) -> Self {
        Self(index as u32 + 1)
    }

    const fn index(self) -> usize {
        self.0 as usize - 1
    }

    const fn size(self) -> u32 {
        self.0 * STEP as u32
    }

    /// How many cells a chunk has.
    const fn capacity(self) -> u32 {
        (Chunk::BYTES - Chunk::FIRST) / self.size()
    }

    /// The offset behind the last cell.
    const fn end(self) -> u32 {
        Chunk::FIRST + self.capacity() * self.size()
    }

    /// So many free cells make a sealed chunk worth taking: with fewer its new owner would be back too soon.
    const fn worth(self) -> u32 {
        self.capacity().div_ceil(4)
    }
}
