//! A source's tie to its reactor: tries operations, waits between the tries, and says when it is over.
//!
//! Nothing here knows the type of the source; [`Async`](crate::Async) passes its operations in.

use crate::error::ReactorGone;
use crate::reactor::{Core, Place};
use crate::readiness::{Direction, Readiness, Seen};
use crate::sync::Arc;
use crate::sys::SHORT_TRANSFERS_TELL;
use mio::Interest;
use mio::event::Source;
use std::fmt;
use std::io;
use std::task::{Context, Poll, ready};
use tulipa_task::{Leaf, slice, waits};

pub(crate) struct Registration {
    core: Arc<Core>,
    /// With the source's readiness.
    place: Place,
    interest: Interest,
    trusts_short_transfers: bool,
    /// For those who ask what a task waits for.
    descriptor: Option<i32>,
}

impl Registration {
    pub(crate) fn new(core: Arc<Core>, place: Place, interest: Interest) -> Self {
        Self {
            core,
            place,
            interest,
            trusts_short_transfers: false,
            descriptor: None,
        }
    }

    /// Takes a short transfer for the last one, where the platform allows it.
    pub(super) fn trust_short_transfers(&mut self) {
        self.trusts_short_transfers = SHORT_TRANSFERS_TELL;
    }

    #[cfg(unix)]
    pub(super) fn name(&mut self, descriptor: i32) {
        self.descriptor = Some(descriptor);
    }

    /// Tells the kernel to forget the source, before its descriptor closes.
    pub(super) fn unwatch<S: Source>(&self, source: &mut S) {
        self.core.unwatch(source);
    }

    pub(super) fn readiness(&self) -> &Readiness {
        &self.place
    }

    /// Waits until the kernel has said that the source is ready.
    pub(super) fn poll_ready(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_ready_with(direction, |readiness| {
            readiness.poll_anonymous(direction, cx.waker())
        })
    }

    /// The same, with a way to wait given.
    pub(super) fn poll_ready_with(
        &self,
        direction: Direction,
        wait: impl FnOnce(&Readiness) -> Poll<Result<Seen, ReactorGone>>,
    ) -> Poll<io::Result<()>> {
        if self.place.look().is_ready(direction) {
            return Poll::Ready(Ok(()));
        }
        self.check_interest(direction)?;
        let polled = wait(&self.place);
        if polled.is_pending() {
            waits::note(self.leaf(direction));
        }
        ready!(polled)?; // what it saw matters to an operation, and that looks for itself
        Poll::Ready(Ok(()))
    }

    fn leaf(&self, direction: Direction) -> Leaf {
        match direction {
            Direction::Read => Leaf::Readable(self.descriptor),
            Direction::Write => Leaf::Writable(self.descriptor),
        }
    }

    /// Tries `operation` until it does not block or nothing is ready, which is `None`.
    pub(super) fn attempt<R>(
        &self,
        direction: Direction,
        operation: impl FnMut() -> io::Result<R>,
    ) -> Option<io::Result<R>> {
        Some(
            self.attempt_seeing(direction, operation)?
                .map(|(outcome, _)| outcome),
        )
    }

    /// Tries `operation` when the source is ready, waiting between the tries.
    pub(super) fn poll_io<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        operation: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_seeing(direction, cx, operation)
            .map_ok(|(outcome, _)| outcome)
    }

    /// Tries an operation that moves up to `room` bytes.
    pub(super) fn poll_transfer(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        room: usize,
        operation: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let (moved, seen) = ready!(self.poll_seeing(direction, cx, operation))?;
        // Nothing at all is the end of a stream, or a full one, and says so by itself.
        if self.trusts_short_transfers && 0 < moved && moved < room {
            self.place.exhaust(direction, seen);
        }
        Poll::Ready(Ok(moved))
    }

    /// Tries `operation` whether the source is ready or not, and waits only if it would have blocked.
    pub(super) fn poll_eager<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        ready!(slice::give_way(cx));
        loop {
            let seen = self.place.look().seen(direction);
            if let Some(outcome) = self.run(direction, seen, &mut operation) {
                return Poll::Ready(outcome);
            }
            ready!(self.poll_ready(direction, cx))?;
        }
    }

    /// `poll_io`, with what the operation saw.
    fn poll_seeing<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<(R, Seen)>> {
        ready!(slice::give_way(cx));
        loop {
            if let Some(outcome) = self.attempt_seeing(direction, &mut operation) {
                return Poll::Ready(outcome);
            }
            ready!(self.poll_ready(direction, cx))?;
        }
    }

    /// `attempt`, with what the operation saw.
    fn attempt_seeing<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> Option<io::Result<(R, Seen)>> {
        loop {
            let known = self.place.look();
            if !known.may_try(direction) {
                return None;
            }
            let seen = known.seen(direction);
            if let Some(outcome) = self.run(direction, seen, &mut operation) {
                return Some(outcome.map(|outcome| (outcome, seen)));
            }
        }
    }

    /// Runs `operation` until it is not interrupted. `None`: it would have blocked, which is recorded.
    fn run<R>(
        &self,
        direction: Direction,
        seen: Seen,
        operation: &mut impl FnMut() -> io::Result<R>,
    ) -> Option<io::Result<R>> {
        loop {
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.place.refuse(direction, seen);
                    return None;
                }
                outcome => return Some(outcome),
            }
        }
    }

    /// A source that is not watched in a direction would be waited for in vain.
    fn check_interest(&self, direction: Direction) -> io::Result<()> {
        let (watched, remedy) = match direction {
            Direction::Read => (
                self.interest.is_readable() || self.interest.is_priority(),
                "nothing tells when this source can be read: register it with Interest::READABLE",
            ),
            Direction::Write => (
                self.interest.is_writable(),
                "nothing tells when this source can be written: register it with Interest::WRITABLE",
            ),
        };
        if watched {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, remedy))
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.core.forget(self.place.token());
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.place.look();
        f.debug_struct("Registration")
            .field("token", &self.place.token())
            .field("word", &word)
            .finish_non_exhaustive()
    }
}
