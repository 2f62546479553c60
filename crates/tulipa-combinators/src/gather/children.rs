//! The tasks that are gathered, and rule 2 of the cancellation protocol: a request is passed on to all of them.

use super::tally::Tally;
use crate::awaiter::is_held_back;
use crate::watch::refuse_itself;
use std::fmt;
use std::task::{Context, Poll};
use tulipa_task::{Awaitable, Cancelled, Leaf, Watch, cancel, waits};

/// What both kinds share: the tasks and their observer, and rule 2 of the cancellation protocol.
pub(super) struct Children<A: Awaitable> {
    pub(super) tasks: Vec<A>,
    pub(super) tally: Watch<Tally>,
    pub(super) until: Until,
    stage: Stage,
    /// How many requests were passed on and accepted: the cancellation comes back here.
    forwarded: u32,
}

/// How long the tasks are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    FirstFailure,
    AllDone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Suspended,
    /// It gave its result, or unwinds.
    Over,
}

impl<A: Awaitable> Children<A> {
    #[track_caller]
    pub(super) fn new(tasks: Vec<A>) -> Self {
        let mut tally = Tally::new(tasks.len());
        refuse_itself(
            "gather",
            tasks.iter().map(A::task_ref),
            tally.awaiter.known(),
        );
        Self {
            tally: Watch::begin(tally, tasks.iter().map(A::task_ref)),
            tasks,
            until: Until::FirstFailure,
            stage: Stage::New,
            forwarded: 0,
        }
    }

    /// Ready when the result is there and may be given.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.stage == Stage::Over {
            return Poll::Pending;
        }
        if !self.is_complete() {
            self.tally.awaiter.register(cx);
        }
        if self.is_complete() {
            let is_held_back = self.stage == Stage::Suspended && is_held_back(cx);
            return if is_held_back {
                Poll::Pending
            } else {
                Poll::Ready(())
            };
        }
        self.forward();
        if self.is_complete() {
            return Poll::Ready(()); // deferreds end when they are cancelled
        }
        if self.stage == Stage::New {
            self.stage = Stage::Suspended;
            self.tally.awaiter.settle_here();
        }
        waits::note(Leaf::Tasks(self.tally.left()));
        Poll::Pending
    }

    fn is_complete(&self) -> bool {
        self.tally.all_done()
            || self.until == Until::FirstFailure && self.tally.first_failure().is_some()
    }

    /// Passes a request on, if there is one, to all that have not ended. If none accepts it, it is left alone (G-14), and
    /// so it is if it has come round.
    fn forward(&mut self) {
        if let Some(request) = cancel::take_request() {
            if !self.has_come_round() && self.cancel_rest(Some(&request)) {
                self.forwarded = self.forwarded.saturating_add(1);
            } else {
                cancel::put_request(Some(request));
            }
        }
    }

    fn has_come_round(&self) -> bool {
        let mut left = self
            .tasks
            .iter()
            .map(A::task_ref)
            .filter(|task| !task.is_done());
        self.forwarded > 0 && left.any(|task| cancel::has_come_round(task, self.forwarded))
    }

    /// Cancels all that have not ended. `false`: there is none.
    pub(super) fn cancel_rest(&self, request: Option<&Cancelled>) -> bool {
        let mut accepted = false;
        for task in self
            .tasks
            .iter()
            .map(A::task_ref)
            .filter(|task| !task.is_done())
        {
            accepted |= match request {
                Some(request) => task.cancel_by(request.clone()),
                None => task.cancel(),
            };
        }
        accepted
    }

    /// Leaves the tasks. Answers whether the cancellation is to go on here.
    pub(super) fn finish(&mut self) -> bool {
        self.stage = Stage::Over;
        if !self.tally.all_done() {
            self.tally
                .end(self.tasks.iter().map(|task| Some(task.task_ref())));
        }
        self.forwarded > 0
    }
}

impl<A: Awaitable> Drop for Children<A> {
    fn drop(&mut self) {
        if self.stage == Stage::Over {
            return;
        }
        self.tally
            .end(self.tasks.iter().map(|task| Some(task.task_ref())));
        // When it had its result, nobody was to be cancelled any more (G-16).
        let was_waiting = self.stage == Stage::Suspended && !self.is_complete();
        if was_waiting && cancel::is_unwinding_drop() {
            self.cancel_rest(None);
        }
    }
}

impl<A: Awaitable> Children<A> {
    pub(super) fn show(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("tasks", &self.tasks.len())
            .field("left", &self.tally.left())
            .finish_non_exhaustive()
    }
}
