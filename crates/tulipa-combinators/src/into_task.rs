//! Combinators inside combinators: a `gather` in a `gather`, a `shield` in a `wait_for`. Each becomes a task of its own,
//! because what they take is tasks.

use std::fmt::Debug;
use std::future::Future;
use tulipa_task::{Awaitable, Builder, IntoTask, Task, TaskError};

use crate::{Gather, GatherAll, Shield};

/// A task that ends as `awaitable` does: a cancellation in it is one of the task, a panic too.
///
/// Its first step is taken at once: what is over already is a task that has ended (G-22, SH-05).
#[track_caller]
fn task_of<F, T, E>(awaitable: F) -> Task<T, E>
where
    F: Future<Output = Result<T, TaskError<E>>> + Send + 'static,
    T: Send + 'static,
    E: Debug + Send + 'static,
{
    Builder::new().eager(true).try_spawn(async {
        match awaitable.await {
            Ok(value) => Ok(value),
            Err(TaskError::Failed(error)) => Err(error),
            Err(TaskError::Cancelled(cancelled)) => cancelled.resume().await,
            Err(TaskError::Panicked(panic)) => std::panic::resume_unwind(Box::new(panic)),
        }
    })
}

impl<A> IntoTask for Shield<A>
where
    A: Awaitable + Send + 'static,
    A::Value: Send + 'static,
    A::Error: Debug + Send + 'static,
{
    type Task = Task<A::Value, A::Error>;

    #[track_caller]
    fn into_task(self) -> Self::Task {
        task_of(self)
    }
}

impl<A> IntoTask for Gather<A>
where
    A: Awaitable + Send + 'static,
    A::Value: Send + 'static,
    A::Error: Debug + Send + 'static,
{
    type Task = Task<Vec<A::Value>, A::Error>;

    #[track_caller]
    fn into_task(self) -> Self::Task {
        task_of(self)
    }
}

impl<A> IntoTask for GatherAll<A>
where
    A: Awaitable + Send + 'static,
    A::Value: Send + 'static,
    A::Error: Send + 'static,
{
    type Task = Task<Vec<Result<A::Value, TaskError<A::Error>>>>;

    #[track_caller]
    fn into_task(self) -> Self::Task {
        Builder::new().eager(true).spawn(self)
    }
}
