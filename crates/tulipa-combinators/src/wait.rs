//! `wait`: until some or all of many tasks have ended; which have, and which have not.

use crate::awaiter::{Awaiter, is_held_back};
use crate::distinct::distinct;
use crate::watch::refuse_itself;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tulipa_task::{Leaf, Observer, TaskRef, TaskState, Watch, waits};
use tulipa_timers::{Sleep, sleep};

/// Waits until all tasks have ended, or as [`return_when`](Wait::return_when) and [`timeout`](Wait::timeout) say, and
/// gives the tasks back: those that have ended, and those that have not, each in the order given.
///
/// It takes handles of any kind: `Task`, `&mut Task`, [`SharedTask`](tulipa_task::SharedTask),
/// [`Deferred`](tulipa_task::Deferred), [`TaskRef`]. Of several handles to one task it keeps the first (W-07). It always
/// gives way once (W-02), never fails, reads no result (W-17), and cancels nothing (W-14). Nothing stays behind in the tasks
/// when it is over (W-21): a loop of `wait`s over long-lived tasks costs the same in every turn, in proportion to their number.
///
/// # Panics
///
/// If there are no tasks: it would wait for ever, or for nothing (W-03). When awaited: if one of the tasks is the one
/// that awaits; if there is a timeout and no timers are current on this thread.
///
/// # Cancellation
///
/// A request is left to the scopes around, which drop this; the tasks are untouched (W-19).
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_combinators::{ReturnWhen, wait};
/// use tulipa_task::{Deferred, spawn};
///
/// let (ipv4, ipv6) = (Deferred::<&str>::new(), Deferred::<&str>::new());
/// let race = spawn({
///     let attempts = [ipv4.clone(), ipv6.clone()];
///     async {
///         let (done, pending) = wait(attempts).return_when(ReturnWhen::FirstCompleted).await;
///         for late in pending {
///             late.cancel();
///         }
///         done[0].clone().await.unwrap()
///     }
/// });
/// run();
/// ipv6.set_result("[::1]").unwrap();
/// run();
/// assert_eq!(race.result(), Ok(Ok(&"[::1]")));
/// assert!(ipv4.is_cancelled());
/// ```
#[track_caller]
pub fn wait<I>(tasks: I) -> Wait<I::Item>
where
    I: IntoIterator,
    I::Item: AsRef<TaskRef>,
{
    let tasks = distinct(tasks);
    assert!(
        !tasks.is_empty(),
        "wait was given no tasks and would have nothing to wait for: look at `is_empty()` before",
    );
    Wait {
        tasks,
        return_when: ReturnWhen::AllCompleted,
        limit: None,
        suspended: None,
    }
}

/// Made by [`wait`].
#[must_use = "futures do nothing unless awaited"]
pub struct Wait<A: AsRef<TaskRef>> {
    tasks: Vec<A>,
    return_when: ReturnWhen,
    limit: Option<Duration>,
    suspended: Option<Suspended>,
}

/// What a [`wait`] waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReturnWhen {
    /// All tasks have ended.
    #[default]
    AllCompleted,
    /// One has ended, in whatever way, or had before (W-09).
    FirstCompleted,
    /// One has failed or panicked, or had before (W-11); a cancellation is none of these (W-12). If none does, all
    /// have ended (W-13).
    FirstException,
}

/// What is there from the first poll on.
struct Suspended {
    quorum: Watch<Quorum>,
    timer: Option<Sleep>,
}

impl<A: AsRef<TaskRef>> Wait<A> {
    /// For how long to wait at most, counted from the first poll. No time at all is one turn for the others (W-16).
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limit = limit.into();
        self
    }

    /// What to wait for, if not for all.
    pub fn return_when(mut self, return_when: ReturnWhen) -> Self {
        self.return_when = return_when;
        self
    }

    fn suspend(&mut self, cx: &mut Context<'_>) {
        let mut quorum = Quorum::new(self.tasks.len(), self.return_when);
        let tasks = self.tasks.iter().map(A::as_ref);
        refuse_itself("wait", tasks.clone(), quorum.awaiter.known());
        quorum.awaiter.register(cx); // what has ended already wakes it: it gives way once (W-02)
        let mut timer = self.limit.map(sleep);
        if let Some(timer) = &mut timer {
            let armed = waits::quietly(|| Pin::new(timer).poll(cx));
            debug_assert!(armed.is_pending(), "the first poll of a sleep is Pending");
        }
        self.suspended = Some(Suspended {
            quorum: Watch::begin(quorum, tasks),
            timer,
        });
    }

    /// Pending, until enough of the tasks have ended.
    fn pending<T>(&self) -> Poll<T> {
        let left = self.suspended.as_ref().map(|all| all.quorum.left());
        waits::note(Leaf::Tasks(left.unwrap_or(0)));
        Poll::Pending
    }

    fn finish(&mut self, mut suspended: Suspended) -> (Vec<A>, Vec<A>) {
        suspended.leave(&self.tasks);
        if let Some(failed) = suspended.quorum.trigger() {
            self.tasks[failed].as_ref().mark_read(); // it was looked at (W-18)
        }
        divide(std::mem::take(&mut self.tasks))
    }
}

/// Those that have ended, and those that have not. These keep their memory, which a loop of `wait`s gets back each time.
fn divide<A: AsRef<TaskRef>>(mut tasks: Vec<A>) -> (Vec<A>, Vec<A>) {
    let is_done = |task: &A| task.as_ref().is_done();
    let count = tasks.iter().filter(|task| is_done(task)).count();
    if count == tasks.len() {
        return (tasks, Vec::new());
    }
    let mut done = Vec::with_capacity(count);
    done.extend(tasks.extract_if(.., |task| is_done(task)));
    (done, tasks)
}

/// The handles are given back, never pinned.
impl<A: AsRef<TaskRef>> Unpin for Wait<A> {}

impl<A: AsRef<TaskRef>> Future for Wait<A> {
    type Output = (Vec<A>, Vec<A>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(suspended) = &mut this.suspended else {
            this.suspend(cx);
            return this.pending();
        };
        if !suspended.quorum.is_met() {
            suspended.quorum.awaiter.register(cx);
        }
        if is_held_back(cx) || !suspended.quorum.is_met() && !suspended.is_time_up(cx) {
            return this.pending();
        }
        let suspended = this.suspended.take().expect("it was looked at");
        Poll::Ready(this.finish(suspended))
    }
}

impl Suspended {
    fn leave<A: AsRef<TaskRef>>(&mut self, tasks: &[A]) {
        self.quorum
            .end(tasks.iter().map(|task| Some(task.as_ref())));
    }

    fn is_time_up(&mut self, cx: &mut Context<'_>) -> bool {
        let timer = self.timer.as_mut();
        timer.is_some_and(|timer| waits::quietly(|| Pin::new(timer).poll(cx).is_ready()))
    }
}

impl<A: AsRef<TaskRef>> Drop for Wait<A> {
    fn drop(&mut self) {
        if let Some(mut suspended) = self.suspended.take() {
            suspended.leave(&self.tasks);
        }
    }
}

/// The observer of all tasks.
struct Quorum {
    tasks: usize,
    return_when: ReturnWhen,
    left: AtomicUsize,
    /// The position of the first task that failed while others had not ended, or `NONE`.
    trigger: AtomicUsize,
    awaiter: Awaiter,
}

const NONE: usize = usize::MAX;

impl Quorum {
    fn new(tasks: usize, return_when: ReturnWhen) -> Self {
        Self {
            tasks,
            return_when,
            left: AtomicUsize::new(tasks),
            trigger: AtomicUsize::new(NONE),
            awaiter: Awaiter::here(),
        }
    }

    /// How many have not ended: a figure for people.
    fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed) // nothing hangs on it
    }

    fn is_met(&self) -> bool {
        // Relaxed, here and below: whether a task has ended is asked of the task itself, and the awaiter's waker orders
        // a change before the look at it that counts.
        let left = self.left.load(Ordering::Relaxed);
        left == 0
            || match self.return_when {
                ReturnWhen::AllCompleted => false,
                ReturnWhen::FirstCompleted => left < self.tasks,
                ReturnWhen::FirstException => self.trigger().is_some(),
            }
    }

    fn trigger(&self) -> Option<usize> {
        Some(self.trigger.load(Ordering::Relaxed)).filter(|&key| key != NONE)
    }

    fn note_trigger(&self, key: usize) -> bool {
        let first = self
            .trigger
            .compare_exchange(NONE, key, Ordering::Relaxed, Ordering::Relaxed);
        first.is_ok()
    }
}

impl Observer for Quorum {
    fn done(&self, key: usize, state: TaskState) -> Option<Waker> {
        let left = self.left.fetch_sub(1, Ordering::Relaxed) - 1;
        let wakes = match self.return_when {
            _ if left == 0 => true,
            ReturnWhen::AllCompleted => false,
            ReturnWhen::FirstCompleted => left + 1 == self.tasks,
            ReturnWhen::FirstException => {
                matches!(state, TaskState::Failed | TaskState::Panicked) && self.note_trigger(key)
            }
        };
        if wakes { self.awaiter.take() } else { None }
    }

    fn awaiter(&self) -> Option<TaskRef> {
        self.awaiter.task()
    }
}

impl<A: AsRef<TaskRef>> fmt::Debug for Wait<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("tasks", &self.tasks.len())
            .field("return_when", &self.return_when)
            .field("timeout", &self.limit)
            .finish_non_exhaustive()
    }
}
