//! A ten-line executor for examples and tests: one queue, run by hand.

use crate::registry::Registry;
use crate::report::Report;
use crate::schedule::{Runnable, Schedule, Scheduler, Why};
use crate::sync::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// A queue of what can run, in the order in which it came, and what was reported.
#[derive(Debug, Default)]
pub struct Queue {
    ready: Mutex<VecDeque<Runnable>>,
    tasks: Registry,
    reports: Mutex<Vec<String>>,
}

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable, _: Why) {
        self.ready.lock().push_back(runnable);
    }

    fn registry(&self) -> &Registry {
        &self.tasks
    }

    fn report(&self, report: &Report<'_>) {
        self.reports.lock().push(report.to_string());
    }
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Runs the first in the queue. `false`: there was none.
    pub fn step(&self) -> bool {
        let next = self.ready.lock().pop_front();
        let Some(runnable) = next else { return false };
        if let Some(again) = runnable.run() {
            self.schedule(again, Why::Yielded);
        }
        true
    }

    /// Runs until nothing can run.
    pub fn run(&self) {
        while self.step() {}
    }

    /// What was reported so far.
    pub fn reports(&self) -> Vec<String> {
        std::mem::take(&mut self.reports.lock())
    }
}

/// A scheduler, and a function that runs its tasks until none can run.
pub fn executor() -> (Scheduler, impl Fn()) {
    let queue = Queue::new();
    (Scheduler::new(queue.clone()), move || queue.run())
}
