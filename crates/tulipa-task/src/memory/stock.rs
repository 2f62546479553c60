//! Memory of chunks that came to be empty, for chunks to come, of any class.
//!
//! To give pages back and have them again costs a system call, a fault for each page, and an interrupt of every other thread. Where
//! tasks come and go in waves of some ten thousand that ate up what chunks save. So there is a stock, which goes when there is nothing to
//! do: by [`release_memory`](super::release_memory).

use super::chunk::Chunk;
use crate::sync::Mutex;
use std::ptr::NonNull;
use std::sync::LazyLock;

/// Four mebibytes. None in models: what lasts from one run to the next is none of theirs.
const MOST: usize = if cfg!(loom) { 0 } else { 16 };

static STOCK: LazyLock<Mutex<Vec<Memory>>> = LazyLock::new(Mutex::default);

/// Of one chunk, which is not there any more.
struct Memory(NonNull<Chunk>);

// SAFETY: nobody else has a pointer into it.
unsafe impl Send for Memory {}

pub(super) fn take() -> Option<NonNull<Chunk>> {
    if MOST == 0 {
        return None;
    }
    STOCK.lock().pop().map(|memory| memory.0)
}

/// Keeps it, or gives it back if there is enough.
///
/// # Safety
///
/// It came from `Chunk::allocate`, there is no chunk in it, and it is the caller's.
pub(super) unsafe fn keep(memory: NonNull<Chunk>) {
    if MOST > 0 {
        let mut stock = STOCK.lock();
        if stock.len() < MOST {
            return stock.push(Memory(memory));
        }
    }
    // SAFETY: the caller's promise.
    unsafe { Chunk::free(memory) };
}

pub(super) fn release() {
    if MOST == 0 {
        return;
    }
    let stock = std::mem::take(&mut *STOCK.lock());
    for Memory(memory) in stock {
        // SAFETY: it was kept, and so there is no chunk in it.
        unsafe { Chunk::free(memory) };
    }
}
