//! `as_completed`: many tasks, one after the other as they end.

mod limited;
mod next;
mod queue;

pub use limited::{AsCompletedWithin, NextWithin};
pub use next::Next;

use crate::Elapsed;
use crate::awaiter::is_held_back;
use crate::distinct::distinct;
use crate::watch::refuse_itself;
use futures::Stream;
use parking_lot::Mutex;
use queue::{Given, Queue, Ticket};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tulipa_task::{TaskRef, Watch, current_task, slice};
use tulipa_timers::sleep;

/// Gives the tasks back one by one, as they end: a [`Stream`] of the tasks themselves, each of which has ended (AC-03,
/// AC-04). They are watched from this call on, and those that have ended come first, in the order given.
///
/// It takes handles of any kind, as [`wait`](crate::wait()) does, and keeps one for each task (AC-06). Awaiting a task that it gave
/// takes no time. [`awaitables`](AsCompleted::awaitables) is asyncio's older style: futures of the results, to be awaited
/// from anywhere. The cost is the same for each task however many there are.
///
/// # Panics
///
/// If one of the tasks is the caller.
///
/// # Cancellation
///
/// A request is left to the scopes around; the tasks are untouched. Dropping a `next()` loses nothing; dropping the
/// stream leaves the tasks to run on (AC-15).
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use futures::StreamExt;
/// use tulipa_combinators::as_completed;
/// use tulipa_task::{Deferred, spawn};
///
/// let doors = [1, 2, 3].map(|_| Deferred::<usize>::new());
/// let order = spawn({
///     let mut opened = as_completed(doors.clone());
///     async move {
///         let mut order = Vec::new();
///         while let Some(door) = opened.next().await {
///             order.push(door.await.unwrap());
///         }
///         order
///     }
/// });
/// run();
/// for door in [1, 2, 0] {
///     doors[door].set_result(door).unwrap();
/// }
/// run();
/// assert_eq!(order.result(), Ok(Ok(&vec![1, 2, 0])));
/// ```
#[track_caller]
pub fn as_completed<I>(tasks: I) -> AsCompleted<I::Item>
where
    I: IntoIterator,
    I::Item: AsRef<TaskRef>,
{
    let tasks = distinct(tasks);
    AsCompleted(Feed {
        left: tasks.len(),
        supply: Arc::new(Supply::new(tasks)),
        ticket: None,
    })
}

/// Made by [`as_completed`].
#[must_use = "streams do nothing unless polled"]
pub struct AsCompleted<A: AsRef<TaskRef>>(Feed<A>);

impl<A: AsRef<TaskRef>> AsCompleted<A> {
    /// Gives the tasks until `limit` has passed, counted from this call (AC-11). `None` is no limit.
    ///
    /// # Panics
    ///
    /// If no timers are current on this thread and there is a limit.
    #[track_caller]
    pub fn timeout(self, limit: impl Into<Option<Duration>>) -> AsCompletedWithin<A> {
        if let Some(limit) = limit.into() {
            queue::limit(&self.0.supply.queue, sleep(limit));
        }
        AsCompletedWithin(self.0)
    }

    /// Futures of the results, one for each task that was not given out: whichever is awaited first has the first
    /// result (AC-16). The stream and these share one supply (AC-20), and what was not taken can be taken later (AC-14).
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// use tulipa_combinators::as_completed;
    /// use tulipa_task::spawn;
    ///
    /// let sum = spawn(async {
    ///     let mut sum = 0;
    ///     for next in as_completed([1, 2, 3].map(|n| spawn(async move { n }))).awaitables() {
    ///         sum += next.await.unwrap();
    ///     }
    ///     sum
    /// });
    /// run();
    /// assert_eq!(sum.result(), Ok(Ok(&6)));
    /// ```
    pub fn awaitables(&mut self) -> impl Iterator<Item = Next<A>> {
        std::iter::from_fn(|| self.0.claim().map(Next::new))
    }

    /// The tasks that were not given out: what to cancel if no more are wanted.
    pub fn rest(&self) -> Vec<TaskRef> {
        self.0.supply.rest()
    }
}

impl<A: AsRef<TaskRef>> Stream for AsCompleted<A> {
    type Item = A;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<A>> {
        self.0.poll_next(cx).map(|next| {
            next.map(|given| given.unwrap_or_else(|_| unreachable!("there is no limit of time")))
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.left, Some(self.0.left))
    }
}

/// One who takes tasks out of a supply: what the stream is, with or without a limit.
struct Feed<A: AsRef<TaskRef>> {
    supply: Arc<Supply<A>>,
    /// How many were not given out or claimed.
    left: usize,
    /// A place in the line, while the stream is Pending.
    ticket: Option<Ticket>,
}

impl<A: AsRef<TaskRef>> Feed<A> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<A, Elapsed>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let given = ready!(self.supply.poll(&mut self.ticket, cx));
        self.left -= 1;
        Poll::Ready(Some(given.map(|key| self.supply.take(key))))
    }

    /// The right to one completion. The stream gives its place in the line up, or it would keep a completion from whoever
    /// has that right.
    fn claim(&mut self) -> Option<Arc<Supply<A>>> {
        if let Some(ticket) = self.ticket.take() {
            self.supply.queue.leave(ticket);
        }
        self.left = self.left.checked_sub(1)?;
        Some(self.supply.clone())
    }
}

impl<A: AsRef<TaskRef>> Drop for Feed<A> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.supply.queue.leave(ticket);
        }
    }
}

/// The tasks that were not given out, and the queue that says which is next.
struct Supply<A: AsRef<TaskRef>> {
    queue: Watch<Queue>,
    tasks: Mutex<Vec<Option<A>>>,
}

impl<A: AsRef<TaskRef>> Supply<A> {
    #[track_caller]
    fn new(tasks: Vec<A>) -> Self {
        let refs = tasks.iter().map(A::as_ref);
        refuse_itself("as_completed", refs.clone(), current_task().as_ref());
        Self {
            queue: Watch::begin(Queue::new(tasks.len()), refs),
            tasks: Mutex::new(tasks.into_iter().map(Some).collect()),
        }
    }

    /// A leaf in the sense of the cancellation rules.
    fn poll(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Given> {
        if ticket.is_some() && is_held_back(cx) {
            return Poll::Pending;
        }
        ready!(slice::give_way(cx));
        self.queue.poll(ticket, cx.waker())
    }

    fn take(&self, key: usize) -> A {
        let task = self.tasks.lock()[key].take();
        task.expect("each completion is given out once")
    }

    fn rest(&self) -> Vec<TaskRef> {
        let tasks = self.tasks.lock();
        tasks
            .iter()
            .flatten()
            .map(|task| task.as_ref().clone())
            .collect()
    }
}

impl<A: AsRef<TaskRef>> Drop for Supply<A> {
    /// Nobody takes any more: the stream is gone, and every awaitable.
    fn drop(&mut self) {
        self.queue.disarm();
        let tasks = self.tasks.get_mut();
        self.queue
            .end(tasks.iter().map(|task| task.as_ref().map(A::as_ref)));
    }
}

impl<A: AsRef<TaskRef>> fmt::Debug for AsCompleted<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted")
            .field("left", &self.0.left)
            .finish_non_exhaustive()
    }
}
