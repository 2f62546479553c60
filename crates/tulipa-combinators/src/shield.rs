//! `shield`: a request to cancel stops here, and does not reach the task.

use crate::awaiter::{Awaiter, Bell, is_held_back};
use crate::watch::{refuse_itself, taken};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tulipa_task::{Awaitable, IntoTask, Leaf, Observer, Subscription, TaskError, TaskRef, waits};

/// Awaits a task without passing requests to cancel on to it: asyncio's `shield`.
///
/// # Panics
///
/// When polled, if the task is the one that awaits, or if its result was taken by an earlier await.
///
/// # Cancellation
///
/// A request is left to the scopes around, which drop this future; the task runs on, uncancelled (SH-02). If this
/// was its only handle and it fails later, that is reported when it does (SH-08). To have its result after all, keep
/// the task and give `shield(&mut task)`, or a clone of a [`SharedTask`](tulipa_task::SharedTask) (SH-14). A shield does
/// not protect from the runtime's shutdown (SH-12).
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_combinators::shield;
/// use tulipa_task::{Deferred, cancel, spawn};
///
/// let dry = Deferred::<()>::new();
/// let letter = spawn({ let dry = dry.clone(); async { dry.await.map(|()| "signed") } });
/// let postman = spawn(async move {
///     let mut letter = letter;
///     match cancel::catch(shield(&mut letter)).await {
///         Ok(text) => text,
///         Err(_hurry) => letter.await, // it was not disturbed
///     }
/// });
/// run();
/// postman.cancel();
/// run();
/// dry.set_result(()).unwrap();
/// run();
/// assert_eq!(postman.result(), Ok(Ok(&Ok(Ok("signed")))));
/// ```
pub fn shield<A: IntoTask>(task: A) -> Shield<A::Task> {
    Shield {
        inner: task.into_task(),
        waiting: None,
    }
}

/// Made by [`shield`].
#[must_use = "futures do nothing unless awaited"]
pub struct Shield<A: Awaitable> {
    inner: A,
    /// Since it was first Pending.
    waiting: Option<Waiting>,
}

impl<A: Awaitable> Shield<A> {
    pub(crate) fn task_ref(&self) -> &TaskRef {
        self.inner.task_ref()
    }
}

struct Waiting {
    bell: Arc<Bell>,
    place: Subscription,
}

impl Waiting {
    /// `None`: the task has ended.
    fn begin(task: &TaskRef, cx: &Context<'_>) -> Option<Self> {
        let bell = Arc::new(Bell(Awaiter::here()));
        refuse_itself("shield", [task], bell.0.task().as_ref());
        bell.0.register(cx);
        let observer: Arc<dyn Observer> = bell.clone();
        let place = task.subscribe(&observer, 0)?;
        Some(Self { bell, place })
    }
}

impl<A: Awaitable> Future for Shield<A> {
    type Output = Result<A::Value, TaskError<A::Error>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let task = this.inner.task_ref();
        match &this.waiting {
            None if task.is_done() => {}
            None => {
                this.waiting = Waiting::begin(task, cx);
                if this.waiting.is_some() {
                    return pending(task);
                }
            }
            Some(waiting) => {
                waiting.bell.0.register(cx);
                if !task.is_done() || is_held_back(cx) {
                    return pending(task);
                }
            }
        }
        let outcome = this.inner.take_outcome();
        Poll::Ready(outcome.unwrap_or_else(|| taken("shield", this.inner.task_ref())))
    }
}

/// Pending, until that task has ended.
fn pending<T>(task: &TaskRef) -> Poll<T> {
    waits::note(Leaf::end_of(task));
    Poll::Pending
}

impl<A: Awaitable> Drop for Shield<A> {
    fn drop(&mut self) {
        if let Some(Waiting { place, .. }) = self.waiting.take() {
            self.inner.task_ref().unsubscribe(place);
        }
    }
}

impl<A: Awaitable> fmt::Debug for Shield<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shield")
            .field(self.inner.task_ref())
            .finish()
    }
}
