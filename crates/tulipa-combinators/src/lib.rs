#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]
#![forbid(unsafe_code)]

mod as_completed;
mod awaiter;
mod cancel_within;
mod distinct;
mod gather;
mod group;
mod into_task;
mod shield;
mod timeout;
mod unwind;
mod wait;
mod watch;

pub use as_completed::{AsCompleted, AsCompletedWithin, Next, NextWithin, as_completed};
pub use cancel_within::{CancelWithin, Ending, TaskExt};
pub use gather::{Gather, GatherAll, gather};
pub use group::{ChildBuilder, GroupClosed, GroupError, TaskGroup};
pub use shield::{Shield, shield};
pub use timeout::{
    Deadline, Elapsed, RescheduleError, Timeout, WaitFor, WaitForError, timeout, timeout_at,
    wait_for,
};
pub use wait::{ReturnWhen, Wait, wait};
