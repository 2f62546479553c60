//! The limit of a `timeout`: its timer, its request, and the count of requests before and after. Rule 6 of the cancellation
//! protocol.

use super::{Deadline, Elapsed};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tulipa_task::{Cancelled, TaskRef, cancel, current_task, waits};
use tulipa_timers::{Instant, Sleep, now, sleep, sleep_until};

/// The limit of time, and how far it has come.
pub(super) struct Limit {
    /// `None`: there is no limit.
    timer: Option<Sleep>,
    /// The handle that can move it.
    deadline: Option<Deadline>,
    stage: Stage,
    /// How many requests the task had had when it came in: an old one does not count against the expiry (TO-17).
    count_at_entry: usize,
    /// The task, while its count includes the request of this limit.
    asked: Option<TaskRef>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    /// Polled, and never Pending yet.
    Entered,
    Armed,
    Expired,
    Over,
}

impl Limit {
    pub(super) fn new(timer: Option<Sleep>, deadline: Option<Deadline>) -> Self {
        Self {
            timer,
            deadline,
            stage: Stage::New,
            count_at_entry: 0,
            asked: None,
        }
    }

    /// Answers with the request that is to be made inside, if time has run out.
    ///
    /// This comes before the inside is polled, so that a leaf in it that became ready at the same moment meets the request
    /// (TO-31), and so do limits inside, which then leave the error to this one (TO-23).
    pub(super) fn begin_poll(&mut self, cx: &mut Context<'_>) -> Option<Cancelled> {
        match self.stage {
            Stage::New => self.enter(),
            Stage::Armed => {
                if self.follow_deadline() {
                    self.arm(cx);
                } else if self.is_due(cx) {
                    return Some(self.expire());
                }
            }
            Stage::Entered | Stage::Expired | Stage::Over => {}
        }
        None
    }

    fn enter(&mut self) {
        self.stage = Stage::Entered;
        self.count_at_entry = cancel::cancelling().expect(
            "a timeout was awaited outside of a task, where nothing could be cancelled: \
             await it in one, started with `spawn` or `run`",
        );
        if let Some(deadline) = &self.deadline {
            deadline.enter();
        }
    }

    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(timer) = &mut self.timer else {
            return false;
        };
        // A request from outside holds leaves back, but not this look at the time (TO-15).
        let hidden = cancel::take_request();
        let is_due = waits::quietly(|| Pin::new(timer).poll(cx).is_ready());
        if hidden.is_some() {
            cancel::put_request(hidden);
        }
        is_due
    }

    fn expire(&mut self) -> Cancelled {
        self.stage = Stage::Expired;
        if let Some(deadline) = &self.deadline {
            deadline.expire();
        }
        cancel::count();
        self.asked = current_task();
        cancel::own_request()
    }

    /// The inside is Pending.
    pub(super) fn suspend(&mut self, cx: &mut Context<'_>) {
        let was_moved = self.follow_deadline();
        let is_first = self.stage == Stage::Entered;
        if is_first || (self.stage == Stage::Armed && was_moved) {
            self.stage = Stage::Armed;
            self.arm(cx);
        }
        if let Some(deadline) = &self.deadline {
            deadline.wake_when_moved(cx.waker());
        }
    }

    fn arm(&mut self, cx: &mut Context<'_>) {
        let Some(timer) = &mut self.timer else { return };
        if cancel::requested() && timer.is_elapsed() {
            // Two requests at one suspension are met as one (TO-19).
            let _the_other_is_there = self.expire();
            return;
        }
        let armed = waits::quietly(|| Pin::new(timer).poll(cx)); // the limit is no leaf (CG-09)
        debug_assert!(armed.is_pending(), "the first poll of a sleep is Pending");
    }

    /// Takes over what the handle was told. Answers whether it was told anything.
    fn follow_deadline(&mut self) -> bool {
        let Some(moved) = self.deadline.as_ref().and_then(Deadline::take_move) else {
            return false;
        };
        self.timer = moved.map(timer_at);
        true
    }

    /// The cancellation that comes out of the inside, if this limit had a part in it.
    pub(super) fn take_cancellation(&self) -> Option<Cancelled> {
        if self.stage == Stage::Expired {
            cancel::take_cancellation()
        } else {
            None // it is for the scopes around, which drop this
        }
    }

    /// A cancellation came out, and the inside is gone. Whose was it?
    pub(super) fn conclude(&mut self, cancelled: Cancelled) -> Poll<Elapsed> {
        let left = self.asked.take().map_or(0, |task| task.uncancel());
        self.leave();
        if left <= self.count_at_entry {
            return Poll::Ready(Elapsed);
        }
        cancel::unwind(cancelled);
        Poll::Pending
    }

    /// The inside is through or given up: the timer goes, and the count is what it was.
    pub(super) fn leave(&mut self) {
        if let Some(task) = self.asked.take() {
            task.uncancel();
        }
        self.timer = None;
        if let Some(deadline) = self.deadline.take() {
            deadline.leave();
        }
        self.stage = Stage::Over;
    }
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limit")
            .field("deadline", &self.timer.as_ref().map(Sleep::deadline))
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// A timer that is due in the next turn if `deadline` has passed (TO-04), not when somebody looks at the clock.
#[track_caller]
pub(super) fn timer_at(deadline: Instant) -> Sleep {
    if deadline <= now() {
        sleep(Duration::ZERO)
    } else {
        sleep_until(deadline)
    }
}
