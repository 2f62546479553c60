#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]
#![forbid(unsafe_code)]

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
#[cfg(doctest)]
mod book;
pub mod context;
mod driver;
pub mod io;
pub mod net;
mod runtime;
pub mod task;
pub mod time;
mod to_thread;

pub use runtime::{BuildError, Builder, Flavour, RunError, Runtime, run};
pub use to_thread::{ToThread, to_thread};
pub use tulipa_combinators::{
    AsCompleted, AsCompletedWithin, Elapsed, Ending, Gather, GatherAll, GroupClosed, GroupError,
    ReturnWhen, Shield, TaskExt, TaskGroup, WaitForError, as_completed, gather, shield, timeout,
    timeout_at, wait, wait_for,
};
pub use tulipa_executor::{
    BlockOnError, Deadlock, Handle, OnPanic, PoolStats, ShutdownReport, Stats, Stuck, WorkerStats,
};
pub use tulipa_macros::{gather, main, test};
pub use tulipa_task::{
    Cancelled, Deferred, SharedTask, Task, TaskError, all_tasks, cancel, context_var, current_task,
    dump, spawn, spawn_local, try_spawn, try_wrap_thread, wrap_thread, yield_now,
};
pub use tulipa_timers::{interval, sleep, sleep_until};
