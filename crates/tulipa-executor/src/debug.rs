//! Debug mode: what is amiss in a program without being a failure is reported.
//!
//! * A poll that takes long, once for each such poll (D-02). While it lasts, its worker serves nobody else.
//! * Tasks that wait for each other in a circle, once. They would never end; each looks harmless by itself.
//! * The end of the executor, and who was late (D-08).
//!
//! Without debug mode a worker pays one branch a poll, on a flag of its own.

use crate::driver::Driver;
use crate::shutdown::ShutdownReport;
use crate::sync::Mutex;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tulipa_task::{Leaf, Report, ReportKind, Runnable, TaskId, TaskRef};

/// What debug mode needs to know.
pub(crate) struct Debug {
    slow_poll: Duration,
    /// It has the clock.
    driver: Arc<dyn Driver>,
    /// The tasks of circles that were reported.
    in_circles: Mutex<HashSet<TaskId>>,
}

impl Debug {
    pub(crate) fn new(slow_poll: Duration, driver: Arc<dyn Driver>) -> Self {
        Self {
            slow_poll,
            driver,
            in_circles: Mutex::new(HashSet::new()),
        }
    }

    /// Runs a task once, and looks at how it went.
    pub(crate) fn run(&self, runnable: Runnable) -> Option<Runnable> {
        let (task, began) = (runnable.task(), self.driver.now());
        let again = runnable.run();
        let took = self.driver.now().saturating_sub(began);
        if took >= self.slow_poll {
            Report::about(&task, ReportKind::SlowPoll, &took).send();
        }
        self.report_circle(&task);
        again
    }

    /// `me` is the task of the shutdown.
    pub(crate) fn report_shutdown(&self, me: &TaskRef, report: &ShutdownReport) {
        let text = format_args!("{report}"); // and not its fields
        Report::about(me, ReportKind::Shutdown, &text).send();
    }

    /// Whoever closes a circle sees it: it waits in the list of the task it awaits before it looks at its own, and so did each
    /// of the others.
    fn report_circle(&self, task: &TaskRef) {
        if !may_await(task) {
            return;
        }
        let Some(circle) = task.circle() else { return };
        let mut known = self.in_circles.lock();
        let is_new = circle.iter().all(|task| !known.contains(&task.id()));
        known.extend(circle.iter().map(TaskRef::id));
        drop(known);
        if is_new {
            Report::about(task, ReportKind::Circle, &Circle(&circle)).send();
        }
    }
}

/// Whether it may be suspended because of another task, as far as it takes no walk to know.
fn may_await(task: &TaskRef) -> bool {
    task.waits_for().is_some_and(|waits| {
        let leaf = waits.leaf();
        waits.others() > 0 || matches!(leaf, Leaf::Task(_) | Leaf::Tasks(_) | Leaf::Group(_))
    })
}

/// `hen` awaits `egg` awaits `hen`.
struct Circle<'a>(&'a [TaskRef]);

impl fmt::Debug for Circle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for task in self.0 {
            write!(f, "`{}` awaits ", task.name())?;
        }
        write!(f, "`{}`", self.0[0].name())
    }
}

impl fmt::Debug for Debug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debug")
            .field("slow_poll", &self.slow_poll)
            .finish_non_exhaustive()
    }
}
