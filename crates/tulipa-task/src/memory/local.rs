//! What a thread takes cells from.

use super::chunk::{Chunk, NO_CELL};
use super::depot::{Depot, Supply};
use super::{CLASSES, Class};
use crate::sync::thread_local;
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// A chunk of its own, for cells of one class, and what is free in it. It belongs to one depot.
pub(crate) struct Tray {
    chunk: Cell<*mut Chunk>,
    /// Cells that came home on this thread, or were collected.
    list: Cell<u32>,
    /// The offset of the first cell that was never out; with no chunk, past any.
    unused: Cell<u32>,
}

thread_local! {
    /// They have no destructor, so that to reach them is one addition; [`Closing`] has it instead.
    static TRAYS: [Tray; CLASSES] = const { [const { Tray::new() }; CLASSES] };
}

thread_local! {
    static CLOSING: Closing = const { Closing };
}

/// Leaves a thread's chunks to others when the thread ends.
struct Closing;

/// A cell, of the calling thread's own chunk.
#[inline(always)]
pub(super) fn take(class: Class) -> NonNull<u8> {
    TRAYS.with(|trays| {
        let tray = &trays[class.index()];
        tray.take(class)
            .unwrap_or_else(|| tray.refill_of_thread(class))
    })
}

/// # Safety
///
/// Rule 1: the cell came from [`take`] with this class, and goes.
#[inline(always)]
pub(super) unsafe fn give_back(cell: NonNull<u8>, class: Class) {
    // SAFETY: the caller's promise.
    TRAYS.with(|trays| unsafe {
        trays[class.index()].give_back(cell, class, || Depot::of(class));
    });
}

impl Tray {
    /// Without a chunk.
    pub(crate) const fn new() -> Self {
        Self {
            chunk: Cell::new(ptr::null_mut()),
            list: Cell::new(NO_CELL),
            unused: Cell::new(u32::MAX),
        }
    }

    /// A cell of this tray's chunk, if there is one left. The class is always that of its depot.
    #[inline(always)]
    pub(crate) fn take(&self, class: Class) -> Option<NonNull<u8>> {
        let (free, unused) = (self.list.get(), self.unused.get());
        if free == NO_CELL && unused >= class.end() {
            return None;
        }
        // SAFETY: with no chunk there is no list, and what is unused is past any end (`empty`).
        let chunk = unsafe { NonNull::new_unchecked(self.chunk.get()) };
        if free != NO_CELL {
            // SAFETY: rule 2: this tray owns the chunk, and the list.
            self.list.set(unsafe { Chunk::next(chunk, free) });
            // SAFETY: rule 4: it has an owner, this.
            return Some(unsafe { Chunk::cell(chunk, free) });
        }
        self.unused.set(unused + class.size());
        // SAFETY: as above, and it is not past the end.
        Some(unsafe { Chunk::cell(chunk, unused) })
    }

    /// A cell, when none is left: of those that came home, or else of another chunk.
    #[cold]
    #[inline(never)]
    pub(crate) fn refill(&self, depot: &Depot) -> NonNull<u8> {
        if !self.collect(depot.class()) {
            let Supply {
                chunk,
                list,
                unused,
            } = depot.take();
            self.chunk.set(chunk.as_ptr());
            self.list.set(list);
            self.unused.set(unused);
        }
        self.take(depot.class())
            .expect("what was supplied is not empty")
    }

    /// Whether cells came home. If not, the chunk is not this tray's any more.
    fn collect(&self, class: Class) -> bool {
        let Some(chunk) = NonNull::new(self.chunk.get()) else {
            return false;
        };
        // SAFETY: rule 2: this tray owns the chunk, and has nothing left of it.
        match unsafe { Chunk::collect_or_seal(chunk, class) } {
            Some(list) => {
                self.list.set(list);
                true
            }
            None => {
                self.empty();
                false
            }
        }
    }

    fn refill_of_thread(&self, class: Class) -> NonNull<u8> {
        // First, so that what is supplied is left again at the end of the thread.
        let ends = CLOSING.try_with(|_| ()).is_err();
        let depot = Depot::of(class);
        let cell = self.refill(depot);
        if ends {
            self.leave(depot);
        }
        cell
    }

    /// # Safety
    ///
    /// Rule 1: the cell is of this class, and goes. The depot is that of this tray.
    #[inline(always)]
    pub(crate) unsafe fn give_back<'a>(
        &self,
        cell: NonNull<u8>,
        class: Class,
        depot: impl FnOnce() -> &'a Depot,
    ) {
        let (chunk, offset) = Chunk::of(cell);
        if chunk.as_ptr() == self.chunk.get() {
            // SAFETY: rule 2: this tray owns the chunk, and the list; rule 1, as promised.
            unsafe { Chunk::link(chunk, offset, self.list.get()) };
            self.list.set(offset);
        } else {
            // SAFETY: rule 1: the cell is the caller's, and goes.
            unsafe { send_home(chunk, offset, class, depot) };
        }
    }

    /// Gives the chunk up, to others.
    pub(crate) fn leave(&self, depot: &Depot) {
        let (list, unused) = (self.list.get(), self.unused.get());
        if let Some(chunk) = NonNull::new(self.chunk.get()) {
            self.empty();
            // SAFETY: rule 2: it was this tray's, and so was the list.
            unsafe {
                depot.leave(Supply {
                    chunk,
                    list,
                    unused,
                })
            };
        }
    }

    fn empty(&self) {
        self.chunk.set(ptr::null_mut());
        self.list.set(NO_CELL);
        self.unused.set(u32::MAX);
    }
}

/// Gives a cell back to whoever owns its chunk.
///
/// # Safety
///
/// Rule 1: the cell is of this class, and goes.
#[inline(never)]
unsafe fn send_home<'a>(
    chunk: NonNull<Chunk>,
    offset: u32,
    class: Class,
    depot: impl FnOnce() -> &'a Depot,
) {
    // SAFETY: rule 1: the cell is the caller's until it is pushed, once.
    unsafe {
        if !Chunk::push(chunk, offset, class) {
            depot().push(chunk, offset);
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        TRAYS.with(|trays| {
            for (index, tray) in trays.iter().enumerate() {
                if !tray.chunk.get().is_null() {
                    tray.leave(Depot::of(Class::at(index)));
                }
            }
        });
    }
}
