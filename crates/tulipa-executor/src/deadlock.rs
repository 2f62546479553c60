//! [`Deadlock`]: who waits for whom, or for what.

use std::collections::HashMap;
use std::fmt;
use tulipa_task::{Activity, Registry, TaskRef, Waits};

/// Nothing can run any more, and nothing will happen by itself: the tasks that are left wait for each other, or for
/// somebody who has gone.
///
/// Its text names each of them, where it was spawned, and what it waits for: tasks by name, anything else by what its leaf
/// future has noted.
///
/// # Examples
///
/// ```
/// use tulipa_executor::{BlockOnError, Executor};
///
/// let executor = Executor::builder().deterministic(0).build()?;
/// let error = executor.block_on(std::future::pending::<()>()).unwrap_err();
/// let BlockOnError::Deadlock(deadlock) = error else { unreachable!() };
/// assert_eq!(deadlock.tasks().len(), 1);
/// assert_eq!(deadlock.tasks()[0].task().name(), "main");
/// # Ok::<(), tulipa_executor::BuildError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Deadlock {
    tasks: Vec<Stuck>,
}

/// A task that waits in vain.
#[derive(Debug, Clone)]
pub struct Stuck {
    task: TaskRef,
    activity: Activity,
    waits_for: Vec<TaskRef>,
}

impl Deadlock {
    /// All tasks of `registry`, and who of them waits for whom.
    pub(crate) fn of(registry: &Registry) -> Self {
        let mut tasks = registry.snapshot();
        tasks.sort_by_key(TaskRef::id);
        let mut waits_for = HashMap::<_, Vec<_>>::new();
        for task in &tasks {
            for awaiter in task.awaited_by() {
                waits_for
                    .entry(awaiter.id())
                    .or_default()
                    .push(task.clone());
            }
        }
        let stuck = |task: TaskRef| Stuck {
            waits_for: waits_for.remove(&task.id()).unwrap_or_default(),
            activity: task.activity(),
            task,
        };
        Self {
            tasks: tasks.into_iter().map(stuck).collect(),
        }
    }

    /// The tasks that are left, in the order in which they were spawned.
    pub fn tasks(&self) -> &[Stuck] {
        &self.tasks
    }
}

impl Stuck {
    /// The task.
    pub fn task(&self) -> &TaskRef {
        &self.task
    }

    /// The tasks that it awaits. None if it waits for something else.
    pub fn waits_for(&self) -> &[TaskRef] {
        &self.waits_for
    }

    /// What its leaf future waits for: also where that is no task.
    pub fn waits(&self) -> Option<Waits> {
        match self.activity {
            Activity::Waiting(waits) => Some(waits),
            _ => None,
        }
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "deadlock: nothing can run and nothing will happen by itself, but {} not ended:",
            count(self.tasks.len())
        )?;
        self.tasks
            .iter()
            .try_for_each(|stuck| write!(f, "\n  {stuck}"))
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, location) = (self.task.name(), self.task.location());
        write!(f, "`{name}`, spawned at {location}, ")?;
        let Some((first, more)) = self.waits_for.split_first() else {
            return self.activity.fmt(f);
        };
        write!(f, "waits for `{}`", first.name())?;
        for task in more {
            write!(f, ", `{}`", task.name())?;
        }
        let notes = self.waits().map_or(1, |waits| waits.others() + 1);
        if notes > self.waits_for.len() {
            f.write_str(", or something else")?;
        }
        Ok(())
    }
}

fn count(tasks: usize) -> String {
    if tasks == 1 {
        "one task has".to_owned()
    } else {
        format!("{tasks} tasks have")
    }
}

impl std::error::Error for Deadlock {}
