#![doc = include_str!("README.md")]

mod waiters;
mod word;

pub(crate) use self::waiters::Ticket;
pub(crate) use self::word::{Direction, News, Said, Seen, Snapshot};

use self::waiters::Waiters;
use self::word::{AfterAwait, Owed, Word};
use crate::error::ReactorGone;
use crate::sync::Mutex;
use std::task::{Poll, Waker};

/// What is known of one source, and who waits for it. Knows nothing of mio.
///
/// Together with its token a line of the cache, and no more: with thousands of sources each line that an event touches
/// is one that the processor waits for.
#[derive(Debug)]
pub(crate) struct Readiness {
    word: Word,
    waiters: Mutex<Waiters>,
}

impl Readiness {
    pub(crate) fn new() -> Self {
        Self {
            word: Word::new(),
            waiters: Mutex::new(Waiters::default()),
        }
    }

    /// Begins anew, for another source. The one before has [left](Self::leave), and nobody has waited since.
    pub(crate) fn renew(&self) {
        *self.waiters.lock() = Waiters::default();
        self.word.update(|_| (Snapshot::NEW, ()));
    }

    /// What is known now: one load.
    pub(crate) fn look(&self) -> Snapshot {
        self.word.load()
    }

    /// Records an event and moves the wakers of those it concerns to `called`.
    pub(crate) fn tell(&self, news: News, called: &mut Vec<Waker>) {
        let owed = self.word.update(|word| word.told(news));
        self.call(owed, called);
    }

    /// Ends all waiting, now and for good, and moves every waker to `called`.
    pub(crate) fn leave(&self, called: &mut Vec<Waker>) {
        let owed = self.word.update(|word| word.left());
        self.call(owed, called);
    }

    /// Records that an operation would have blocked.
    pub(crate) fn refuse(&self, direction: Direction, seen: Seen) {
        self.word.update(|word| word.refused(direction, seen));
    }

    /// Records that an operation used up what there was.
    pub(crate) fn exhaust(&self, direction: Direction, seen: Seen) {
        self.word.update(|word| word.exhausted(direction, seen));
    }

    /// Waits for a `poll` function, which has nowhere to keep a ticket.
    pub(crate) fn poll_anonymous(
        &self,
        direction: Direction,
        waker: &Waker,
    ) -> Poll<Result<Seen, ReactorGone>> {
        let mut waker = Some(waker.clone());
        let mut flushed = Vec::new();
        let answer = self.wait(direction, |waiters| {
            flushed = waiters.add(direction, &mut waker);
        });
        if !flushed.is_empty() {
            flushed.into_iter().for_each(Waker::wake);
        }
        answer
    }

    /// Waits for a future, which keeps a ticket and must give it back with [`forget`](Self::forget).
    pub(crate) fn poll_ticketed(
        &self,
        direction: Direction,
        ticket: &mut Option<Ticket>,
        waker: &Waker,
    ) -> Poll<Result<Seen, ReactorGone>> {
        let waker = waker.clone();
        let mut surplus = None;
        self.wait(direction, |waiters| {
            surplus = waiters.keep(direction, ticket, waker);
        })
    }

    /// Takes back the waker of a future that no longer waits.
    pub(crate) fn forget(&self, direction: Direction, ticket: Ticket) {
        let waker = self.waiters.lock().leave(direction, ticket);
        drop(waker); // runs code of others: after the lock
    }

    /// Settles, under the waiters' lock, whether there is anything to wait for, and has the waker left if so.
    fn wait(
        &self,
        direction: Direction,
        leave_waker: impl FnOnce(&mut Waiters),
    ) -> Poll<Result<Seen, ReactorGone>> {
        let mut waiters = self.waiters.lock();
        match self.word.update(|word| word.awaited(direction)) {
            AfterAwait::Ready(seen) => Poll::Ready(Ok(seen)),
            AfterAwait::Gone => Poll::Ready(Err(ReactorGone)),
            AfterAwait::LeaveWaker => {
                leave_waker(&mut waiters);
                Poll::Pending
            }
        }
    }

    fn call(&self, owed: Owed, called: &mut Vec<Waker>) {
        if !owed.readers && !owed.writers {
            return;
        }
        let mut waiters = self.waiters.lock();
        if owed.readers {
            waiters.call(Direction::Read, called);
        }
        if owed.writers {
            waiters.call(Direction::Write, called);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
