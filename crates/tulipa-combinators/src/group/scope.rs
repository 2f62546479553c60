//! The future of a group: its body, then the wait for its children.

use super::TaskGroup;
use super::error::GroupError;
use super::shared::{Request, Shared};
use crate::unwind;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tulipa_task::{Cancelled, Leaf, Panic, TaskError, cancel, current_task, waits};

pin_project! {
    /// Made by [`TaskGroup::scope`] and [`TaskGroup::try_scope`].
    pub(super) struct Scope<B, F, R, E> {
        make: Option<B>,
        #[pin]
        body: Option<F>,
        ended: Option<Ended<R, E>>,
        parent: Parent<E>,
    }
}

/// How the body ended.
enum Ended<R, E> {
    Value(R),
    Failed(E),
    Cancelled,
    Panicked(Panic),
}

impl<B, F, R, E> Scope<B, F, R, E>
where
    B: FnOnce(TaskGroup<E>) -> F,
    F: Future<Output = Result<R, E>>,
{
    pub(super) fn new(make: B) -> Self {
        Self {
            make: Some(make),
            body: None,
            ended: None,
            parent: Parent::default(),
        }
    }
}

impl<B, F, R, E> Future for Scope<B, F, R, E>
where
    B: FnOnce(TaskGroup<E>) -> F,
    F: Future<Output = Result<R, E>>,
{
    type Output = Result<R, GroupError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let parent = this.parent;
        if let Some(make) = this.make.take() {
            let shared = parent.enter();
            this.body.set(Some(make(TaskGroup { shared })));
        }
        if this.body.is_some() {
            let ended = ready!(poll_body(this.body, parent, cx));
            parent.body_has_ended(&ended);
            *this.ended = Some(ended);
        }
        let errors = ready!(parent.poll_children(cx));
        let ended = this.ended.take().expect("the body ended before");
        parent.conclude(ended, errors)
    }
}

/// Polls the body, and drops it when it is through.
fn poll_body<F, R, E>(
    mut body: Pin<&mut Option<F>>,
    parent: &mut Parent<E>,
    cx: &mut Context<'_>,
) -> Poll<Ended<R, E>>
where
    F: Future<Output = Result<R, E>>,
{
    let inside = body.as_mut().as_pin_mut().expect("the caller has looked");
    let ended = match unwind::catch(|| parent.poll_inside(inside, cx)) {
        Ok(Poll::Ready(Ok(value))) => Ended::Value(value),
        Ok(Poll::Ready(Err(error))) => Ended::Failed(error),
        Ok(Poll::Pending) => match parent.take_cancellation() {
            true => Ended::Cancelled,
            false => return Poll::Pending,
        },
        Err(panic) => Ended::Panicked(panic),
    };
    let dropped = unwind::catch(|| match &ended {
        Ended::Cancelled => cancel::drop_inside(|| body.set(None)),
        _ => body.set(None),
    });
    Poll::Ready(match dropped {
        Ok(()) => ended,
        Err(panic) => Ended::Panicked(panic),
    })
}

/// The group from the side of the task that runs the scope: its requests and its count.
struct Parent<E> {
    /// `None` before the scope is entered, and after it has ended.
    group: Option<Arc<Shared<E>>>,
    /// The body was asked to cancel itself, and the task's count includes that.
    is_asked: bool,
    /// It has waited for the children.
    is_waiting: bool,
    /// A request that came while the body could not be polled.
    held: Option<Cancelled>,
    /// The cancellation that goes on when the children have ended.
    cancelled: Option<Cancelled>,
}

impl<E> Parent<E> {
    fn enter(&mut self) -> Arc<Shared<E>> {
        assert!(
            current_task().is_some(),
            "a task group was entered outside of a task, where nothing could be cancelled: \
             await its scope in one, started with `spawn` or `run`",
        );
        let group = Arc::new(Shared::new());
        self.group.insert(group).clone()
    }

    fn group(&self) -> &Arc<Shared<E>> {
        self.group
            .as_ref()
            .expect("the scope was entered, and has not ended")
    }

    /// Polls the body, with the request of the group if that is due.
    fn poll_inside<F: Future>(
        &mut self,
        body: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        self.group().register(cx);
        let is_due = match self.group().take_request() {
            Request::WhenEnded(_) => {
                // The child that has failed is about to end, and its end wakes this.
                self.held = cancel::take_request().or(self.held.take());
                return Poll::Pending;
            }
            Request::Due => true,
            Request::No | Request::Made => false,
        };
        if let Some(held) = self.held.take()
            && !cancel::requested()
        {
            cancel::put_request(Some(held));
        }
        if !is_due {
            return body.poll(cx);
        }
        self.count();
        cancel::ask_inside(cancel::own_request(), || body.poll(cx))
    }

    /// Whether a cancellation comes out of the body, which is Pending.
    fn take_cancellation(&mut self) -> bool {
        self.cancelled = cancel::take_cancellation();
        self.cancelled.is_some()
    }

    fn body_has_ended<R>(&self, ended: &Ended<R, E>) {
        if !matches!(ended, Ended::Value(_)) {
            self.group().abort();
        }
    }

    /// Ready when no child is left, with their errors. A request that is met meanwhile cancels the children, the first time
    /// (TG-36).
    fn poll_children(&mut self, cx: &mut Context<'_>) -> Poll<Vec<TaskError<Arc<E>>>> {
        let Some(group) = self.group.clone() else {
            return Poll::Pending; // it has ended, and the cancellation unwinds
        };
        group.register(cx);
        if !self.is_waiting
            && let Some(errors) = group.close()
        {
            return Poll::Ready(errors); // without suspending (TG-02)
        }
        self.is_waiting = true;
        if group.take_request() == Request::Due {
            self.count();
        }
        if let Some(request) = cancel::take_request().or(self.held.take())
            && group.abort()
        {
            self.cancelled = Some(request);
        }
        let closed = group.close();
        if closed.is_none() {
            waits::note(Leaf::Group(group.children_left()));
        }
        closed.map_or(Poll::Pending, Poll::Ready)
    }

    /// The group's own request counts with the task as long as the scope lasts (TG-13).
    fn count(&mut self) {
        self.is_asked = true;
        cancel::count();
    }

    /// All have ended. What comes of it?
    fn conclude<R>(
        &mut self,
        ended: Ended<R, E>,
        mut errors: Vec<TaskError<Arc<E>>>,
    ) -> Poll<Result<R, GroupError<E>>> {
        self.group = None;
        if std::mem::take(&mut self.is_asked) && cancel::uncount() == 0 {
            self.cancelled = None; // nobody else has asked
        }
        let value = match ended {
            Ended::Panicked(panic) => panic.resume(),
            Ended::Value(value) => Some(value),
            Ended::Cancelled => None,
            Ended::Failed(error) => {
                errors.push(TaskError::Failed(Arc::new(error)));
                None
            }
        };
        if errors.is_empty() {
            if let Some(cancelled) = self.cancelled.take() {
                cancel::unwind(cancelled);
                return Poll::Pending;
            }
            if let Some(value) = value {
                return Poll::Ready(Ok(value));
            }
        }
        if !errors.is_empty() {
            repeat_request();
        }
        Poll::Ready(Err(GroupError::new(errors)))
    }
}

/// A request that the task has had is not lost because errors come out: it is met at the next suspension (TG-34, TG-38).
fn repeat_request() {
    if let Some(task) = current_task()
        && task.cancelling() > 0
    {
        task.uncancel();
        task.cancel();
    }
}

impl<E> Default for Parent<E> {
    fn default() -> Self {
        Self {
            group: None,
            is_asked: false,
            is_waiting: false,
            held: None,
            cancelled: None,
        }
    }
}

impl<E> Drop for Parent<E> {
    /// The scope is dropped in the middle: nobody waits for the children, but they are cancelled.
    fn drop(&mut self) {
        let Some(group) = self.group.take() else {
            return;
        };
        group.give_up();
        if self.is_asked
            && let Some(task) = group.parent()
        {
            task.uncancel();
        }
    }
}
