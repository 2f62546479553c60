//! What the tests share: an executor that asserts in the end that all was cleaned up, counters, a log.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tulipa_task::doctest::Queue;
use tulipa_task::{Builder, Cancelled, EnteredScheduler, Scheduler, Task, TaskError};

/// A queue that the test runs by hand. In the end nothing may be listed, no cell may be left, and each report has to
/// have been asked for.
pub(crate) struct Bench {
    queue: Arc<Queue>,
    pub(crate) scheduler: Scheduler,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let queue = Queue::new();
        let scheduler = Scheduler::new(queue.clone());
        Self { queue, scheduler }
    }

    /// Makes it the current executor of the test's thread.
    pub(crate) fn enter(&self) -> EnteredScheduler {
        self.scheduler.enter()
    }

    pub(crate) fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Builder::new().on(&self.scheduler).spawn(future)
    }

    pub(crate) fn try_spawn<F, T, E>(&self, future: F) -> Task<T, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: fmt::Debug + Send + 'static,
    {
        Builder::new().on(&self.scheduler).try_spawn(future)
    }

    /// Runs the first in the queue.
    pub(crate) fn step(&self) -> bool {
        self.queue.step()
    }

    /// Runs until nothing can run, and says how many polls that took.
    pub(crate) fn run(&self) -> usize {
        let mut polls = 0;
        while self.queue.step() {
            polls += 1;
            assert!(polls < 100_000, "the tasks never rest");
        }
        polls
    }

    /// What was reported, and is thereby expected.
    pub(crate) fn reports(&self) -> Vec<String> {
        self.queue.reports()
    }

    /// The one thing that was reported.
    #[track_caller]
    pub(crate) fn report(&self) -> String {
        let mut reports = self.reports();
        assert_eq!(reports.len(), 1, "{reports:?}");
        reports.remove(0)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert_eq!(
            self.queue.reports(),
            [""; 0],
            "nothing else was to be reported"
        );
        assert_eq!(self.scheduler.registry().len(), 0, "a task is still listed");
        // The queue, and the scheduler beside it: each cell would have one more.
        assert_eq!(Arc::strong_count(&self.queue), 2, "cells were not freed");
    }
}

/// Counts something.
#[derive(Debug, Clone, Default)]
pub(crate) struct Count(Arc<AtomicUsize>);

impl Count {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn up(&self) {
        self.next();
    }

    /// Counts, and says how many that makes.
    pub(crate) fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// A value whose drop counts here.
    pub(crate) fn guard(&self) -> Guard {
        Guard(self.clone())
    }
}

/// Counts its drop.
#[derive(Debug)]
pub(crate) struct Guard(Count);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.up();
    }
}

/// Panics when it is dropped.
#[derive(Debug)]
pub(crate) struct Bomb(pub(crate) &'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

/// What happened, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn say(&self, line: impl fmt::Display) {
        self.0.lock().unwrap().push(line.to_string());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// A value that says `line` when it is dropped: a `finally` without awaits.
    pub(crate) fn at_drop(&self, line: &'static str) -> AtDrop {
        AtDrop(self.clone(), line)
    }
}

/// Says something when it is dropped.
pub(crate) struct AtDrop(Log, &'static str);

impl Drop for AtDrop {
    fn drop(&mut self) {
        self.0.say(self.1);
    }
}

/// A future that is not tulipa's: it knows nothing of requests. Opened by the test, it completes.
#[derive(Clone, Default)]
pub(crate) struct Foreign(Arc<Mutex<(bool, Option<Waker>)>>);

impl Foreign {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn open(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 = true;
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The waker that the last poll left.
    pub(crate) fn waker(&self) -> Waker {
        self.0
            .lock()
            .unwrap()
            .1
            .clone()
            .expect("it has been polled")
    }
}

impl Future for Foreign {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.0 {
            return Poll::Ready(());
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// The text of the panic that `code` ends in.
#[track_caller]
pub(crate) fn panic_of<R>(code: impl FnOnce() -> R) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(code));
    let payload = caught.err().expect("it was to panic");
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| {
        payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
    })
    .expect("a text")
}

/// The cancellation that a task ended with.
#[track_caller]
pub(crate) fn cancellation<T: fmt::Debug, E: fmt::Debug>(task: &Task<T, E>) -> &Cancelled {
    match task.result() {
        Ok(Err(TaskError::Cancelled(cancelled))) => cancelled,
        other => panic!("{other:?}"),
    }
}
