//! How a task waits for another: rule 2 of the cancellation protocol, as far as it is about joins.

use super::TaskRef;
use crate::cancel;
use crate::cancel::ambient;
use crate::completion::{Subscription, Waiter};
use crate::slice;
use crate::waits::{self, Leaf};
use std::task::{Context, Poll, Waker, ready};

/// One awaiter's side of an await. The task waited for is given to each call, because the handle has it.
///
/// In five bytes, wherever they lie, so that there is room for the owning handle's in the header.
#[derive(Debug)]
pub(crate) struct Join {
    subscription: [u8; 4],
    /// [`SUSPENDED`], and how many requests were passed on.
    notes: u8,
}

/// It has been Pending: from now on a request is not passed over, even when the outcome is there (TC-07).
const SUSPENDED: u8 = 1 << 7;
/// If any request was passed on and the inner task then ends cancelled, so does this await (TC-28). More than these are not counted.
const FORWARDED: u8 = SUSPENDED - 1;

impl Join {
    pub(crate) const fn new() -> Self {
        Self {
            subscription: [0; 4],
            notes: 0,
        }
    }

    /// Ready when `target` has ended and its outcome is to be delivered.
    ///
    /// # Panics
    ///
    /// If a task awaits itself (T-09).
    #[inline]
    pub(crate) fn poll(&mut self, target: &TaskRef, cx: &mut Context<'_>) -> Poll<()> {
        if !target.is_done() {
            return self.wait(target, cx);
        }
        ready!(slice::give_way(cx));
        if !self.is_suspended() {
            return Poll::Ready(()); // nothing was passed on, and there is nothing to put back
        }
        self.deliver(target)
    }

    fn wait(&mut self, target: &TaskRef, cx: &mut Context<'_>) -> Poll<()> {
        assert!(
            !ambient::current_task(|current| current.is_some_and(|current| target.is(current))),
            "task `{}` awaits itself and would never end: await another task, or return",
            target.name(),
        );
        self.notes |= SUSPENDED;
        self.forward(target);
        match self.register(target, cx.waker()) {
            true => {
                waits::note(Leaf::end_of(target));
                Poll::Pending
            }
            false => self.deliver(target), // it ended meanwhile
        }
    }

    /// Passes a request on; one that comes too late is left to the scopes around, or it would be lost. So is one that has
    /// come round, or it would go on for ever.
    fn forward(&mut self, target: &TaskRef) {
        let Some(request) = cancel::take_request() else {
            return;
        };
        let goes_on = !cancel::has_come_round(target, self.forwarded().into());
        if goes_on && target.cancel_by(request.clone()) {
            self.notes = self.notes & SUSPENDED | FORWARDED.min(self.forwarded() + 1);
        } else {
            cancel::put_request(Some(request));
        }
    }

    fn deliver(&mut self, target: &TaskRef) -> Poll<()> {
        if self.is_suspended() && cancel::requested() {
            return Poll::Pending; // the request is left to the scopes around (TC-09)
        }
        if self.forwarded() > 0
            && let Some(cancelled) = target.cancelled()
        {
            cancel::unwind(cancelled);
            return Poll::Pending;
        }
        *self = Self::new();
        Poll::Ready(())
    }

    /// `false`: the task has ended.
    fn register(&mut self, target: &TaskRef, waker: &Waker) -> bool {
        let Some(subscription) = &self.subscription() else {
            let waiter = Waiter::Waker(waker.clone());
            let subscription = target.header().subscribe(waiter).ok();
            let is_subscribed = subscription.is_some();
            self.subscription = Subscription::to_bytes(subscription);
            return is_subscribed;
        };
        let is_same = target.header().edit_unless_done(|side| {
            let registered = side.waiters.waker(subscription);
            registered.is_some_and(|registered| registered.will_wake(waker))
        });
        match is_same {
            None => false,
            Some(true) => true,
            Some(false) => replace(target, subscription, waker.clone()),
        }
    }

    fn is_suspended(&self) -> bool {
        self.notes & SUSPENDED != 0
    }

    fn forwarded(&self) -> u8 {
        self.notes & FORWARDED
    }

    fn subscription(&self) -> Option<Subscription> {
        Subscription::from_bytes(self.subscription)
    }

    /// The await is given up: dropped, or its handle is. If that is because this task is being cancelled, what it
    /// waited for is cancelled too (rule 9).
    pub(crate) fn leave(&mut self, target: &TaskRef) {
        let Some(subscription) = self.subscription() else {
            return;
        };
        self.subscription = Subscription::to_bytes(None);
        if !target.is_done() {
            drop(target.header().unsubscribe(&subscription));
            if self.is_suspended() && ambient::is_dropping() {
                target.cancel();
            }
        }
    }
}

/// Puts `waker` in the place of the one that the awaiter had. Cloned and dropped outside of the edit, because either may run
/// anything. `false`: the task has ended.
fn replace(target: &TaskRef, subscription: &Subscription, mut waker: Waker) -> bool {
    let replaced = target.header().edit_unless_done(|side| {
        if let Some(registered) = side.waiters.waker(subscription) {
            std::mem::swap(registered, &mut waker);
        }
    });
    replaced.is_some()
}
