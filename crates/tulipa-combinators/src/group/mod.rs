//! `TaskGroup`: children that do not outlive their scope, and fail together.
//!
//! ```text
//!                 a child fails, the body fails or is cancelled, `cancel()`
//!   Open ───────────────────────────────────────────────────────────────────▶ Aborting
//!     │                                                                          │
//!     └──────────▶ Closed: the body is through and no child is left ◀────────────┘
//! ```
//!
//! A child records its failure from inside its own task, before that ends, so that a body that waits for the child is
//! cancelled and does not see the error (TG-23). On several workers the child may have failed before the body comes to
//! await it; then there is no wait, and the body has the error as well.

mod builder;
mod child;
mod error;
mod scope;
mod shared;

pub use builder::ChildBuilder;
pub use error::{GroupClosed, GroupError};

use futures::FutureExt;
use scope::Scope;
use shared::Shared;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use tulipa_task::{Task, TaskRef};

/// Children that are waited for: asyncio's `TaskGroup`. A handle to the group, given to the body of its scope; clones may
/// go to children and elsewhere.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_combinators::TaskGroup;
/// use tulipa_task::spawn;
///
/// let garden = spawn(TaskGroup::scope(async |group| {
///     let tulips = group.spawn(async { 3 });
///     let roses = group.spawn(async { 4 });
///     tulips.await.unwrap() + roses.await.unwrap()
/// }));
/// run();
/// assert_eq!(garden.result().unwrap().unwrap().as_ref().unwrap(), &7);
/// ```
///
/// Children that can fail:
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_combinators::TaskGroup;
/// use tulipa_task::{Deferred, spawn};
///
/// let waits_for_ever = Deferred::<()>::new();
/// let sum = spawn(TaskGroup::try_scope({
///     let waits_for_ever = waits_for_ever.clone();
///     async move |group| {
///         group.spawn(waits_for_ever).detach();
///         for text in ["1", "two", "3"] {
///             group.try_spawn(async { text.parse::<u8>() }).detach();
///         }
///         Ok("all numbers")
///     }
/// }));
/// run();
/// let error = sum.result().unwrap().unwrap().as_ref().unwrap_err();
/// assert_eq!(error.to_string(), "1 error in a task group: invalid digit found in string");
/// assert!(waits_for_ever.is_cancelled(), "the others were cancelled and waited for");
/// ```
pub struct TaskGroup<E = Infallible> {
    shared: Arc<Shared<E>>,
}

impl TaskGroup {
    /// Runs `body` with a group, and waits for all children that are spawned in it, by whomever (TG-01, TG-04). After that
    /// the value of the body comes out (TG-05). Body and children cannot fail, but children can panic.
    ///
    /// See [`try_scope`](TaskGroup::try_scope) for what a panic leads to.
    ///
    /// # Errors
    ///
    /// [`GroupError`] if a child panicked, or if [`cancel`](TaskGroup::cancel) cut the body short.
    ///
    /// # Panics
    ///
    /// As [`try_scope`](TaskGroup::try_scope).
    ///
    /// # Cancellation
    ///
    /// As [`try_scope`](TaskGroup::try_scope).
    pub fn scope<B, F>(body: B) -> impl Future<Output = Result<F::Output, GroupError>>
    where
        B: FnOnce(Self) -> F,
        F: Future,
    {
        Scope::new(|group| body(group).never_error())
    }
}

impl<E> TaskGroup<E> {
    /// Runs `body` with a group, and waits for all children that are spawned in it, by whomever (TG-01, TG-04). After that
    /// the value of the body comes out (TG-05).
    ///
    /// When a child fails or panics, the other children are cancelled, and so is the body, by a request inside this scope only
    /// (TG-11, TG-12). When the body fails, the children are cancelled (TG-25). All are waited for, with whatever they
    /// do to clean up; errors that come up then are added (TG-16, TG-27). A child that is cancelled concerns nobody
    /// else (TG-24).
    ///
    /// # Errors
    ///
    /// [`GroupError`] with the errors and panics of the children in the order of their ends, and the error of the body last.
    /// They count as read: nothing is reported later (TG-21).
    ///
    /// # Panics
    ///
    /// When awaited outside of a task (TG-10). A panic of the body goes on when the children have been cancelled and
    /// have ended; their errors are lost (TG-46, TG-47).
    ///
    /// # Cancellation
    ///
    /// A request that the body leaves drops it; the children are cancelled, once, and waited for; then the cancellation
    /// goes on, with its message (TG-32, TG-33). If errors came up meanwhile, they come out, and the cancellation is met
    /// at the next suspension (TG-34, TG-38). Dropping this future cancels the children without waiting for them.
    pub fn try_scope<B, F, R>(body: B) -> impl Future<Output = Result<R, GroupError<E>>>
    where
        B: FnOnce(Self) -> F,
        F: Future<Output = Result<R, E>>,
    {
        Scope::new(body)
    }

    /// Cancels the children and the body. The scope ends when all are through; without errors it gives the body's value, or,
    /// if that was cut short, an error without members (TG-54). Does nothing the second time, or later (TG-55).
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
    ///     let waiting = group.spawn(std::future::pending::<()>());
    ///     group.cancel();
    ///     waiting.await.unwrap();
    /// }));
    /// run();
    /// assert!(main.result().unwrap().unwrap().as_ref().unwrap_err().is_cancelled());
    /// ```
    pub fn cancel(&self) {
        self.shared.cancel();
    }

    /// The children that have not ended.
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
    ///     group.builder().name("bulb").spawn(async {}).detach();
    ///     group.tasks().iter().map(|task| task.name()).collect::<Vec<_>>()
    /// }));
    /// run();
    /// assert_eq!(main.result().unwrap().unwrap().as_ref().unwrap(), &["bulb"]);
    /// ```
    pub fn tasks(&self) -> Vec<TaskRef> {
        self.shared.tasks()
    }

    /// Whether it takes children: nothing has failed or been cancelled, and its scope has not ended.
    pub fn is_open(&self) -> bool {
        self.shared.is_open()
    }

    /// How many errors came up so far.
    pub fn error_count(&self) -> usize {
        self.shared.error_count()
    }
}

impl<E: fmt::Debug + Send + Sync + 'static> TaskGroup<E> {
    /// Starts a child that cannot fail. What becomes of it is the group's concern: its handle can be
    /// [let go](Task::detach).
    ///
    /// In a group that is being cancelled the child is cancelled before it begins, and `future` dropped (TG-08);
    /// [`ChildBuilder::spawn_if_open`] tells.
    ///
    /// # Panics
    ///
    /// If the scope has ended (TG-07); in a child of the group or its body that cannot be. As
    /// [`tulipa_task::spawn`](tulipa_task::spawn()).
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.builder().spawn(future)
    }

    /// Starts a child that can fail, and then fails the group. Its error goes to the group and to who awaits the child,
    /// shared.
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    #[track_caller]
    pub fn try_spawn<F, T>(&self, future: F) -> Task<T, Arc<E>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
    {
        self.builder().try_spawn(future)
    }

    /// A child to be, with a name and more (TG-06).
    pub fn builder(&self) -> ChildBuilder<'_, E> {
        ChildBuilder::new(&self.shared)
    }
}

impl<E> Clone for TaskGroup<E> {
    /// Another handle to the same group.
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<E> fmt::Debug for TaskGroup<E> {
    /// How many children have not ended, how many errors there are, and whether it is being cancelled (TG-51).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}
