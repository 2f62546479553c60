//! The pages below a block of memory.

use std::ptr::NonNull;

/// Lets the system have the pages of a block that is about to be given back to its allocator. Its bytes are lost.
///
/// # Safety
///
/// The block is the caller's, and nothing in it is read any more before it is written.
#[cfg(target_os = "linux")]
pub(crate) unsafe fn release(block: NonNull<u8>, bytes: usize) {
    use rustix::mm::{Advice, madvise};
    use rustix::param::page_size;

    let page = page_size();
    let before = block.addr().get().next_multiple_of(page) - block.addr().get();
    // Whole pages only: what else is on the first and on the last is not the caller's.
    let whole = bytes.saturating_sub(before) / page * page;
    // SAFETY: `before` and `whole` lie in the block, which is the caller's to overwrite: what is advised here writes zeros.
    let advised = unsafe {
        madvise(
            block.add(before).as_ptr().cast(),
            whole,
            Advice::LinuxDontNeed,
        )
    };
    // Where pages are locked in memory or very large, they stay: that is what was wanted there.
    let _refused = advised.err();
}

/// Elsewhere that is the allocator's affair.
///
/// # Safety
///
/// As on Linux.
#[cfg(not(target_os = "linux"))]
pub(crate) unsafe fn release(_: NonNull<u8>, _: usize) {}
