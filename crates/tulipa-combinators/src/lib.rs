#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]
#![forbid(unsafe_code)]

mod awaiter;
mod gather;
mod group;
mod into_task;
mod shield;
mod timeout;
mod unwind;
mod watch;

pub use gather::{Gather, GatherAll, gather};
pub use group::{ChildBuilder, GroupClosed, GroupError, TaskGroup};
pub use shield::{Shield, shield};
pub use timeout::{
    Deadline, Elapsed, RescheduleError, Timeout, WaitFor, WaitForError, timeout, timeout_at,
    wait_for,
};
