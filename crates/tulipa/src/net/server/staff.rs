//! The tasks of a server: those at its doors and those that serve a connection.

use parking_lot::Mutex;
use slab::Slab;
use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tulipa_task::{Leaf, Observer, TaskRef, TaskState, cancel, waits};

/// What a task of a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Accepts connections.
    Doorkeeper,
    /// Serves one.
    Servant,
}

/// The tasks of a server that have not ended.
#[derive(Default)]
pub(super) struct Staff {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tasks: Slab<(Role, Member)>,
    is_closed: bool,
    /// Those who wait for the last to go.
    waiting: Vec<Waker>,
}

/// A task, which is counted before it can run: else it might have served by then, or miss that all are to go.
enum Member {
    Coming,
    /// It is to go as soon as it is there, and why.
    Dismissed(&'static str),
    Here(TaskRef),
}

impl Staff {
    /// Keeps the task that `spawn` makes until it has ended.
    pub(super) fn add(self: &Arc<Self>, role: Role, spawn: impl FnOnce() -> TaskRef) {
        let key = self.state.lock().tasks.insert((role, Member::Coming));
        let task = spawn();
        let here = Member::Here(task.clone());
        let before = mem::replace(&mut self.state.lock().tasks[key].1, here);
        if let Member::Dismissed(why) = before {
            task.cancel_with(why);
        }
        let observer: Arc<dyn Observer> = self.clone();
        if task.subscribe(&observer, key).is_none() {
            self.remove(key); // it was quick
        }
    }

    pub(super) fn is_serving(&self) -> bool {
        !self.state.lock().is_closed
    }

    pub(super) fn connections(&self) -> usize {
        let state = self.state.lock();
        let servants = state
            .tasks
            .iter()
            .filter(|(_, (role, _))| *role == Role::Servant);
        servants.count()
    }

    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.cancel(Role::Doorkeeper, "the server was closed");
        self.wake_if_all_gone();
    }

    pub(super) fn close_clients(&self) {
        self.cancel(Role::Servant, "the server closed its connections");
    }

    /// Waits until the server is closed and nobody is left.
    pub(super) async fn all_gone(&self) {
        let mut suspended = false;
        poll_fn(|cx| {
            if suspended && cancel::requested() {
                return Poll::Pending; // for the scopes around us, even if all are gone by now
            }
            suspended = true;
            self.poll_all_gone(cx)
        })
        .await;
    }

    fn poll_all_gone(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        if state.are_all_gone() {
            return Poll::Ready(());
        }
        if !state
            .waiting
            .iter()
            .any(|waker| waker.will_wake(cx.waker()))
        {
            state.waiting.push(cx.waker().clone());
        }
        waits::note(Leaf::Tasks(state.tasks.len()));
        Poll::Pending
    }

    fn cancel(&self, whom: Role, why: &'static str) {
        let mut tasks = Vec::new();
        for (_, (role, member)) in &mut self.state.lock().tasks {
            match member {
                _ if *role != whom => {}
                Member::Here(task) => tasks.push(task.clone()),
                Member::Coming | Member::Dismissed(_) => *member = Member::Dismissed(why),
            }
        }
        for task in tasks {
            task.cancel_with(why);
        }
    }

    fn remove(&self, key: usize) {
        let ended = self.state.lock().tasks.remove(key);
        drop(ended); // the last reference reports what nobody read: not under the lock
        self.wake_if_all_gone();
    }

    fn wake_if_all_gone(&self) {
        let waiting = {
            let mut state = self.state.lock();
            if !state.are_all_gone() {
                return;
            }
            mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn are_all_gone(&self) -> bool {
        self.is_closed && self.tasks.is_empty()
    }
}

impl Observer for Staff {
    fn done(&self, key: usize, _: TaskState) -> Option<Waker> {
        self.remove(key);
        None // it has woken those who wait for the last
    }
}
