//! What an executor has done, in numbers.

use crate::blocking::PoolStats;
use crate::shared::Shared;

/// What the workers and the blocking pool have done so far.
///
/// Each number is right when nothing moves, and a moment's guess otherwise. Counting is one plain store per task.
///
/// # Examples
///
/// ```
/// use tulipa_executor::Executor;
///
/// let executor = Executor::builder().workers(1).build()?;
/// executor.block_on(async {})?;
/// let stats = executor.handle().stats();
/// assert_eq!(stats.workers().len(), 1);
/// assert_eq!(stats.polls(), 1, "main was polled once");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    workers: Vec<WorkerStats>,
    injected: usize,
    blocking: PoolStats,
}

/// What one worker has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStats {
    /// Tasks it has run, each poll counted.
    pub polls: u64,
    /// Times it took tasks from another worker.
    pub steals: u64,
    /// Tasks it took in that.
    pub stolen: u64,
    /// Times it found nothing to do and slept.
    pub sleeps: u64,
    /// Times it was woken.
    pub wakes: u64,
    /// Tasks in its queue now, which others may take. What it runs now or next is not among them.
    pub queued: usize,
}

impl Stats {
    pub(crate) fn of(shared: &Shared) -> Self {
        let queues = shared.crew().queues();
        let worker = |worker| {
            let tally = queues.tally(worker);
            WorkerStats {
                polls: tally.polls.get(),
                steals: tally.steals.get(),
                stolen: tally.stolen.get(),
                sleeps: tally.sleeps.get(),
                wakes: tally.wakes.get(),
                queued: queues.queued(worker),
            }
        };
        Self {
            workers: (0..queues.workers()).map(worker).collect(),
            injected: queues.injector.len(),
            blocking: shared.pool().stats(),
        }
    }

    /// Each worker's; the first is that of `block_on`.
    pub fn workers(&self) -> &[WorkerStats] {
        &self.workers
    }

    /// The blocking pool's.
    pub fn blocking(&self) -> PoolStats {
        self.blocking
    }

    /// Polls of all workers.
    pub fn polls(&self) -> u64 {
        self.workers.iter().map(|worker| worker.polls).sum()
    }

    /// Steals of all workers.
    pub fn steals(&self) -> u64 {
        self.workers.iter().map(|worker| worker.steals).sum()
    }

    /// Tasks that any worker took from another.
    pub fn stolen(&self) -> u64 {
        self.workers.iter().map(|worker| worker.stolen).sum()
    }

    /// Tasks that wait now for any worker: those in the workers' queues, and those that came from other threads.
    pub fn queued(&self) -> usize {
        let of_workers: usize = self.workers.iter().map(|worker| worker.queued).sum();
        of_workers + self.injected
    }

    /// Times that any worker slept.
    pub fn sleeps(&self) -> u64 {
        self.workers.iter().map(|worker| worker.sleeps).sum()
    }

    /// Times that any worker was woken.
    pub fn wakes(&self) -> u64 {
        self.workers.iter().map(|worker| worker.wakes).sum()
    }
}
