//! A world of one thread: a queue run by hand, timers of a virtual clock, and a log.

use std::fmt::Debug;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tulipa_combinators::GroupError;
use tulipa_task::doctest::Queue;
use tulipa_task::{Cancelled, EnteredScheduler, Scheduler, Task, TaskError, cancel, spawn};
use tulipa_timers::{Clock, Entered, Timers, sleep};

/// What a test runs in. Tasks take turns in the order in which they became ready; time moves when a test says so.
pub(crate) struct World {
    pub(crate) queue: Arc<Queue>,
    pub(crate) timers: Timers,
    _current: (EnteredScheduler, Entered),
}

impl World {
    pub(crate) fn new() -> Self {
        let queue = Queue::new();
        let timers = Timers::new(Clock::virtual_(), 1);
        let current = (Scheduler::new(queue.clone()).enter(), timers.enter(0));
        Self {
            queue,
            timers,
            _current: current,
        }
    }

    /// Runs what can run now.
    pub(crate) fn run(&self) {
        self.queue.run();
    }

    /// Runs the next in the queue.
    pub(crate) fn step(&self) {
        assert!(self.queue.step(), "nothing can run");
    }

    /// Runs what can run, lets `time` pass, and runs what can run then.
    pub(crate) fn pass(&self, time: u64) {
        self.run();
        self.timers.advance(ms(time));
        self.run();
    }

    /// Runs until nothing can run at any time.
    pub(crate) fn run_out(&self) {
        self.run();
        while self.timers.advance_to_next() {
            self.run();
        }
    }

    /// What `main` gives, run as a task to its end. Then it is no later than that, and what else there is has not run on.
    pub(crate) fn main<F>(&self, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + Debug + 'static,
    {
        let task = spawn(main);
        self.run();
        while !task.is_done() && self.timers.advance_to_next() {
            self.run();
        }
        ended(task)
    }

    /// Milliseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        self.timers.now().as_nanos() / 1_000_000
    }
}

/// The value of a task that has ended with one.
pub(crate) fn ended<T: Debug>(task: Task<T>) -> T {
    assert!(task.is_done(), "{task:?}");
    let mut task = task;
    match tulipa_task::Awaitable::take_outcome(&mut task) {
        Some(Ok(value)) => value,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Sleeps for so many milliseconds, then gives `value`.
pub(crate) async fn after<T>(time: u64, value: T) -> T {
    sleep(ms(time)).with(value).await
}

/// Waits until it is cancelled, then refuses, takes so many milliseconds, and gives `value`.
pub(crate) async fn refuse<T>(time: u64, value: T) -> T {
    let Err(_refused) = cancel::catch(pending::<()>()).await else {
        unreachable!("it waits for ever")
    };
    after(time, value).await
}

/// Waits until it is cancelled, takes so many milliseconds to clean up, then lets the cancellation through.
pub(crate) async fn clean_up<T>(time: u64) -> T {
    let Err(cancelled) = cancel::catch(pending::<()>()).await else {
        unreachable!("it waits for ever")
    };
    sleep(ms(time)).await;
    cancelled.resume().await
}

/// The errors of a group, in their order.
pub(crate) fn failures<E: Copy>(error: &GroupError<E>) -> Vec<E> {
    let failed = |error: &TaskError<Arc<E>>| match error {
        TaskError::Failed(error) => **error,
        other => panic!("{:?}", other.is_cancelled()),
    };
    error.errors().iter().map(failed).collect()
}

/// The message of the cancellation that an outcome is.
pub(crate) fn message<T: Debug, E: AsCancelled>(outcome: Result<T, E>) -> Option<String> {
    match outcome.as_ref().map_err(AsCancelled::as_cancelled) {
        Err(Some(cancelled)) => cancelled.message().map(str::to_owned),
        other => panic!("not cancelled: {other:?}"),
    }
}

/// An error, or a reference to one.
pub(crate) trait AsCancelled {
    fn as_cancelled(&self) -> Option<&Cancelled>;
}

impl<E> AsCancelled for TaskError<E> {
    fn as_cancelled(&self) -> Option<&Cancelled> {
        match self {
            Self::Cancelled(cancelled) => Some(cancelled),
            _ => None,
        }
    }
}

impl<E> AsCancelled for &TaskError<E> {
    fn as_cancelled(&self) -> Option<&Cancelled> {
        (**self).as_cancelled()
    }
}

/// `Some` message, to compare with.
pub(crate) fn some(message: &str) -> Option<String> {
    Some(message.to_owned())
}

/// Whether `inside` was cancelled. A task that only awaited it would end cancelled even if it gave a value (TC-13).
pub(crate) async fn is_cancelled<F: Future>(inside: F) -> bool {
    cancel::catch(inside).await.is_err()
}

/// How often the current task was asked to cancel itself.
pub(crate) fn cancelling() -> usize {
    cancel::cancelling().expect("a test asks in a task")
}

/// What happened, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn say(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    /// What was said since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Says `what` when it is dropped.
    pub(crate) fn on_drop(&self, what: &'static str) -> impl Sized + Send + use<> {
        struct Say(Log, &'static str);
        impl Drop for Say {
            fn drop(&mut self) {
                self.0.say(self.1);
            }
        }
        Say(self.clone(), what)
    }
}
