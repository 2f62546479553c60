//! `gather`: the values of many tasks, in the order given, or the first failure.
//!
//! One observer for all children counts them down, notes the first that failed, and wakes the awaiter once: when its own
//! condition holds.

mod children;
mod tally;

use crate::watch::taken;
use children::{Children, Until};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tulipa_task::{Awaitable, Cancelled, IntoTask, TaskError, cancel};

/// Waits for many tasks and gives their values in the order of the arguments (G-01).
///
/// If one fails, panics or is cancelled, that is the result at once: the first in time, or of those that had ended
/// before this call, the first given (G-06). The others run on, and their later failures count as read (G-07).
/// [`cancel_on_error`](Gather::cancel_on_error) stops them instead; [`return_exceptions`](Gather::return_exceptions) waits
/// for all, however they end.
///
/// It watches the tasks from this call on. The cost is the same for each task however many there are. In place of a task, a
/// `gather` or [`shield`](crate::shield()) can be given: it becomes a task.
///
/// # Panics
///
/// If one of the tasks is the caller. When awaited: if a result was taken by an earlier await.
///
/// # Cancellation
///
/// A request is passed on to every task that has not ended. The cancellation then goes on here when the first of
/// them ends cancelled (G-18), or when all have ended (G-19); if one fails before, its error is the result (G-20).
/// Dropping this leaves the tasks to run on, unless it is dropped while it waits because its own task is cancelled.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_combinators::gather;
/// use tulipa_task::{spawn, try_spawn};
///
/// let sum = try_spawn(async {
///     let parts = gather((1..=3).map(|n| spawn(async move { n * n }))).await?;
///     Ok::<_, tulipa_task::TaskError>(parts.into_iter().sum::<i32>())
/// });
/// run();
/// assert_eq!(sum.result(), Ok(Ok(&14)));
/// ```
#[track_caller]
pub fn gather<I>(tasks: I) -> Gather<<I::Item as IntoTask>::Task>
where
    I: IntoIterator,
    I::Item: IntoTask,
{
    let tasks = tasks.into_iter().map(IntoTask::into_task).collect();
    Gather {
        children: Children::new(tasks),
        on_error: OnError::RunOn,
    }
}

/// Made by [`gather`].
#[must_use = "futures do nothing unless awaited"]
pub struct Gather<A: Awaitable> {
    children: Children<A>,
    on_error: OnError,
}

/// What becomes of the others when one task has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnError {
    RunOn,
    Cancel,
    Cancelling,
}

impl<A: Awaitable> Gather<A> {
    /// Waits for all tasks, and gives what each came to (G-08).
    ///
    /// # Cancellation
    ///
    /// A request is passed on as by `gather`; when all tasks have ended, the cancellation goes on (G-17).
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// use tulipa_combinators::gather;
    /// use tulipa_task::{spawn, try_spawn};
    ///
    /// let ended_well = spawn(async {
    ///     let tasks = ["7", "seven"].map(|text| try_spawn(async { text.parse::<u8>() }));
    ///     let outcomes = gather(tasks).return_exceptions().await;
    ///     outcomes.iter().map(Result::is_ok).collect::<Vec<_>>()
    /// });
    /// run();
    /// assert_eq!(ended_well.result(), Ok(Ok(&vec![true, false])));
    /// ```
    pub fn return_exceptions(mut self) -> GatherAll<A> {
        self.children.until = Until::AllDone;
        self.children.tally.wake_at_the_end_only();
        GatherAll {
            children: self.children,
        }
    }

    /// Cancels the other tasks when one has failed, panicked or been cancelled, and waits for them before it gives that as
    /// the result. asyncio has no such thing; there it takes a `TaskGroup`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// use tulipa_combinators::gather;
    /// use tulipa_task::{Deferred, TaskError, spawn};
    ///
    /// let (stuck, broken) = (Deferred::<(), &str>::new(), Deferred::<(), &str>::new());
    /// let both = spawn(gather([stuck.clone(), broken.clone()]).cancel_on_error());
    /// run();
    /// broken.set_error("out of tulips").unwrap();
    /// run();
    /// assert!(stuck.is_cancelled());
    /// assert_eq!(both.result(), Ok(Ok(&Err(TaskError::Failed("out of tulips")))));
    /// ```
    pub fn cancel_on_error(mut self) -> Self {
        self.on_error = OnError::Cancel;
        self.children.until = Until::AllDone;
        self
    }

    /// Cancels the others when one has failed, if that is wanted.
    fn react(&mut self) {
        if self.on_error == OnError::Cancel && self.children.tally.first_failure().is_some() {
            self.on_error = OnError::Cancelling;
            self.children.cancel_rest(None);
        }
    }

    fn finish(&mut self) -> Poll<<Self as Future>::Output> {
        let first_failure = self.children.tally.first_failure();
        let forwarded = self.children.finish();
        let tasks = &mut self.children.tasks;
        let Some(failed) = first_failure else {
            if forwarded {
                return unwind(cancel::own_request()); // they refused, and their values are dropped (G-19)
            }
            return Poll::Ready(tasks.drain(..).map(outcome).collect());
        };
        for task in tasks.iter() {
            task.task_ref().mark_read(); // also those that will fail later (G-07)
        }
        match (outcome(tasks.swap_remove(failed)), forwarded) {
            (Err(TaskError::Cancelled(cancelled)), true) => unwind(cancelled),
            (Err(error), _) => Poll::Ready(Err(error)),
            (Ok(_), _) => unreachable!("it did not end with a value"),
        }
    }
}

impl<A: Awaitable> Future for Gather<A> {
    type Output = Result<Vec<A::Value>, TaskError<A::Error>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.react();
        ready!(this.children.poll(cx));
        this.finish()
    }
}

/// Made by [`Gather::return_exceptions`].
#[must_use = "futures do nothing unless awaited"]
pub struct GatherAll<A: Awaitable> {
    children: Children<A>,
}

impl<A: Awaitable> GatherAll<A> {
    fn finish(&mut self) -> Poll<<Self as Future>::Output> {
        let last = self.children.tally.last();
        let forwarded = self.children.finish();
        let tasks = &mut self.children.tasks;
        if !forwarded {
            return Poll::Ready(tasks.drain(..).map(outcome).collect());
        }
        match outcome(tasks.swap_remove(last)) {
            Err(TaskError::Cancelled(cancelled)) => unwind(cancelled),
            Ok(_) | Err(_) => unwind(cancel::own_request()),
        }
    }
}

impl<A: Awaitable> Future for GatherAll<A> {
    type Output = Vec<Result<A::Value, TaskError<A::Error>>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        ready!(this.children.poll(cx));
        this.finish()
    }
}

/// What a task that has ended came to.
fn outcome<A: Awaitable>(mut task: A) -> Result<A::Value, TaskError<A::Error>> {
    let outcome = task.take_outcome();
    outcome.unwrap_or_else(|| taken("gather", task.task_ref()))
}

/// The cancellation goes on to the scopes around.
fn unwind<T>(cancelled: Cancelled) -> Poll<T> {
    cancel::unwind(cancelled);
    Poll::Pending
}

impl<A: Awaitable> fmt::Debug for Gather<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.children.show("Gather", f)
    }
}

impl<A: Awaitable> fmt::Debug for GatherAll<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.children.show("GatherAll", f)
    }
}
