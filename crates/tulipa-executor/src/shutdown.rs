//! The end of an executor: cancel all, a grace period, abort, and who was late.
//!
//! ```text
//!   Open ──▶ Closing: every task is cancelled, once ──▶ Closed: the rest is aborted ──▶ threads end
//!                     (tasks may still spawn)             (nobody may)
//! ```
//!
//! In asyncio a task that is spawned by another's cleanup is neither cancelled nor awaited (R-14); here it is both, because
//! cleanup that is lost is worse than a shutdown that takes a moment more.
//!
//! How long the grace period is, the caller says by a future, since the executor has no clock. What does not come back from a
//! poll cannot be aborted: it is waited for in real time, by a thread that is started for that.

use crate::crew::Crew;
use crate::current;
use crate::handle::Handle;
use crate::shared::Stage;
use crate::sync::{AtomicBool, AtomicUsize, Condvar, Mutex, Ordering, give_way};
use std::collections::HashSet;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tulipa_task::{Observer, Registry, Runnable, TaskId, TaskRef, TaskState};

/// Who was late at the end of an executor.
///
/// Its text is a line for each.
#[derive(Debug, Default, Clone)]
#[must_use = "it says which tasks had to be aborted, and which threads still run"]
pub struct ShutdownReport {
    late: Vec<TaskRef>,
    stuck: Vec<TaskRef>,
    workers: usize,
    jobs: usize,
}

impl ShutdownReport {
    /// Whether all ended in time.
    pub fn is_clean(&self) -> bool {
        self.late.is_empty() && self.stuck.is_empty() && self.workers == 0 && self.jobs == 0
    }

    /// Tasks that had not ended when the grace period was over. They were aborted.
    pub fn late(&self) -> &[TaskRef] {
        &self.late
    }

    /// Those of them that could not be aborted either: their poll does not return.
    pub fn stuck(&self) -> &[TaskRef] {
        &self.stuck
    }

    /// Worker threads that do not end, because a task does not return from a poll. They were left to themselves.
    pub fn worker_threads(&self) -> usize {
        self.workers
    }

    /// Threads of the blocking pool whose job does not end. They were left to themselves.
    pub fn blocking_threads(&self) -> usize {
        self.jobs
    }

    pub(crate) fn add_threads(&mut self, workers: usize, jobs: usize) {
        self.workers += workers;
        self.jobs += jobs;
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("shutdown: all ended in time");
        }
        f.write_str("shutdown:")?;
        for task in &self.late {
            let end = if self.stuck.contains(task) {
                "does not return from its poll"
            } else {
                "was aborted"
            };
            write!(
                f,
                "\n  `{}`, spawned at {}, was late and {end}",
                task.name(),
                task.location()
            )?;
        }
        if self.workers > 0 {
            write!(f, "\n  {} worker threads do not end", self.workers)?;
        }
        if self.jobs > 0 {
            write!(f, "\n  {} blocking jobs do not end", self.jobs)?;
        }
        Ok(())
    }
}

/// Ends every task but the one that runs this.
pub(crate) async fn wind_down(
    handle: Handle,
    grace: impl Future<Output = ()>,
    limit: Duration,
) -> ShutdownReport {
    let shared = handle.shared();
    shared.advance(Stage::Closing);
    let others = Others::new(shared.registry());
    others.let_ready_run(shared.crew()).await;
    let in_time = first(others.cancel_all(), grace).await;
    shared.advance(Stage::Closed);
    let mut report = ShutdownReport::default();
    if !in_time {
        report.late = others.live();
        let alarm = Alarm::set(limit);
        let aborted = first(others.abort_all(), alarm.rings()).await;
        alarm.unset();
        if !aborted {
            report.stuck = others.live();
        }
    }
    if let Some(debug) = shared.crew().debug() {
        debug.report_shutdown(&others.me, &report);
    }
    report
}

/// Aborts every task of `registry`.
pub(crate) fn abort_all(registry: &Registry) {
    for task in registry.snapshot() {
        task.abort();
    }
}

/// All tasks but the current one.
struct Others<'a> {
    registry: &'a Registry,
    me: TaskRef,
}

impl<'a> Others<'a> {
    fn new(registry: &'a Registry) -> Self {
        Self {
            registry,
            me: tulipa_task::current_task().expect("a shutdown is a task"),
        }
    }

    fn live(&self) -> Vec<TaskRef> {
        let mut live = self.registry.snapshot();
        live.retain(|task| *task != self.me);
        live
    }

    /// What main has spawned or woken last takes a step before it is asked to end (R-15). Bounded: who gives way for ever, or does
    /// not return from a poll, is asked all the same.
    async fn let_ready_run(&self, crew: &Crew<Runnable>) {
        const ROUNDS: u64 = 10_000;
        let before = crew.polls();
        let enough = 4 * self.live().len() as u64 + 64;
        for own in 0..ROUNDS {
            if current::is_alone(crew) || crew.polls() - before > enough + own {
                return;
            }
            give_way(); // to threads of other workers that the system has suspended
            tulipa_task::yield_now().await;
        }
    }

    /// Cancels each once, also those that come while it waits for the others; until none is left.
    async fn cancel_all(&self) {
        let mut asked = HashSet::new();
        self.end_all(|task| {
            if asked.insert(task.id()) {
                task.cancel();
            }
        })
        .await;
    }

    async fn abort_all(&self) {
        self.end_all(|task| {
            task.abort();
        })
        .await;
    }

    async fn end_all(&self, mut end: impl FnMut(&TaskRef)) {
        loop {
            let live = who_waits_first(self.live());
            if live.is_empty() {
                return;
            }
            live.iter().for_each(&mut end);
            Countdown::of(&live).zero().await;
        }
    }
}

/// The same tasks, each after those that wait for it. While they are asked to end one by one, the first run already on other
/// workers: in this order nobody takes the end of another, which the shutdown has brought about, for an event of its own.
fn who_waits_first(tasks: Vec<TaskRef>) -> Vec<TaskRef> {
    let mut to_visit: HashSet<TaskId> = tasks.iter().map(|task| task.id()).collect();
    let mut in_order = Vec::with_capacity(tasks.len());
    let mut path: Vec<(TaskRef, std::vec::IntoIter<TaskRef>)> = Vec::new();
    for task in tasks {
        let mut next = Some(task);
        loop {
            if let Some(task) = next.filter(|task| to_visit.remove(&task.id())) {
                let waiting = task.awaited_by().into_iter();
                path.push((task, waiting));
            }
            let Some((_, waiting)) = path.last_mut() else {
                break;
            };
            next = waiting.next();
            if next.is_none() {
                in_order.extend(path.pop().map(|(task, _)| task));
            }
        }
    }
    in_order
}

/// Waits for the end of a number of tasks.
struct Countdown {
    left: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Countdown {
    fn of(tasks: &[TaskRef]) -> Arc<Self> {
        let countdown = Arc::new(Self {
            left: AtomicUsize::new(tasks.len()),
            waker: Mutex::new(None),
        });
        let observer: Arc<dyn Observer> = countdown.clone();
        for task in tasks {
            if task.subscribe(&observer, 0).is_none() {
                let _nobody_waits_yet = countdown.one_ended();
            }
        }
        countdown
    }

    async fn zero(self: Arc<Self>) {
        poll_fn(|cx| {
            *self.waker.lock() = Some(cx.waker().clone());
            // Acquire: pairs with the Release in `one_ended`. The waker was left before, under a lock that it takes.
            if self.left.load(Ordering::Acquire) == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Whom to wake, if it was the last.
    fn one_ended(&self) -> Option<Waker> {
        // Release: pairs with the Acquire in `zero`.
        let last = self.left.fetch_sub(1, Ordering::Release) == 1;
        last.then(|| self.waker.lock().take()).flatten()
    }
}

impl Observer for Countdown {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        self.one_ended()
    }
}

/// Rings after a time, real time: on a thread of its own.
struct Alarm {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

struct Bell {
    rung: AtomicBool,
    unset: Mutex<bool>,
    unsetting: Condvar,
    waker: Mutex<Option<Waker>>,
}

impl Alarm {
    /// If there is no thread for it, it rings at once: what is stuck is given up early.
    fn set(after: Duration) -> Self {
        let bell = Arc::new(Bell::new());
        let of_thread = Arc::clone(&bell);
        let thread = thread::Builder::new()
            .name("tulipa-shutdown".to_owned())
            .spawn(move || of_thread.wait(after));
        if thread.is_err() {
            bell.ring();
        }
        Self {
            bell,
            thread: thread.ok(),
        }
    }

    async fn rings(&self) {
        poll_fn(|cx| {
            *self.bell.waker.lock() = Some(cx.waker().clone());
            // Acquire: pairs with the Release in `ring`. The waker was left before, under a lock that `ring` takes.
            if self.bell.rung.load(Ordering::Acquire) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn unset(self) {
        *self.bell.unset.lock() = true;
        self.bell.unsetting.notify_one();
        if let Some(thread) = self.thread {
            // It does not panic, and if it has, there is nothing to do about it.
            let _ = thread.join();
        }
    }
}

impl Bell {
    fn new() -> Self {
        Self {
            rung: AtomicBool::new(false),
            unset: Mutex::new(false),
            unsetting: Condvar::new(),
            waker: Mutex::new(None),
        }
    }

    fn wait(&self, after: Duration) {
        let deadline = Instant::now().checked_add(after);
        let mut unset = self.unset.lock();
        while !*unset {
            match deadline {
                None => self.unsetting.wait(&mut unset), // a limit too long for the clock is none
                Some(deadline) => {
                    if self.unsetting.wait_until(&mut unset, deadline).timed_out() {
                        drop(unset);
                        return self.ring();
                    }
                }
            }
        }
    }

    fn ring(&self) {
        // Release: pairs with the Acquire in `rings`.
        self.rung.store(true, Ordering::Release);
        let waker = self.waker.lock().take();
        waker.into_iter().for_each(Waker::wake); // after the lock
    }
}

/// Awaits both until one is done. `true`: it was the first.
async fn first(one: impl Future<Output = ()>, other: impl Future<Output = ()>) -> bool {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|cx| {
        if one.as_mut().poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        other.as_mut().poll(cx).map(|()| false)
    })
    .await
}
