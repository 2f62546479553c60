//! Handles: the owning [`Task`], the cloneable [`SharedTask`], the untyped [`TaskRef`].

mod blocking;
mod join;
mod shared;
mod task;
mod task_ref;
mod wrap_thread;

pub use blocking::StillPending;
pub(crate) use join::Join;
pub use shared::SharedTask;
pub use task::Task;
pub(crate) use task_ref::name_of;
pub use task_ref::{CallbackHandle, TaskRef, TaskState};
pub use wrap_thread::{Promise, ThreadFuture, try_wrap_thread, wrap_thread};

use crate::error::TaskError;
use std::future::Future;

/// What ends once and can be awaited: a [`Task`], a [`SharedTask`], a [`Deferred`](crate::Deferred). What `gather`,
/// `wait` and their like take.
pub trait Awaitable: Future<Output = Result<Self::Value, TaskError<Self::Error>>> + Unpin {
    /// What it gives when all goes well.
    type Value;
    /// What it fails with.
    type Error;

    /// The task, untyped.
    fn task_ref(&self) -> &TaskRef;

    /// The outcome, if it has ended: moved out of a `Task`, cloned out of the others. `None` too where it was moved out
    /// before.
    fn take_outcome(&mut self) -> Option<Result<Self::Value, TaskError<Self::Error>>>;
}

/// Awaited by reference, a task stays with its owner, who can ask it again or cancel it.
impl<A: Awaitable> Awaitable for &mut A {
    type Value = A::Value;
    type Error = A::Error;

    fn task_ref(&self) -> &TaskRef {
        (**self).task_ref()
    }

    fn take_outcome(&mut self) -> Option<Result<A::Value, TaskError<A::Error>>> {
        (**self).take_outcome()
    }
}

/// What can be made a task of, or is one: asyncio's `ensure_future` (EF-01, EF-02).
///
/// A future becomes a task by [`spawn`](crate::spawn); a boxed one (`futures::future::BoxFuture`) is spawned here.
///
/// # Examples
///
/// ```
/// use tulipa_task::{IntoTask, spawn};
///
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let task = spawn(async { 1 });
/// let same = task.task_ref().clone();
/// assert_eq!(*task.into_task().task_ref(), same);
/// # run();
/// ```
pub trait IntoTask {
    /// What comes of it.
    type Task: Awaitable;

    /// The task.
    fn into_task(self) -> Self::Task;
}

impl<A: Awaitable> IntoTask for A {
    type Task = A;

    fn into_task(self) -> A {
        self
    }
}
