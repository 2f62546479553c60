//! Numbers of tasks.

use crate::cell::Kind;
use crate::sync::{Counter, thread_local};
use std::cell::Cell;
use std::fmt;

/// The number of a task, unique in the process. A thread hands them out in rising order (CT-05).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// A thread takes this many at a time, so that threads that spawn do not meet at one counter.
const BLOCK: u64 = 256;

static NEXT_BLOCK: Counter = Counter::from(1);

thread_local! {
    static BLOCK_LEFT: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

impl TaskId {
    /// The next number; that of a job, which nobody sees, is nought.
    #[inline]
    pub(crate) fn next(kind: Kind) -> Self {
        if kind == Kind::Job {
            return Self(0);
        }
        let (mut next, mut end) = BLOCK_LEFT.with(Cell::get);
        if next == end {
            next = NEXT_BLOCK.take(BLOCK);
            end = next + BLOCK;
        }
        BLOCK_LEFT.with(|left| left.set((next + 1, end)));
        Self(next)
    }

    /// The task of that number.
    pub(crate) fn of(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({})", self.0)
    }
}
