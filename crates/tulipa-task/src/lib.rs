#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]

mod builder;
pub mod cancel;
mod cell;
mod completion;
mod context;
mod deferred;
#[doc(hidden)]
pub mod doctest;
mod error;
mod graph;
mod handle;
mod id;
mod local;
mod log;
mod memory;
#[cfg(test)]
mod models;
mod registry;
mod report;
mod schedule;
pub mod slice;
mod sync;
mod unwind;
pub mod waits;
mod waker;
mod watch;
mod yield_now;

pub use builder::{Builder, spawn, spawn_local, try_spawn};
pub use completion::{Observer, Subscription};
pub use context::{Context, ContextVar, Policy, Token};
pub use deferred::{Deferred, SetError};
pub use error::{Cancelled, InvalidState, Panic, TaskError};
pub use graph::{Activity, CallGraph, Node, dump};
pub use handle::{
    Awaitable, CallbackHandle, IntoTask, Promise, SharedTask, StillPending, Task, TaskRef,
    TaskState, ThreadFuture, try_wrap_thread, wrap_thread,
};
pub use id::TaskId;
pub use memory::release_memory;
pub use registry::{Claim, Registry};
pub use report::{Report, ReportKind};
pub use schedule::{EnteredScheduler, Runnable, Schedule, Scheduler, Why};
pub use waits::{Leaf, Waits};
pub use watch::{Watch, Watched};
pub use yield_now::{YieldNow, yield_now};

/// The task that is running on this thread; none in a callback, or outside (CU-01, CU-03).
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let task = tulipa_task::spawn(async { tulipa_task::current_task().unwrap().id() });
/// run();
/// assert_eq!(task.result(), Ok(Ok(&task.id())));
/// assert!(tulipa_task::current_task().is_none());
/// ```
pub fn current_task() -> Option<TaskRef> {
    cancel::ambient::current_task(|header| header.map(TaskRef::of))
}

/// Every task of the current executor that has not ended, this one included (AL-01). A snapshot: later changes do not
/// show in it (AL-03).
///
/// # Panics
///
/// Outside of a runtime (AL-05).
pub fn all_tasks() -> Vec<TaskRef> {
    let scheduler = Scheduler::current();
    scheduler
        .expect("all_tasks outside of a runtime: ask from a task, or the runtime's handle")
        .registry()
        .snapshot()
}
