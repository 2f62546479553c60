//! [`Deadlock`]: who waits for whom.

use std::collections::HashMap;
use std::fmt;
use tulipa_task::{Registry, TaskRef};

/// Nothing can run any more, and nothing will happen by itself: the tasks that are left wait for each other, or for
/// somebody who has gone.
///
/// Its text names each of them, where it was spawned, and the tasks that it waits for.
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

    /// The tasks that it awaits. None if it waits for something else: a `Deferred`, a channel, a socket.
    pub fn waits_for(&self) -> &[TaskRef] {
        &self.waits_for
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
        write!(
            f,
            "`{}`, spawned at {}, waits for ",
            self.task.name(),
            self.task.location()
        )?;
        if self.waits_for.is_empty() {
            return f.write_str("something that is not a task");
        }
        for (index, task) in self.waits_for.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}`{}`", task.name())?;
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
