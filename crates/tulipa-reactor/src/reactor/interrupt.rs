//! The word between those who interrupt a turn and the one who turns: who must write to the kernel, and who need not.
//!
//! ```text
//!            begin_wait                    interrupt: Write
//!     Idle -------------> Waiting ----------------------------> Interrupted
//!      ^  \                  |                                    |  ^   |
//!      |   \ interrupt       | end_wait                 end_wait, |  |___| interrupt
//!      |    \                |                        begin_wait  |
//!      |     `--------------------------------------------------> |
//!      |_____________________|____________________________________|
//! ```
//!
//! Only the first interrupt of a wait writes. One that comes while nobody waits writes nothing: the next
//! `begin_wait` finds it.

use crate::sync::{AtomicU8, Ordering};

#[derive(Debug)]
pub(crate) struct Interrupt(AtomicU8);

/// What the thread that wants to wait may do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Block, and call `end_wait` after it.
    May,
    /// Look, but not block: an interrupt came before.
    MustNot,
}

/// What the thread that interrupts must do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rouse {
    /// Make the poll of the waiting thread return.
    Write,
    /// Nothing: nobody waits, or somebody else has written.
    Nothing,
}

const IDLE: u8 = 0;
const WAITING: u8 = 1;
const INTERRUPTED: u8 = 2;

impl Interrupt {
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(IDLE))
    }

    /// Called by the one thread that turns, before it blocks.
    pub(crate) fn begin_wait(&self) -> Wait {
        // Acquire pairs with the Release of `end_wait`, through which it pairs with all interrupts before. Release:
        // `interrupt` sees what this thread did before it waits. In the other case the swap below does the pairing.
        match self
            .0
            .compare_exchange(IDLE, WAITING, Ordering::AcqRel, Ordering::Relaxed)
        {
            Ok(_) => Wait::May,
            Err(_) => {
                // Acquire pairs with the Release in `interrupt`: the cause of the interrupt is visible to the caller.
                self.0.swap(IDLE, Ordering::AcqRel);
                Wait::MustNot
            }
        }
    }

    /// Called by the same thread, after it blocked.
    pub(crate) fn end_wait(&self) {
        // Acquire pairs with the Release in `interrupt`, as above. Release pairs with the Acquire in `begin_wait` of
        // the thread that turns next.
        self.0.swap(IDLE, Ordering::AcqRel);
    }

    /// Called by any thread.
    pub(crate) fn interrupt(&self) -> Rouse {
        // Release pairs with the Acquire in `begin_wait` and `end_wait`. Acquire pairs with the Release in
        // `begin_wait`: who finds nobody waiting sees what the turns before did.
        match self.0.swap(INTERRUPTED, Ordering::AcqRel) {
            WAITING => Rouse::Write,
            _ => Rouse::Nothing,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_interrupt_of_a_wait_writes() {
        let word = Interrupt::new();
        assert_eq!(word.begin_wait(), Wait::May);
        assert_eq!(word.interrupt(), Rouse::Write);
        assert_eq!(word.interrupt(), Rouse::Nothing);
        word.end_wait();
        assert_eq!(
            word.begin_wait(),
            Wait::May,
            "the interrupt was spent on the wait it ended"
        );
    }

    #[test]
    fn an_interrupt_that_finds_nobody_writes_nothing_and_ends_the_next_wait() {
        let word = Interrupt::new();
        assert_eq!(word.interrupt(), Rouse::Nothing);
        assert_eq!(word.interrupt(), Rouse::Nothing);
        assert_eq!(word.begin_wait(), Wait::MustNot);
        assert_eq!(word.begin_wait(), Wait::May);
    }
}
