//! Models of the races between threads, one file a race.
//!
//! Under loom every interleaving within the bound on preemptions is explored, with every value that a load may see:
//! `RUSTFLAGS="--cfg loom" cargo test --release -p tulipa-task --lib models`. In a plain build the same bodies run on real
//! threads, some hundred times. Each says which break of the protocol it has been seen to find.

mod cancel;
mod count;
mod deferred;
mod join;
mod last_handle;
mod memory;
mod register;
mod registry;
mod uncancel;
mod unlink;
mod wake;

use crate::completion::Observer;
use crate::handle::{Task, TaskState};
use crate::registry::Registry;
use crate::report::Report;
use crate::schedule::{Runnable, Schedule, Scheduler, Why};
use crate::sync::Mutex;
use crate::{Builder, Claim};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

#[cfg(loom)]
use loom::thread;
#[cfg(not(loom))]
use std::thread;

/// Runs `body` in every way there is: under loom with three preemptions, unless the environment says otherwise.
#[cfg(loom)]
fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(body);
}

/// Runs `body` many times, on threads of the system.
#[cfg(not(loom))]
fn model(body: impl Fn()) {
    for _ in 0..300 {
        body();
    }
}

/// An executor: a queue that the model's threads run by hand.
struct Bench {
    queue: Arc<Queue>,
    scheduler: Scheduler,
}

struct Queue {
    ready: Mutex<VecDeque<Runnable>>,
    tasks: Registry,
    reports: Count,
}

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable, _: Why) {
        self.ready.lock().push_back(runnable);
    }

    fn registry(&self) -> &Registry {
        &self.tasks
    }

    fn report(&self, _: &Report<'_>) {
        self.reports.up();
    }
}

impl Bench {
    fn new() -> Self {
        Self::with_shards(1)
    }

    fn with_shards(shards: usize) -> Self {
        let queue = Arc::new(Queue {
            ready: Mutex::new(VecDeque::new()),
            tasks: Registry::with_shards(shards),
            reports: Count::default(),
        });
        let scheduler = Scheduler::new(queue.clone());
        Self { queue, scheduler }
    }

    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Builder::new().on(&self.scheduler).spawn(future)
    }

    fn claim(&self) -> Claim<'_> {
        self.queue.tasks.claim()
    }

    fn next(&self) -> Option<Runnable> {
        self.queue.ready.lock().pop_front()
    }

    fn step(&self) -> bool {
        let Some(runnable) = self.next() else {
            return false;
        };
        if let Some(again) = runnable.run() {
            self.queue.schedule(again, Why::Yielded);
        }
        true
    }

    /// Runs until nothing can run.
    fn run(&self) {
        while self.step() {}
    }

    fn share(&self) -> Self {
        let (queue, scheduler) = (self.queue.clone(), self.scheduler.clone());
        Self { queue, scheduler }
    }

    /// Every cell was freed, once: each has a handle to the executor, and frees that by being freed.
    fn assert_freed(self) {
        let Self { queue, scheduler } = self;
        drop(scheduler);
        assert!(queue.tasks.is_empty(), "a task is still listed");
        assert_eq!(Arc::strong_count(&queue), 1, "a cell was not freed");
    }
}

/// Counts what a model looks at in the end. `std`'s: it is no part of the race.
#[derive(Debug, Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A value whose drops are counted here.
    fn guard(&self) -> Guard {
        Guard(self.clone())
    }
}

/// Counts its drop.
#[derive(Debug)]
struct Guard(Count);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.up();
    }
}

/// Pending until it is opened by whoever has the waker that its first poll leaves.
#[derive(Clone)]
struct Gate(Arc<Mutex<(bool, Option<Waker>)>>);

impl Gate {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((false, None))))
    }

    fn open(&self) {
        let waker = {
            let mut state = self.0.lock();
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if state.0 {
            return Poll::Ready(());
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Counts how often it was told.
#[derive(Debug, Default)]
struct Told(Count);

impl Observer for Told {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        self.0.up();
        None
    }
}
