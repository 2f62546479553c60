//! Tasks: handles, how they end, and how they are made with a name, a context, or an eager first step.

pub use tulipa_combinators::{CancelWithin, Ending, TaskExt};
pub use tulipa_task::{
    Activity, Awaitable, Builder, CallGraph, CallbackHandle, Deferred, IntoTask, InvalidState,
    Leaf, Node, Observer, Panic, Promise, Report, ReportKind, SetError, SharedTask, StillPending,
    Subscription, Task, TaskError, TaskId, TaskRef, TaskState, ThreadFuture, Waits, Watch, Watched,
    waits,
};
