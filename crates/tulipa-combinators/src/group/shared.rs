//! What the scope, its handles and its children share: who the children are, what failed, and what is to be done.

use crate::awaiter::Awaiter;
use parking_lot::Mutex;
use slab::Slab;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Waker};
use tulipa_task::{Observer, TaskError, TaskRef, TaskState, current_task};

/// The state of a group. Also the observer of its children: the key is the child's place.
pub(super) struct Shared<E> {
    parent: Awaiter,
    state: Mutex<State<E>>,
}

struct State<E> {
    phase: Phase,
    /// `None`: the place is taken, and the child not spawned yet.
    children: Slab<Option<TaskRef>>,
    /// In the order in which they came up.
    errors: Vec<TaskError<Arc<E>>>,
    request: Request,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Aborting,
    Closed,
}

/// The request that the group makes to its body, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    No,
    /// When this child has ended, which has failed. Made before, the request could be passed on to that child by a join,
    /// and the body would see the error (TG-23).
    WhenEnded(usize),
    Due,
    Made,
}

/// Why a child is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Aborting,
    Closed,
}

impl<E> Shared<E> {
    /// For the task that calls this.
    pub(super) fn new() -> Self {
        Self {
            parent: Awaiter::here(),
            state: Mutex::new(State {
                phase: Phase::Open,
                children: Slab::new(),
                errors: Vec::new(),
                request: Request::No,
            }),
        }
    }

    /// The task that runs the scope.
    pub(super) fn parent(&self) -> Option<TaskRef> {
        self.parent.task()
    }

    pub(super) fn register(&self, cx: &Context<'_>) {
        self.parent.register(cx);
    }

    /// A place for a child that is about to be spawned.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Place<E>, Refusal> {
        let mut state = self.state.lock();
        match state.phase {
            Phase::Open => {}
            Phase::Aborting => return Err(Refusal::Aborting),
            Phase::Closed => return Err(Refusal::Closed),
        }
        let key = state.children.insert(None);
        drop(state);
        Ok(Place {
            shared: self.clone(),
            key,
            is_settled: false,
        })
    }

    /// The child in `key` has failed and is about to end: it runs in this thread. The others and the body are cancelled,
    /// unless they are already. A group that was dropped does not want to know, and the error stays unread.
    pub(super) fn fail(&self, key: usize, error: TaskError<Arc<E>>) {
        let mut state = self.state.lock();
        if state.phase == Phase::Closed {
            return;
        }
        state.errors.push(error);
        let others = state.abort(Request::WhenEnded(key));
        drop(state);
        let child = current_task();
        if let Some(child) = &child {
            child.mark_read(); // the group tells of it (TG-21)
        }
        cancel_all(others.iter().filter(|task| Some(*task) != child.as_ref()));
    }

    /// Cancels the children, because the body has not ended well. `false`: they were cancelled already.
    pub(super) fn abort(&self) -> bool {
        let mut state = self.state.lock();
        let was_open = state.phase == Phase::Open;
        let children = state.abort(Request::No);
        drop(state);
        cancel_all(&children);
        was_open
    }

    /// Cancels the children and has the body cancelled.
    pub(super) fn cancel(&self) {
        let mut state = self.state.lock();
        let children = state.abort(Request::Due);
        drop(state);
        cancel_all(&children);
        self.parent.wake();
    }

    /// What the group has to request of its body now. A due request is given out once.
    pub(super) fn take_request(&self) -> Request {
        let mut state = self.state.lock();
        let request = state.request;
        if request == Request::Due {
            state.request = Request::Made;
        }
        request
    }

    /// Ends the group if no child is left, with the errors of the children.
    pub(super) fn close(&self) -> Option<Vec<TaskError<Arc<E>>>> {
        let mut state = self.state.lock();
        state.children.is_empty().then(|| {
            state.phase = Phase::Closed;
            std::mem::take(&mut state.errors)
        })
    }

    /// The scope is dropped: the children are not to outlive it for long.
    pub(super) fn give_up(&self) {
        let mut state = self.state.lock();
        let children = state.abort(Request::No);
        state.phase = Phase::Closed;
        let errors = std::mem::take(&mut state.errors);
        drop(state);
        drop(errors);
        cancel_all(&children);
    }

    pub(super) fn tasks(&self) -> Vec<TaskRef> {
        self.state.lock().tasks()
    }

    pub(super) fn children_left(&self) -> usize {
        self.state.lock().children.len()
    }

    pub(super) fn is_open(&self) -> bool {
        self.state.lock().phase == Phase::Open
    }

    pub(super) fn error_count(&self) -> usize {
        self.state.lock().errors.len()
    }

    /// The place is empty: its child has ended, or was never spawned.
    /// The waker of the parent comes back, if there is something for it to do.
    #[must_use = "nobody else wakes the parent"]
    fn vacate(&self, key: usize) -> Option<Waker> {
        let mut state = self.state.lock();
        let child = state.children.remove(key);
        let is_asked_for = state.request == Request::WhenEnded(key);
        if is_asked_for {
            state.request = Request::Due;
        }
        let wakes = is_asked_for || state.children.is_empty();
        drop(state);
        drop(child);
        if wakes { self.parent.take() } else { None }
    }
}

impl<E> State<E> {
    /// To Aborting, with a request to the body, and whom to cancel; nobody if that has been done.
    fn abort(&mut self, request: Request) -> Vec<TaskRef> {
        if self.phase != Phase::Open {
            return Vec::new();
        }
        self.phase = Phase::Aborting;
        self.request = request;
        self.tasks()
    }

    fn tasks(&self) -> Vec<TaskRef> {
        let children = self.children.iter().filter_map(|(_, child)| child.as_ref());
        children.filter(|task| !task.is_done()).cloned().collect()
    }
}

impl<E: Send + Sync> Observer for Shared<E> {
    fn done(&self, key: usize, _: TaskState) -> Option<Waker> {
        self.vacate(key)
    }

    fn awaiter(&self) -> Option<TaskRef> {
        self.parent.task()
    }
}

/// Outside the lock: cancelling ends deferreds and wakes tasks, which may do anything.
fn cancel_all<'a>(tasks: impl IntoIterator<Item = &'a TaskRef>) {
    for task in tasks {
        task.cancel();
    }
}

/// The place of a child in its group, until it is spawned.
pub(super) struct Place<E> {
    shared: Arc<Shared<E>>,
    key: usize,
    is_settled: bool,
}

impl<E> Place<E> {
    fn vacate(&self) {
        let parent = self.shared.vacate(self.key);
        parent.into_iter().for_each(Waker::wake);
    }

    pub(super) fn reporter(&self) -> Reporter<E> {
        Reporter {
            shared: self.shared.clone(),
            key: self.key,
        }
    }
}

impl<E: Send + Sync + 'static> Place<E> {
    /// The child was spawned. If the group was cancelled meanwhile, so is the child.
    pub(super) fn settle(mut self, task: &TaskRef) {
        self.is_settled = true;
        let mut state = self.shared.state.lock();
        state.children[self.key] = Some(task.clone());
        let is_open = state.phase == Phase::Open;
        drop(state);
        let observer: Arc<dyn Observer> = self.shared.clone();
        if task.subscribe(&observer, self.key).is_none() {
            self.vacate();
        }
        if !is_open {
            task.cancel();
        }
    }
}

impl<E> Drop for Place<E> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.vacate(); // spawning panicked
        }
    }
}

/// A child's way to tell the group of its failure.
pub(super) struct Reporter<E> {
    shared: Arc<Shared<E>>,
    key: usize,
}

impl<E> Reporter<E> {
    pub(super) fn fail(&self, error: TaskError<Arc<E>>) {
        self.shared.fail(self.key, error);
    }
}

impl<E> fmt::Debug for Shared<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        write!(f, "<TaskGroup tasks={}", state.children.len())?;
        if !state.errors.is_empty() {
            write!(f, " errors={}", state.errors.len())?;
        }
        f.write_str(match state.phase {
            Phase::Open => " entered>",
            Phase::Aborting => " cancelling>",
            Phase::Closed => " closed>",
        })
    }
}
