//! What a task is doing, in one word.

use crate::cell::state::Phase;
use crate::handle::{TaskRef, TaskState};
use crate::waits::Waits;
use std::fmt;

/// What a task is doing: see [`TaskRef::activity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activity {
    /// It was spawned and has not begun.
    New,
    /// It can run, and waits for its turn.
    Ready,
    /// It is being polled.
    Running,
    /// It is suspended.
    Waiting(Waits),
    /// A deferred that has not been set.
    Unset,
    /// It has ended.
    Ended(TaskState),
}

impl Activity {
    pub(super) fn of(task: &TaskRef) -> Self {
        let state = task.header().state.load();
        match state.phase() {
            Phase::Done => Self::Ended(TaskState::of(state)),
            _ if task.is_deferred() => Self::Unset,
            Phase::Running => Self::Running,
            Phase::Scheduled if !state.has_begun() => Self::New,
            Phase::Scheduled => Self::Ready,
            // If it was polled meanwhile and is not suspended any more, it will run, runs, or has just done so.
            Phase::Idle => task.waits_for().map_or(Self::Ready, Self::Waiting),
        }
    }
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("not begun"),
            Self::Ready => f.write_str("ready to run"),
            Self::Running => f.write_str("running"),
            Self::Waiting(waits) => write!(f, "waits for {waits}"),
            Self::Unset => f.write_str("not set"),
            Self::Ended(TaskState::Finished) => f.write_str("ended with a value"),
            Self::Ended(TaskState::Failed) => f.write_str("failed"),
            Self::Ended(TaskState::Panicked) => f.write_str("panicked"),
            Self::Ended(TaskState::Cancelled) => f.write_str("cancelled"),
            Self::Ended(TaskState::Pending) => unreachable!("it has ended"),
        }
    }
}
