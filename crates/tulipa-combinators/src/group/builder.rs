//! Children: how they are started, and what becomes of them in a group that takes none.

use super::child::Child;
use super::error::GroupClosed;
use super::shared::{Place, Refusal, Shared};
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use tulipa_task::{Builder, Task, TaskError, cancel};

/// A child to be. Made by [`TaskGroup::builder`](crate::TaskGroup::builder).
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_combinators::TaskGroup;
/// use tulipa_task::spawn;
///
/// let main = spawn(TaskGroup::scope(async |group| {
///     let child = group.builder().name("bulb").eager(true).spawn(async { "planted" });
///     (child.name(), child.is_done())
/// }));
/// run();
/// assert_eq!(main.result().unwrap().unwrap().as_ref().unwrap(), &("bulb".to_owned(), true));
/// ```
#[must_use = "a builder does nothing until it spawns"]
pub struct ChildBuilder<'a, E> {
    group: &'a Arc<Shared<E>>,
    task: Builder,
}

impl<'a, E> ChildBuilder<'a, E>
where
    E: fmt::Debug + Send + Sync + 'static,
{
    pub(super) fn new(group: &'a Arc<Shared<E>>) -> Self {
        Self {
            group,
            task: Builder::new(),
        }
    }

    /// Names the child.
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Self {
        let task = self.task.name(name);
        Self { task, ..self }
    }

    /// Whether its first step is taken at once. If it fails in that, the group is cancelled, which the body meets at its
    /// next suspension (TG-53).
    pub fn eager(self, eager: bool) -> Self {
        let task = self.task.eager(eager);
        Self { task, ..self }
    }

    /// All that a task can be given, in place of what was set here.
    pub fn options(self, task: Builder) -> Self {
        Self { task, ..self }
    }

    /// As [`TaskGroup::spawn`](crate::TaskGroup::spawn).
    ///
    /// # Panics
    ///
    /// As that.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let Ok(place) = self.group.admit().map_err(refuse) else {
            drop(future);
            return self.task.eager(true).spawn(cancelled());
        };
        let task = self.task.spawn(Child::new(future, place.reporter()));
        place.settle(&task);
        task
    }

    /// As [`TaskGroup::try_spawn`](crate::TaskGroup::try_spawn).
    ///
    /// # Panics
    ///
    /// As that.
    #[track_caller]
    pub fn try_spawn<F, T>(self, future: F) -> Task<T, Arc<E>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
    {
        let Ok(place) = self.group.admit().map_err(refuse) else {
            drop(future);
            return self.task.eager(true).try_spawn(cancelled());
        };
        let future = reporting(future, &place);
        let task = self.task.try_spawn(Child::new(future, place.reporter()));
        place.settle(&task);
        task
    }

    /// [`spawn`](Self::spawn) for a future that stays on this thread.
    ///
    /// # Panics
    ///
    /// As `spawn`, and as [`tulipa_task::spawn_local`].
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> Task<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let Ok(place) = self.group.admit().map_err(refuse) else {
            drop(future);
            return self.task.eager(true).spawn_local(cancelled());
        };
        let child = Child::new(future, place.reporter());
        let task = self.task.spawn_local(child);
        place.settle(&task);
        task
    }

    /// [`try_spawn`](Self::try_spawn) for a future that stays on this thread.
    ///
    /// # Panics
    ///
    /// As `spawn`, and as [`tulipa_task::spawn_local`].
    #[track_caller]
    pub fn try_spawn_local<F, T>(self, future: F) -> Task<T, Arc<E>>
    where
        F: Future<Output = Result<T, E>> + 'static,
        T: 'static,
    {
        let Ok(place) = self.group.admit().map_err(refuse) else {
            drop(future);
            return self.task.eager(true).try_spawn_local(cancelled());
        };
        let child = Child::new(reporting(future, &place), place.reporter());
        let task = self.task.try_spawn_local(child);
        place.settle(&task);
        task
    }

    /// As [`spawn`](Self::spawn), for who cannot know whether the group still takes children.
    ///
    /// # Errors
    ///
    /// [`GroupClosed`] with `future` if the group is being cancelled, or its scope has ended (TG-07, TG-08).
    ///
    /// # Panics
    ///
    /// As [`tulipa_task::spawn`](tulipa_task::spawn()).
    #[track_caller]
    pub fn spawn_if_open<F>(self, future: F) -> Result<Task<F::Output>, GroupClosed<F>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let Ok(place) = self.group.admit() else {
            return Err(GroupClosed(future));
        };
        let task = self.task.spawn(Child::new(future, place.reporter()));
        place.settle(&task);
        Ok(task)
    }

    /// As [`try_spawn`](Self::try_spawn), for who cannot know whether the group still takes children.
    ///
    /// # Errors
    ///
    /// As [`spawn_if_open`](Self::spawn_if_open).
    ///
    /// # Panics
    ///
    /// As that.
    #[track_caller]
    pub fn try_spawn_if_open<F, T>(self, future: F) -> Result<Task<T, Arc<E>>, GroupClosed<F>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
    {
        let Ok(place) = self.group.admit() else {
            return Err(GroupClosed(future));
        };
        let future = reporting(future, &place);
        let task = self.task.try_spawn(Child::new(future, place.reporter()));
        place.settle(&task);
        Ok(task)
    }
}

/// Passes the error of `future` to the group, and on to who awaits the child.
fn reporting<F, T, E>(
    future: F,
    place: &Place<E>,
) -> impl Future<Output = Result<T, Arc<E>>> + use<F, T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let reporter = place.reporter();
    async move {
        future.await.map_err(|error| {
            let error = Arc::new(error);
            reporter.fail(TaskError::Failed(error.clone()));
            error
        })
    }
}

/// What a group that is being cancelled runs in place of a new child.
fn cancelled<T>() -> cancel::Raise<T> {
    cancel::own_request().resume()
}

#[track_caller]
fn refuse(refusal: Refusal) {
    assert!(
        refusal != Refusal::Closed,
        "spawn in a task group whose scope has ended: spawn from its body or children, or ask with `spawn_if_open`",
    );
}

impl<E> fmt::Debug for ChildBuilder<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChildBuilder").field(&self.task).finish()
    }
}
