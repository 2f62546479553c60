//! The one who waits: whom a combinator wakes when its condition holds, and which task that is.

use futures::task::AtomicWaker;
use parking_lot::Mutex;
use std::fmt;
use std::task::{Context, Waker};
use tulipa_task::{Observer, TaskRef, TaskState, cancel, current_task};

/// Woken by a combinator's observer, once its condition holds.
pub(crate) struct Awaiter {
    waker: AtomicWaker,
    task: Mutex<Option<TaskRef>>,
}

impl Awaiter {
    /// For the task that calls this (CG-06 to CG-08), if one does (CG-12).
    pub(crate) fn here() -> Self {
        Self {
            waker: AtomicWaker::new(),
            task: Mutex::new(current_task()),
        }
    }

    /// To be called before the condition is looked at: what comes true after the look then wakes.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// The waker of who waits, if any does: for an observer, which has it woken when all have heard.
    pub(crate) fn take(&self) -> Option<Waker> {
        self.waker.take()
    }

    pub(crate) fn wake(&self) {
        self.waker.wake();
    }

    /// The task that waits is this one, wherever the combinator was made.
    pub(crate) fn settle_here(&self) {
        let task = current_task();
        let _before_dropped_outside = std::mem::replace(&mut *self.task.lock(), task);
    }

    /// The same, before it is shared.
    pub(crate) fn known(&mut self) -> Option<&TaskRef> {
        self.task.get_mut().as_ref()
    }

    pub(crate) fn task(&self) -> Option<TaskRef> {
        self.task.lock().clone()
    }
}

impl fmt::Debug for Awaiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task().fmt(f)
    }
}

/// The observer of one task: its end is the condition.
#[derive(Debug)]
pub(crate) struct Bell(pub(crate) Awaiter);

impl Observer for Bell {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        self.0.take()
    }

    fn awaiter(&self) -> Option<TaskRef> {
        self.0.task()
    }
}

/// Rule 2 of the cancellation protocol: a leaf that has been Pending and meets a request stays Pending, even if it
/// is ready, and leaves the request to the scopes around it (TC-07).
///
/// If it is not they who take the request, but a join beside this leaf, nobody else would have it polled again: it wakes
/// itself.
pub(crate) fn is_held_back(cx: &Context<'_>) -> bool {
    let held_back = cancel::requested();
    if held_back {
        cx.waker().wake_by_ref();
    }
    held_back
}
