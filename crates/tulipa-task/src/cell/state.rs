//! The state of a task: one atomic word, and its transitions as pure functions.
//!
//! Each transition takes a [`Snapshot`] of the word and answers with the next one and with what the caller now
//! owes. [`State::update`] is the only loop. It writes even where nothing changes, because a wake must publish
//! what the waker wrote before it.
//!
//! ```text
//!            wake                begin_poll               complete
//!   Idle ──────────▶ Scheduled ─────────────▶ Running ─────────────▶ Done
//!    ▲                   ▲                     │    │
//!    │                   │ end_poll, was woken │    │
//!    │                   └─────────────────────┘    │
//!    └──────────────────────────────────────────────┘ end_poll
//! ```
//!
//! A [`Deferred`](crate::Deferred) starts Idle and goes to Running by `claim`, for as long as its outcome is written.
//!
//! # Orderings
//!
//! Every update is `AcqRel`. As a Release it pairs with the Acquire of every later update of the same word: a wake
//! publishes to the poll that follows (`wake` with `begin_poll`), a poll to the next poll on another worker (`end_poll`
//! with `begin_poll`), the outcome to who reads it (`complete` with the Acquire in [`State::load`]), the side data
//! to the next holder of the bit (`unlock` with `lock`). Relaxed is enough for counting a reference up, because who
//! does it holds one already.

use crate::sync::{AtomicU64, Ordering};
use std::fmt;

const SCHEDULED: u64 = 1 << 0;
const RUNNING: u64 = 1 << 1;
const DONE: u64 = 1 << 2;
const STARTED: u64 = 1 << 3;
const HANDLE: u64 = 1 << 4;
const CANCEL: u64 = 1 << 5;
const ABORT: u64 = 1 << 6;
const BUSY: u64 = 1 << 7;
const WAITERS: u64 = 1 << 8;
const READ: u64 = 1 << 9;
/// With CANCEL: the request found the task suspended, so that the message is its own (TC-22).
const AWAITED: u64 = 1 << 10;
const END_SHIFT: u32 = 11;
const END_MASK: u64 = 0b11 << END_SHIFT;
const COUNT_SHIFT: u32 = 13;
const COUNT_ONE: u64 = 1 << COUNT_SHIFT;
const COUNT_MASK: u64 = 0x7_FFFF << COUNT_SHIFT;
const REF_SHIFT: u32 = 32;
const REF_ONE: u64 = 1 << REF_SHIFT;
/// More references than this are a leak in a loop, and the word would overflow: the process ends.
const REF_LIMIT: u64 = 1 << 31;

/// How a task ended. The value itself is in the stage; this is what anyone may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Value = 0,
    Failed = 1,
    Panicked = 2,
    Cancelled = 3,
}

/// Where a task is between two polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Idle,
    Scheduled,
    Running,
    Done,
}

/// The word at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Snapshot(u64);

/// What a wake or a request owes.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterWake {
    /// The task became runnable: the caller hands it to its scheduler.
    Submit,
    /// Somebody else will run it, or nobody has to.
    Nothing,
}

/// What a poll meets: the word as it was before. Its questions are asked of the bits, for most polls with one look.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Begin(Snapshot);

impl Begin {
    /// It is the first.
    pub(crate) fn first(self) -> bool {
        !self.0.has(STARTED)
    }

    /// A request is stored: the poller is to take it, with its message.
    pub(crate) fn request(self) -> bool {
        self.0.has(CANCEL)
    }

    /// The future is to be dropped, not polled.
    pub(crate) fn abort(self) -> bool {
        self.0.has(ABORT)
    }
}

/// What the poller owes after a poll that was Pending.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterPoll {
    /// The task sleeps; the poller has nothing of it any more.
    Idle,
    /// It was woken meanwhile: the poller still owns it and has it run again.
    Resubmit,
    /// It is to be aborted: the poller still runs it.
    Abort,
}

/// What the finisher owes.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterComplete {
    /// A request came in before the value was stored, and nothing has changed. The finisher is to take it: it wins (TC-34)
    /// unless it is taken back before.
    Requested,
    /// Done, and nothing else is owed. With the finisher's reference, if it was to be released.
    Done { last: bool },
    /// Done, with more to do; the finisher keeps its reference until it has done it.
    Owes {
        /// The side data is the finisher's: waiters are to be taken out and told.
        waiters: bool,
        /// No handle is left: the outcome is the finisher's to drop.
        outcome: bool,
    },
}

/// What whoever tried to lock the side data has.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    Yes,
    /// Somebody else has it, for a few instructions.
    Contended,
    /// The task is done and the caller wanted it only if not.
    Done,
}

/// What giving up the side data owes.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterUnlock {
    Free,
    /// The task ended meanwhile and left its waiters to the holder, who still holds the data.
    Drain,
}

/// What `cancel` came to.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterCancel {
    /// The request is stored.
    Stored(AfterWake),
    /// The task was done.
    Late(AfterUnlock),
}

/// What dropping the owning handle owes.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterHandle {
    /// The reference is gone with it; `last`: nobody is left.
    Released { last: bool },
    /// The task is done: its outcome is the caller's to drop, then its reference.
    Outcome,
}

impl Snapshot {
    /// A task that is about to be scheduled for the first time: one reference for its handle, one for the runtime.
    pub(crate) const SPAWNED: Self = Self(SCHEDULED | HANDLE | (2 * REF_ONE));
    /// A job that nobody waits for: the runtime's reference only.
    pub(crate) const JOB: Self = Self(SCHEDULED | REF_ONE);
    /// A deferred: no runtime, the reference of its first handle.
    pub(crate) const DEFERRED: Self = Self(STARTED | REF_ONE);

    fn has(self, bits: u64) -> bool {
        self.0 & bits != 0
    }

    fn with(self, bits: u64) -> Self {
        Self(self.0 | bits)
    }

    fn without(self, bits: u64) -> Self {
        Self(self.0 & !bits)
    }

    fn release(self) -> Self {
        Self(self.0 - REF_ONE)
    }

    pub(crate) fn phase(self) -> Phase {
        if self.has(DONE) {
            Phase::Done
        } else if self.has(RUNNING) {
            Phase::Running
        } else if self.has(SCHEDULED) {
            Phase::Scheduled
        } else {
            Phase::Idle
        }
    }

    /// Whether it has been polled.
    pub(crate) fn has_begun(self) -> bool {
        self.has(STARTED)
    }

    pub(crate) fn is_done(self) -> bool {
        self.has(DONE)
    }

    /// How the task ended, if it did.
    pub(crate) fn end(self) -> Option<End> {
        let end = match (self.0 & END_MASK) >> END_SHIFT {
            0 => End::Value,
            1 => End::Failed,
            2 => End::Panicked,
            _ => End::Cancelled,
        };
        self.is_done().then_some(end)
    }

    /// Whether somebody has looked at the outcome.
    pub(crate) fn is_read(self) -> bool {
        self.has(READ)
    }

    pub(crate) fn cancelling(self) -> usize {
        ((self.0 & COUNT_MASK) >> COUNT_SHIFT) as usize
    }

    pub(crate) fn references(self) -> u64 {
        self.0 >> REF_SHIFT
    }

    /// Whether the reference of who asks is the only one: so nobody can change the word, nor see it, after this.
    ///
    /// As a load of [`State::load`] this is an Acquire, which pairs with each release before.
    pub(crate) fn is_last(self) -> bool {
        self.references() == 1
    }

    /// Whether nobody would see that the task ends with a value, and nobody has asked it not to. Asked by its finisher.
    pub(crate) fn ends_unseen(self) -> bool {
        self.is_last() && !self.has(HANDLE | CANCEL | WAITERS)
    }

    pub(crate) fn wake(self) -> (Self, AfterWake) {
        match self.phase() {
            Phase::Idle => (self.with(SCHEDULED), AfterWake::Submit),
            Phase::Running => (self.with(SCHEDULED), AfterWake::Nothing), // its poller runs it again
            Phase::Scheduled | Phase::Done => (self, AfterWake::Nothing),
        }
    }

    pub(crate) fn begin_poll(self) -> (Self, Begin) {
        debug_assert_eq!(self.phase(), Phase::Scheduled, "{self:?}");
        let next = self.without(SCHEDULED).with(RUNNING | STARTED);
        (next, Begin(self))
    }

    pub(crate) fn end_poll(self) -> (Self, AfterPoll) {
        debug_assert_eq!(self.phase(), Phase::Running, "{self:?}");
        if self.has(ABORT) {
            (self, AfterPoll::Abort)
        } else if self.has(SCHEDULED) {
            (self.without(RUNNING), AfterPoll::Resubmit)
        } else {
            (self.without(RUNNING), AfterPoll::Idle)
        }
    }

    /// Ends the task. `release`: the finisher's reference goes in the same step if nothing else is owed.
    pub(crate) fn complete(self, end: End, release: bool) -> (Self, AfterComplete) {
        debug_assert_eq!(self.phase(), Phase::Running, "{self:?}");
        if end == End::Value && self.has(CANCEL) {
            return (self, AfterComplete::Requested);
        }
        let done = self
            .without(RUNNING | SCHEDULED | CANCEL | AWAITED | ABORT)
            .with(DONE | ((end as u64) << END_SHIFT));
        let outcome = release && !self.has(HANDLE); // a deferred keeps its outcome as long as it lives
        // If somebody else edits the side data just now, he finds DONE when he is through, and tells the waiters.
        let waiters = self.has(WAITERS) && !self.has(BUSY);
        match (waiters || outcome, release) {
            (true, _) => {
                let next = if waiters { done.with(BUSY) } else { done };
                (next, AfterComplete::Owes { waiters, outcome })
            }
            (false, true) => (
                done.release(),
                AfterComplete::Done {
                    last: done.references() == 1,
                },
            ),
            (false, false) => (done, AfterComplete::Done { last: false }),
        }
    }

    /// Gives the caller the right to write a deferred's outcome, once.
    pub(crate) fn claim(self) -> (Self, bool) {
        match self.phase() {
            Phase::Idle => (self.with(RUNNING), true),
            _ => (self, false),
        }
    }

    pub(crate) fn lock(self, unless_done: bool) -> (Self, Locked) {
        if unless_done && self.is_done() {
            (self, Locked::Done)
        } else if self.has(BUSY) {
            (self, Locked::Contended)
        } else {
            (self.with(BUSY), Locked::Yes)
        }
    }

    /// Gives the side data up. `waiting`: somebody is in it who wants to be told.
    pub(crate) fn unlock(self, waiting: bool) -> (Self, AfterUnlock) {
        debug_assert!(self.has(BUSY), "{self:?}");
        let next = if waiting {
            self.with(WAITERS)
        } else {
            self.without(WAITERS)
        };
        if waiting && self.is_done() {
            (next, AfterUnlock::Drain)
        } else {
            (next.without(BUSY), AfterUnlock::Free)
        }
    }

    /// Whether a further request leaves the message of the one that is there. What a suspended task awaits is cancelled with
    /// the first; until a task that runs, or will, comes to its next await, the last counts (TC-22, TC-23).
    pub(crate) fn keeps_message(self) -> bool {
        self.has(CANCEL) && self.has(AWAITED)
    }

    /// Gives the side data up, and stores the request whose message was put there. Who is done is told nothing (TC-02).
    pub(crate) fn cancel_and_unlock(self) -> (Self, AfterCancel) {
        debug_assert!(self.has(BUSY), "{self:?}");
        if self.is_done() {
            let (next, owed) = self.unlock(self.has(WAITERS));
            return (next.with(READ), AfterCancel::Late(owed)); // who cancels has seen it end (T-23)
        }
        let awaited = match self.phase() {
            Phase::Idle => AWAITED, // so there is no other request
            _ => 0,
        };
        let (next, after) = self.counted().with(CANCEL | awaited).without(BUSY).wake();
        (next, AfterCancel::Stored(after))
    }

    /// Gives the side data up, and takes the stored request, whose message was taken out of it. `false`: it was taken back.
    /// Only for who polls: the task does not end meanwhile, so there are no waiters to be told.
    pub(crate) fn take_request_and_unlock(self) -> (Self, bool) {
        debug_assert!(self.has(BUSY) && self.has(RUNNING), "{self:?}");
        (self.without(BUSY | CANCEL | AWAITED), self.has(CANCEL))
    }

    /// Gives the side data up, and stores a request again that a poll met and was not to see yet.
    pub(crate) fn put_back_and_unlock(self) -> Self {
        debug_assert!(self.has(BUSY) && self.has(RUNNING), "{self:?}");
        self.with(CANCEL).without(BUSY)
    }

    /// Whether a request is stored.
    pub(crate) fn is_requested(self) -> bool {
        self.has(CANCEL)
    }

    /// One more request is counted. The count stays at its highest value rather than wrap.
    pub(crate) fn counted(self) -> Self {
        if self.0 & COUNT_MASK == COUNT_MASK {
            self
        } else {
            Self(self.0 + COUNT_ONE)
        }
    }

    /// One request less; at zero what was not delivered is withdrawn (TC-38). Answers with the count.
    pub(crate) fn uncancel(self) -> (Self, usize) {
        let next = match self.cancelling() {
            0 => self,
            1 => Self(self.0 - COUNT_ONE).without(CANCEL | AWAITED),
            _ => Self(self.0 - COUNT_ONE),
        };
        (next, next.cancelling())
    }

    pub(crate) fn abort(self) -> (Self, Option<AfterWake>) {
        if self.is_done() {
            return (self, None);
        }
        let (next, after) = self.with(ABORT).wake();
        (next, Some(after))
    }

    /// Somebody has looked at the outcome: it needs no report.
    pub(crate) fn read(self) -> Self {
        self.with(READ)
    }

    /// The owning handle goes. `taken`: it has moved the outcome out.
    pub(crate) fn drop_handle(self, taken: bool) -> (Self, AfterHandle) {
        let next = self.without(HANDLE);
        if self.is_done() && !taken {
            (next, AfterHandle::Outcome)
        } else {
            (
                next.release(),
                AfterHandle::Released {
                    last: self.references() == 1,
                },
            )
        }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.phase())?;
        if let Some(end) = self.end() {
            write!(f, "({end:?})")?;
        }
        let flags = [
            (SCHEDULED, "scheduled"),
            (STARTED, "started"),
            (HANDLE, "handle"),
            (CANCEL, "cancel"),
            (AWAITED, "awaited"),
            (ABORT, "abort"),
            (BUSY, "busy"),
            (WAITERS, "waiters"),
            (READ, "read"),
        ];
        for (_, name) in flags.iter().filter(|(bit, _)| self.has(*bit)) {
            write!(f, " {name}")?;
        }
        write!(
            f,
            " cancelling={} references={}",
            self.cancelling(),
            self.references()
        )
    }
}

/// The word.
pub(crate) struct State(AtomicU64);

impl State {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self(AtomicU64::new(snapshot.0))
    }

    #[inline]
    pub(crate) fn load(&self) -> Snapshot {
        // Acquire: pairs with the Release half of `complete`, so that who sees DONE sees the outcome.
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// The one loop: applies a transition and answers with what it owes.
    #[inline]
    pub(crate) fn update<R>(&self, transition: impl Fn(Snapshot) -> (Snapshot, R)) -> R {
        // Relaxed: a stale word only costs a turn of the loop, the exchange decides.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let (next, owed) = transition(Snapshot(word));
            // AcqRel, both halves paired with every other update of this word (see the module's docs); Relaxed on
            // failure for the reason above.
            match self
                .0
                .compare_exchange_weak(word, next.0, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return owed,
                Err(seen) => word = seen,
            }
        }
    }

    pub(crate) fn retain(&self) {
        // Relaxed: the caller has a reference, so the cell cannot go meanwhile, and a new one tells nobody anything.
        let before = self.0.fetch_add(REF_ONE, Ordering::Relaxed);
        if Snapshot(before).references() >= REF_LIMIT {
            std::process::abort();
        }
    }

    /// Gives a reference back; `true` if it was the last.
    #[must_use]
    #[inline]
    pub(crate) fn release(&self) -> bool {
        if self.load().is_last() {
            return true; // nobody else sees the word: it need not be written
        }
        // AcqRel: the Release half of each release pairs with the Acquire half of the last, who frees what all wrote.
        Snapshot(self.0.fetch_sub(REF_ONE, Ordering::AcqRel)).references() == 1
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load().fmt(f)
    }
}

#[cfg(test)]
mod walk;
