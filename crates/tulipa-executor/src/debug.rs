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
use std::task::Waker;
use std::time::Duration;
use tulipa_task::{Leaf, Observer, Report, ReportKind, Runnable, TaskId, TaskRef, TaskState};

/// What debug mode needs to know.
pub(crate) struct Debug {
    slow_poll: Duration,
    /// It has the clock.
    driver: Arc<dyn Driver>,
    in_circles: Arc<Known>,
}

/// The tasks of circles that were reported, until they end.
type Known = Mutex<HashSet<TaskId>>;

impl Debug {
    pub(crate) fn new(slow_poll: Duration, driver: Arc<dyn Driver>) -> Self {
        Self {
            slow_poll,
            driver,
            in_circles: Arc::default(),
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
        if self.is_new(&circle) {
            Report::about(task, ReportKind::Circle, &Circle(&circle)).send();
        }
    }

    /// Whether none of these was in a circle before, and none has ended. They are known from now on.
    ///
    /// Who looks at a circle may be late: others reported it, and its tasks ended and are known no more. Then it is no circle
    /// any longer, and was one that is known.
    fn is_new(&self, circle: &[TaskRef]) -> bool {
        let mut known = self.in_circles.lock();
        let first: Vec<_> = circle
            .iter()
            .filter(|task| known.insert(task.id()))
            .collect();
        drop(known); // a task that ends takes it
        let began = first
            .into_iter()
            .filter(|task| Member::begin(task, &self.in_circles));
        began.count() == circle.len()
    }
}

/// Takes a task out of those that are known, when it ends.
struct Member {
    task: TaskId,
    known: Arc<Known>,
}

impl Member {
    /// Whether the task had not ended yet. It is taken out at once if it had.
    fn begin(task: &TaskRef, known: &Arc<Known>) -> bool {
        let (id, known) = (task.id(), Arc::clone(known));
        let member: Arc<dyn Observer> = Arc::new(Self { task: id, known });
        let runs = task.subscribe(&member, 0).is_some();
        if !runs {
            let _nobody_waits = member.done(0, task.state());
        }
        runs
    }
}

impl Observer for Member {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        self.known.lock().remove(&self.task);
        None
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

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::Executor;
    use std::future::pending;
    use std::sync::mpsc;
    use tulipa_task::{Task, spawn, yield_now};

    /// `tasks` of them, each of which awaits the next.
    async fn circle(tasks: usize) -> Vec<tulipa_task::TaskRef> {
        let wait = |next: mpsc::Receiver<Task<()>>| async move {
            let next = next.recv().expect("it is sent before this runs");
            let _cancelled = next.await;
        };
        let (mut give, get): (Vec<_>, Vec<_>) = (0..tasks).map(|_| mpsc::channel()).unzip();
        let spawned: Vec<_> = get.into_iter().map(|next| spawn(wait(next))).collect();
        let refs = spawned.iter().map(|task| (**task).clone()).collect();
        give.rotate_left(1);
        for (give, task) in give.iter().zip(spawned) {
            give.send(task).expect("it waits for that");
        }
        yield_now().await;
        refs
    }

    #[test]
    fn a_circle_is_known_until_its_tasks_end() {
        let builder = Executor::builder().current_thread().debug(true);
        let executor = builder.report(|_| {}).build().unwrap();
        let crew = executor.handle().shared().crew().clone();
        let known = || crew.debug().unwrap().in_circles.lock().len();
        let rings = executor.block_on(async { [circle(2).await, circle(3).await] });
        let rings = rings.unwrap();
        assert_eq!(known(), 5);
        rings[1][0].abort();
        executor.block_on(yield_now()).unwrap();
        executor.block_on(yield_now()).unwrap();
        assert!(rings[1].iter().all(|task| task.is_done()));
        assert_eq!(known(), 2);
        let _report = executor.shutdown(pending()).unwrap();
        assert_eq!(known(), 0);
    }

    /// As on a worker that was interrupted between its look at the circle and its look at what is known.
    #[test]
    fn a_circle_that_ended_before_it_is_looked_up_is_not_new() {
        let builder = Executor::builder().current_thread().debug(true);
        let executor = builder.report(|_| {}).build().unwrap();
        let crew = executor.handle().shared().crew().clone();
        let debug = crew.debug().unwrap();
        let tasks = executor.block_on(circle(2)).unwrap();
        let seen_late = tasks[0].circle().unwrap();
        tasks[0].abort();
        executor.block_on(yield_now()).unwrap();
        executor.block_on(yield_now()).unwrap();
        assert!(tasks.iter().all(|task| task.is_done()));
        assert!(!debug.is_new(&seen_late));
        assert_eq!(debug.in_circles.lock().len(), 0);
        let _report = executor.shutdown(pending()).unwrap();
    }
}
