//! How a group fails, and how it refuses.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use tulipa_task::TaskError;

/// What went wrong in a [`TaskGroup`](crate::TaskGroup): asyncio's `ExceptionGroup`.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_combinators::TaskGroup;
/// use tulipa_task::{TaskError, spawn};
///
/// let main = spawn(TaskGroup::try_scope(async |group| {
///     group.spawn(async { panic!("out of tulips") }).detach();
///     Err::<(), _>("no water")
/// }));
/// run();
/// let error = main.result().unwrap().unwrap().as_ref().unwrap_err();
/// assert!(matches!(error.errors(), [TaskError::Failed(body)] if **body == "no water"));
/// ```
pub struct GroupError<E = Infallible> {
    errors: Vec<TaskError<Arc<E>>>,
}

impl<E> GroupError<E> {
    pub(super) fn new(errors: Vec<TaskError<Arc<E>>>) -> Self {
        Self { errors }
    }

    /// The errors and panics: those of children in the order in which they ended, that of the body last (TG-15, TG-27).
    pub fn errors(&self) -> &[TaskError<Arc<E>>] {
        &self.errors
    }

    /// The same, taken out.
    pub fn into_errors(self) -> Vec<TaskError<Arc<E>>> {
        self.errors
    }

    /// Whether nothing failed, and the body was cut short by [`TaskGroup::cancel`](crate::TaskGroup::cancel).
    pub fn is_cancelled(&self) -> bool {
        self.errors.is_empty()
    }
}

impl<E> Clone for GroupError<E> {
    /// The errors are shared.
    fn clone(&self) -> Self {
        Self::new(self.errors.clone())
    }
}

impl<E: fmt::Debug> fmt::Debug for GroupError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GroupError").field(&self.errors).finish()
    }
}

impl<E: fmt::Display> fmt::Display for GroupError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.len() {
            0 => return f.write_str("the task group was cancelled before its body was through"),
            1 => f.write_str("1 error in a task group")?,
            count => write!(f, "{count} errors in a task group")?,
        }
        for (position, error) in self.errors.iter().enumerate() {
            write!(f, "{} {error}", if position == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl<E: std::error::Error + 'static> std::error::Error for GroupError<E> {
    /// The first error.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let first = self.errors.first()?;
        Some(first)
    }
}

/// A group takes no more children: it is being cancelled, or its scope has ended (TG-07, TG-08). What was to be spawned
/// comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GroupClosed<F>(pub F);

impl<F> fmt::Debug for GroupClosed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupClosed(..)")
    }
}

impl<F> fmt::Display for GroupClosed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the task group takes no more children: it is being cancelled or its scope has ended; \
             spawn before that, or outside of the group",
        )
    }
}

impl<F> std::error::Error for GroupClosed<F> {}
