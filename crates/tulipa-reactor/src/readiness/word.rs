//! The word of a source: what is known of its two directions, and whether somebody waits.
//!
//! Every transition is a pure function from one [`Snapshot`] to the next, together with what its caller now owes.
//! [`Word`] applies them with a compare-exchange loop; the walk in the tests below visits every word they can reach.

use crate::sync::{AtomicU64, Ordering};
use std::fmt;

/// What a task waits for: something to read, or room to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// What the kernel said about one direction of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Said {
    Nothing,
    /// An operation will not block, or will report an error.
    Ready,
    /// The direction was shut (end of file, hang-up): no operation on it blocks any more.
    Ended,
}

/// One event of a source, in the reactor's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct News {
    pub(crate) read: Said,
    pub(crate) write: Said,
}

/// The state of a direction at the moment somebody looked: the licence to try an operation, and later the proof of
/// what its outcome refers to. An event that arrives in between makes it stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen(u32);

/// Whose wakers the caller of a transition must now collect.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owed {
    pub(crate) readers: bool,
    pub(crate) writers: bool,
}

/// What a task that wants to wait finds.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterAwait {
    /// Nothing to wait for.
    Ready(Seen),
    /// The word now says that somebody waits: the caller must leave its waker before it lets go of the waiters' lock.
    LeaveWaker,
    /// No event will ever come.
    Gone,
}

/// The word: one atomic, changed only by the transitions of [`Snapshot`].
pub(crate) struct Word(AtomicU64);

impl Word {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(Snapshot::NEW.0))
    }

    pub(crate) fn load(&self) -> Snapshot {
        // Acquire pairs with the Release in `update`: who sees an event, or the end of the reactor, sees what the
        // thread that recorded it did before.
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// Applies `transition` and returns what it says the caller owes.
    pub(crate) fn update<R>(&self, transition: impl Fn(Snapshot) -> (Snapshot, R)) -> R {
        // Relaxed: the exchange below fails if this guess is old.
        let mut now = self.0.load(Ordering::Relaxed);
        loop {
            let (next, owed) = transition(Snapshot(now));
            // AcqRel: Release pairs with the Acquire in `load`, Acquire with the Release of the transition before.
            // No lost wake hangs on it: that needs only that these exchanges have one order (see the README).
            match self
                .0
                .compare_exchange_weak(now, next.0, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return owed,
                Err(newer) => now = newer,
            }
        }
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load().fmt(f)
    }
}

/// A copy of the word: the half of the readers below, that of the writers above.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Snapshot(u64);

impl Snapshot {
    /// A source nobody has heard of yet. A fresh socket can nearly always be written to and seldom be read from,
    /// so only a write is worth trying before the first event.
    pub(crate) const NEW: Self = Self((UNTRIED as u64) << HALF_BITS);

    /// Whether the kernel said that an operation will not block, and nothing has contradicted it since.
    pub(crate) fn is_ready(self, direction: Direction) -> bool {
        self.half(direction).is_ready()
    }

    /// Whether an operation is worth its system call: ready, or nothing is known yet.
    pub(crate) fn may_try(self, direction: Direction) -> bool {
        self.half(direction).has(READY | ENDED | UNTRIED)
    }

    /// What an operation tried now will have seen.
    pub(crate) fn seen(self, direction: Direction) -> Seen {
        Seen(self.half(direction).tick())
    }

    /// The kernel reported an event.
    pub(crate) fn told(self, news: News) -> (Self, Owed) {
        let (read, readers) = self.half(Direction::Read).told(news.read);
        let (write, writers) = self.half(Direction::Write).told(news.write);
        (Self::join(read, write), Owed { readers, writers })
    }

    /// A task wants to wait for `direction`.
    pub(crate) fn awaited(self, direction: Direction) -> (Self, AfterAwait) {
        let half = self.half(direction);
        if half.is_ready() {
            (self, AfterAwait::Ready(self.seen(direction)))
        } else if half.has(GONE) {
            (self, AfterAwait::Gone)
        } else {
            (
                self.with(direction, half.set(AWAITED)),
                AfterAwait::LeaveWaker,
            )
        }
    }

    /// An operation would have blocked: unless an event arrived since `seen`, nothing is ready.
    ///
    /// This beats a hang-up too. A source that hung up never blocks, so one that blocks has not hung up (a socket
    /// that is not connected yet says it has; so does a datagram socket with an error to report).
    pub(crate) fn refused(self, direction: Direction, seen: Seen) -> (Self, ()) {
        (self.cleared(direction, seen, READY | ENDED | UNTRIED), ())
    }

    /// An operation moved less than it could have: unless an event arrived since `seen`, there is no more.
    /// What hung up stays ready, because its end is still to be read.
    pub(crate) fn exhausted(self, direction: Direction, seen: Seen) -> (Self, ()) {
        (self.cleared(direction, seen, READY | UNTRIED), ())
    }

    /// The reactor leaves the source: nobody may wait from now on.
    pub(crate) fn left(self) -> (Self, Owed) {
        let (read, write) = (self.half(Direction::Read), self.half(Direction::Write));
        let owed = Owed {
            readers: read.has(AWAITED),
            writers: write.has(AWAITED),
        };
        (
            Self::join(
                read.clear(AWAITED).set(GONE),
                write.clear(AWAITED).set(GONE),
            ),
            owed,
        )
    }

    fn cleared(self, direction: Direction, seen: Seen, flags: u32) -> Self {
        let half = self.half(direction);
        if half.tick() == seen.0 {
            self.with(direction, half.clear(flags))
        } else {
            self
        }
    }

    fn half(self, direction: Direction) -> Half {
        match direction {
            Direction::Read => Half(self.0 as u32),
            Direction::Write => Half((self.0 >> HALF_BITS) as u32),
        }
    }

    fn with(self, direction: Direction, half: Half) -> Self {
        match direction {
            Direction::Read => Self::join(half, self.half(Direction::Write)),
            Direction::Write => Self::join(self.half(Direction::Read), half),
        }
    }

    fn join(read: Half, write: Half) -> Self {
        Self(u64::from(write.0) << HALF_BITS | u64::from(read.0))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("read", &self.half(Direction::Read))
            .field("write", &self.half(Direction::Write))
            .finish()
    }
}

const HALF_BITS: u32 = 32;

/// The kernel said that an operation will not block.
const READY: u32 = 1 << 0;
/// The kernel said that the direction was shut.
const ENDED: u32 = 1 << 1;
/// Nothing is known yet and a try is worth it.
const UNTRIED: u32 = 1 << 2;
/// There is, or was a moment ago, a waker among the waiters.
const AWAITED: u32 = 1 << 3;
/// The reactor has left the source. Never cleared.
const GONE: u32 = 1 << 4;
/// Counts the events. It would take 2^27 of them between an operation and the recording of its outcome to make a
/// stale [`Seen`] look fresh.
const TICK: u32 = 1 << 5;
const FLAGS: u32 = TICK - 1;

/// One direction's half of the word: five flags and a count of events.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Half(u32);

impl Half {
    fn told(self, said: Said) -> (Self, bool) {
        let flags = match said {
            Said::Nothing => return (self, false),
            Said::Ready => READY,
            Said::Ended => READY | ENDED,
        };
        let next = Self(self.0.wrapping_add(TICK))
            .set(flags)
            .clear(UNTRIED | AWAITED);
        (next, self.has(AWAITED))
    }

    fn is_ready(self) -> bool {
        self.has(READY | ENDED)
    }

    /// Whether any of `flags` is set.
    fn has(self, flags: u32) -> bool {
        self.0 & flags != 0
    }

    fn set(self, flags: u32) -> Self {
        Self(self.0 | flags)
    }

    fn clear(self, flags: u32) -> Self {
        Self(self.0 & !flags)
    }

    fn tick(self) -> u32 {
        self.0 & !FLAGS
    }
}

impl fmt::Debug for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (READY, "ready"),
            (ENDED, "ended"),
            (UNTRIED, "untried"),
            (AWAITED, "awaited"),
            (GONE, "gone"),
        ];
        for (_, name) in names.iter().filter(|(flag, _)| self.has(*flag)) {
            write!(f, "{name} ")?;
        }
        write!(f, "tick {}", self.0 / TICK)
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
