//! Where the walk can be, who may step from there, and what comes of it.

use super::super::{
    AfterCancel, AfterComplete, AfterHandle, AfterPoll, AfterUnlock, AfterWake, End, Locked,
    REF_ONE, Snapshot,
};
use crate::cell::Kind;

/// The most references, beside the handle's and the runtime's.
const MOST_REFS: u64 = 2;
const MOST_WAITERS: u8 = 2;
const MOST_REQUESTS: usize = 2;

const ENDS: [End; 4] = [End::Value, End::Failed, End::Panicked, End::Cancelled];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Poller {
    Nobody,
    /// Was told that a request is stored, and takes it before anything else.
    MustTake {
        aborts: bool,
        ends: bool,
    },
    /// Polls, or (a deferred's claimer) writes the outcome.
    Polling,
    /// Was told to abort, or that a request came first.
    MustEnd,
    /// Has ended the task, and owes this.
    Owes {
        waiters: bool,
        outcome: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Free,
    Edited {
        may_add: bool,
    },
    Cancelling,
    /// The poller takes the request out, or puts it back.
    Taking,
    PuttingBack,
    /// Who edited it was told to tell the waiters.
    Draining,
    /// The finisher has it.
    Finisher,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Outcome {
    Unset,
    Stored,
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Handle {
    Held,
    OwesOutcome,
    Gone,
}

/// A word, and who has what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) kind: KindKey,
    pub(super) word: Snapshot,
    pub(super) runnable: bool,
    pub(super) runtime: bool,
    pub(super) poller: Poller,
    pub(super) handle: Handle,
    pub(super) refs: u64,
    pub(super) side: Side,
    pub(super) waiters: u8,
    pub(super) outcome: Outcome,
    /// Woken since the last poll began.
    pub(super) woken: bool,
    /// A request was stored and not met.
    pub(super) asked: bool,
    /// In the side data is the message of a request that no poll was given.
    pub(super) message: bool,
    pub(super) freed: bool,
}

/// `Kind`, for hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KindKey {
    pub(super) deferred: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Wake,
    Abort,
    Uncancel,
    Read,
    Retain,
    GiveBack,
    LockToEdit { unless_done: bool },
    AddWaiter,
    RemoveWaiter,
    Unlock,
    Drain,
    LockToCancel,
    CancelAndUnlock,
    LockToTake,
    TakeAndUnlock,
    LockToPutBack,
    PutBackAndUnlock,
    CountOwnRequest,
    BeginPoll,
    EndPoll,
    Claim,
    Complete(End),
    FinisherTells,
    FinisherDropsOutcome,
    FinisherReleases,
    TakeOutcome,
    DropHandle,
    HandleDropsOutcome,
}

impl Step {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        use Step::*;
        let plain = [
            Wake,
            Abort,
            Uncancel,
            Read,
            Retain,
            GiveBack,
            AddWaiter,
            RemoveWaiter,
            Unlock,
            Drain,
            LockToCancel,
            CancelAndUnlock,
            LockToTake,
            TakeAndUnlock,
            LockToPutBack,
            PutBackAndUnlock,
            CountOwnRequest,
            BeginPoll,
            EndPoll,
            Claim,
            FinisherTells,
            FinisherDropsOutcome,
            FinisherReleases,
            TakeOutcome,
            DropHandle,
            HandleDropsOutcome,
        ];
        let locks = [false, true].map(|unless_done| LockToEdit { unless_done });
        plain.into_iter().chain(locks).chain(ENDS.map(Complete))
    }
}

/// Who may do what, and what comes of it. `None`: nobody may, here.
impl Place {
    pub(super) fn new(kind: Kind, word: Snapshot) -> Self {
        let deferred = kind == Kind::Deferred;
        Self {
            kind: KindKey { deferred },
            word,
            runnable: !deferred,
            runtime: !deferred,
            poller: Poller::Nobody,
            handle: if kind == Kind::Task {
                Handle::Held
            } else {
                Handle::Gone
            },
            refs: u64::from(deferred),
            side: Side::Free,
            waiters: 0,
            outcome: Outcome::Unset,
            woken: !deferred,
            asked: false,
            message: false,
            freed: false,
        }
    }

    pub(super) fn take(mut self, step: Step) -> Option<Self> {
        if self.freed {
            return None;
        }
        let did = match step {
            Step::Wake
            | Step::Abort
            | Step::Uncancel
            | Step::Read
            | Step::Retain
            | Step::GiveBack => self.by_reference(step),
            Step::LockToEdit { .. } | Step::LockToCancel => self.lock(step),
            Step::AddWaiter
            | Step::RemoveWaiter
            | Step::Unlock
            | Step::Drain
            | Step::CancelAndUnlock => self.by_side_holder(step),
            Step::BeginPoll | Step::Claim => self.begin(step),
            Step::LockToTake
            | Step::TakeAndUnlock
            | Step::LockToPutBack
            | Step::PutBackAndUnlock => self.by_poller_in_the_side(step),
            Step::CountOwnRequest | Step::EndPoll | Step::Complete(_) => self.by_poller(step),
            Step::FinisherTells | Step::FinisherDropsOutcome | Step::FinisherReleases => {
                self.by_finisher(step)
            }
            Step::TakeOutcome | Step::DropHandle | Step::HandleDropsOutcome => self.by_handle(step),
        };
        did.then_some(self)
    }

    /// References by which somebody can act, less those in use: whoever edits needs one until he is through, and so does
    /// whoever sets a deferred.
    fn spare_references(&self) -> u64 {
        let poll = self.runtime && self.poller != Poller::Nobody;
        let handles = self.refs + u64::from(self.handle == Handle::Held);
        (handles + u64::from(poll)).saturating_sub(self.references_in_use())
    }

    fn references_in_use(&self) -> u64 {
        let edits = matches!(
            self.side,
            Side::Edited { .. } | Side::Cancelling | Side::Draining
        );
        let sets = self.kind.deferred && self.poller != Poller::Nobody;
        u64::from(edits) + u64::from(sets)
    }

    /// Whether the poller edits nothing himself just now.
    fn poller_is_free(&self) -> bool {
        let others = self.refs + u64::from(self.handle == Handle::Held);
        self.kind.deferred || others >= self.references_in_use()
    }

    fn by_reference(&mut self, step: Step) -> bool {
        // A snapshot of the registry finds a task that nobody else has: it counts a reference by the runtime's.
        let by_registry = step == Step::Retain && self.runtime;
        if self.spare_references() == 0 && !by_registry {
            return false;
        }
        match step {
            Step::Wake if !self.kind.deferred => {
                self.woken |= !self.word.is_done();
                let after = update(&mut self.word, Snapshot::wake);
                self.submit(after);
            }
            Step::Abort if !self.kind.deferred => {
                let after = update(&mut self.word, Snapshot::abort);
                self.woken |= after.is_some();
                self.submit(after.unwrap_or(AfterWake::Nothing));
            }
            Step::Uncancel if self.word.cancelling() > 0 => {
                let left = update(&mut self.word, Snapshot::uncancel);
                self.asked &= left > 0;
            }
            Step::Read if self.word.is_done() => self.word = self.word.read(),
            Step::Retain if self.refs < MOST_REFS => {
                self.refs += 1;
                self.word = Snapshot(self.word.0 + REF_ONE);
            }
            Step::GiveBack if self.refs > 0 => {
                self.refs -= 1;
                self.release();
            }
            _ => return false,
        }
        true
    }

    fn submit(&mut self, after: AfterWake) {
        if after == AfterWake::Submit {
            assert!(
                !self.runnable && self.poller == Poller::Nobody,
                "a second Runnable"
            );
            self.runnable = true;
        }
    }

    fn release(&mut self) {
        assert!(
            self.word.references() > 0,
            "a reference too many was given back"
        );
        self.freed = self.word.references() == 1;
        self.word = self.word.release();
    }

    fn lock(&mut self, step: Step) -> bool {
        if self.spare_references() == 0 {
            return false;
        }
        let (unless_done, side) = match step {
            Step::LockToEdit { unless_done } => (
                unless_done,
                Side::Edited {
                    may_add: unless_done,
                },
            ),
            _ if self.kind.deferred || self.word.cancelling() >= MOST_REQUESTS => return false,
            _ => (false, Side::Cancelling), // it was not done when the canceller looked
        };
        match update(&mut self.word, |word| word.lock(unless_done)) {
            Locked::Yes => {
                assert_eq!(self.side, Side::Free, "a second holder of the side data");
                self.message |= side == Side::Cancelling;
                self.side = side;
                true
            }
            Locked::Contended | Locked::Done => false,
        }
    }

    fn by_side_holder(&mut self, step: Step) -> bool {
        match (step, self.side) {
            (Step::AddWaiter, Side::Edited { may_add: true }) if self.waiters < MOST_WAITERS => {
                self.waiters += 1
            }
            (Step::RemoveWaiter, Side::Edited { may_add: true }) if self.waiters > 0 => {
                self.waiters -= 1
            }
            (Step::Unlock, Side::Edited { .. }) => {
                let waiting = self.waiters > 0;
                let owed = update(&mut self.word, |word| word.unlock(waiting));
                self.unlocked(owed);
            }
            (Step::Drain, Side::Draining) => self.tell(),
            (Step::CancelAndUnlock, Side::Cancelling) => {
                match update(&mut self.word, Snapshot::cancel_and_unlock) {
                    AfterCancel::Stored(after) => {
                        (self.side, self.woken, self.asked) = (Side::Free, true, true);
                        self.submit(after);
                    }
                    AfterCancel::Late(owed) => self.unlocked(owed),
                }
            }
            _ => return false,
        }
        true
    }

    fn unlocked(&mut self, owed: AfterUnlock) {
        self.side = match owed {
            AfterUnlock::Free => Side::Free,
            AfterUnlock::Drain => Side::Draining,
        };
    }

    fn tell(&mut self) {
        assert!(
            self.word.is_done(),
            "waiters were told of a task that goes on"
        );
        self.waiters = 0;
        self.side = Side::Free;
        assert_eq!(
            update(&mut self.word, |word| word.unlock(false)),
            AfterUnlock::Free
        );
    }

    fn begin(&mut self, step: Step) -> bool {
        match step {
            Step::BeginPoll if self.runnable => {
                let begin = update(&mut self.word, Snapshot::begin_poll);
                assert_eq!(begin.request(), self.asked, "a poll meets the request");
                (self.runnable, self.woken) = (false, false);
                self.poller = match (begin.request(), begin.abort()) {
                    (true, aborts) => Poller::MustTake {
                        aborts,
                        ends: begin.first(),
                    },
                    (false, true) => Poller::MustEnd,
                    (false, false) => Poller::Polling,
                };
            }
            Step::Claim if self.kind.deferred && self.spare_references() > 0 => {
                if !update(&mut self.word, Snapshot::claim) {
                    return false;
                }
                assert_eq!(self.poller, Poller::Nobody, "a second claim");
                self.poller = Poller::Polling;
            }
            _ => return false,
        }
        true
    }

    /// His reference is the runtime's, which he keeps until he completes.
    fn by_poller_in_the_side(&mut self, step: Step) -> bool {
        let may_put_back = self.poller == Poller::Polling && !self.kind.deferred;
        match (step, self.poller, self.side) {
            (Step::LockToTake, Poller::MustTake { .. }, _) => self.poller_locks(Side::Taking),
            (Step::TakeAndUnlock, Poller::MustTake { aborts, ends }, Side::Taking) => {
                let stood = update(&mut self.word, Snapshot::take_request_and_unlock);
                assert_eq!(stood, self.asked, "what is stored is taken");
                assert!(self.message || !stood, "a request without its message");
                (self.asked, self.message, self.side) = (false, false, Side::Free);
                self.poller = if aborts || ends && stood {
                    Poller::MustEnd
                } else {
                    Poller::Polling
                };
                true
            }
            (Step::LockToPutBack, ..) if may_put_back => self.poller_locks(Side::PuttingBack),
            (Step::PutBackAndUnlock, _, Side::PuttingBack) => {
                self.word = self.word.put_back_and_unlock();
                (self.asked, self.message, self.side) = (true, true, Side::Free);
                true
            }
            _ => false,
        }
    }

    fn poller_locks(&mut self, side: Side) -> bool {
        let locked = update(&mut self.word, |word| word.lock(false)) == Locked::Yes;
        if locked {
            assert_eq!(self.side, Side::Free, "a second holder of the side data");
            self.side = side;
        }
        locked
    }

    fn by_poller(&mut self, step: Step) -> bool {
        if self.side == Side::PuttingBack {
            return false; // he does nothing else meanwhile
        }
        let may_end =
            matches!(self.poller, Poller::Polling | Poller::MustEnd) && self.poller_is_free();
        let may_go_on = self.poller == Poller::Polling && !self.kind.deferred;
        match step {
            Step::CountOwnRequest if may_go_on && self.word.cancelling() < MOST_REQUESTS => {
                self.word = self.word.counted();
            }
            Step::EndPoll if may_go_on && self.poller_is_free() => {
                match update(&mut self.word, Snapshot::end_poll) {
                    AfterPoll::Idle => self.poller = Poller::Nobody,
                    AfterPoll::Abort => self.poller = Poller::MustEnd,
                    AfterPoll::Resubmit => (self.poller, self.runnable) = (Poller::Nobody, true),
                }
            }
            Step::Complete(end) if may_end => {
                let must_cancel =
                    self.poller == Poller::MustEnd && matches!(end, End::Value | End::Failed);
                if must_cancel {
                    return false;
                }
                self.complete(end);
            }
            _ => return false,
        }
        true
    }

    fn complete(&mut self, end: End) {
        let release = !self.kind.deferred;
        let owed = update(&mut self.word, |word| word.complete(end, release));
        if owed == AfterComplete::Requested {
            assert!(
                self.asked && end == End::Value,
                "only a stored request wins, and only over a value"
            );
            self.poller = Poller::MustTake {
                aborts: false,
                ends: true,
            };
            return;
        }
        assert!(
            !self.asked || end != End::Value,
            "a value won over a stored request"
        );
        assert_eq!(self.outcome, Outcome::Unset, "a second outcome");
        (self.outcome, self.asked, self.woken) = (Outcome::Stored, false, false);
        match owed {
            AfterComplete::Done { last } => {
                self.poller = Poller::Nobody;
                self.runtime = false;
                self.freed = last;
            }
            AfterComplete::Owes { waiters, outcome } => {
                if waiters {
                    assert_eq!(self.side, Side::Free, "two hold the side data");
                    self.side = Side::Finisher;
                }
                self.poller = Poller::Owes { waiters, outcome };
            }
            AfterComplete::Requested => unreachable!("returned above"),
        }
    }

    fn by_finisher(&mut self, step: Step) -> bool {
        let Poller::Owes { waiters, outcome } = self.poller else {
            return false;
        };
        match (step, waiters, outcome) {
            (Step::FinisherTells, true, _) => {
                self.tell();
                self.poller = Poller::Owes {
                    waiters: false,
                    outcome,
                };
            }
            (Step::FinisherDropsOutcome, false, true) => {
                self.drop_outcome();
                self.poller = Poller::Owes {
                    waiters,
                    outcome: false,
                };
            }
            (Step::FinisherReleases, false, false) if self.poller_is_free() => {
                self.poller = Poller::Nobody;
                if self.runtime {
                    self.runtime = false;
                    self.release();
                }
            }
            _ => return false,
        }
        true
    }

    fn drop_outcome(&mut self) {
        assert_eq!(self.outcome, Outcome::Stored, "an outcome dropped twice");
        self.outcome = Outcome::Gone;
    }

    fn by_handle(&mut self, step: Step) -> bool {
        match (step, self.handle) {
            (Step::TakeOutcome, Handle::Held)
                if self.word.is_done() && self.outcome == Outcome::Stored =>
            {
                self.outcome = Outcome::Gone;
            }
            (Step::DropHandle, Handle::Held) if self.spare_references() > 0 => {
                let taken = self.outcome == Outcome::Gone;
                match update(&mut self.word, |word| word.drop_handle(taken)) {
                    AfterHandle::Released { last } => {
                        (self.handle, self.freed) = (Handle::Gone, last)
                    }
                    AfterHandle::Outcome => self.handle = Handle::OwesOutcome,
                }
            }
            (Step::HandleDropsOutcome, Handle::OwesOutcome) => {
                self.drop_outcome();
                self.handle = Handle::Gone;
                self.release();
            }
            _ => return false,
        }
        true
    }
}

fn update<R>(word: &mut Snapshot, transition: impl Fn(Snapshot) -> (Snapshot, R)) -> R {
    let (next, owed) = transition(*word);
    *word = next;
    owed
}
