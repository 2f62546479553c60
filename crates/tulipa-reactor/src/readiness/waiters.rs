//! Who waits for one direction of a source.
//!
//! A waker is code of somebody else's: cloning, waking and dropping one may run anything. So nothing here does any of
//! it. Wakers come in cloned and go out through return values, and the caller deals with them outside its lock.

use slab::Slab;
use std::mem;
use std::task::Waker;

/// The wakers of those who wait. Usually one, kept in place.
///
/// Those who wait through a future have a [`Ticket`] and leave when it is dropped. Those who wait through a `poll`
/// function cannot tell us that they went: their wakers stay until the next event, and [`CROWD`] bounds how many.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    first: Option<Waker>,
    crowd: Vec<Waker>,
    ticketed: Slab<Waker>,
    /// How often everybody was called: a ticket from before is void.
    round: u64,
}

/// A place among the waiters, good until everybody is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    place: usize,
    round: u64,
}

/// How many anonymous wakers are kept besides the first. One more, and all of them are woken: who is still interested
/// polls again and is back in.
const CROWD: usize = 64;

impl Waiters {
    /// Takes the waker of one who waits without a ticket, unless it is there already. Returns those to wake now.
    #[must_use]
    pub(crate) fn add(&mut self, waker: &mut Option<Waker>) -> Vec<Waker> {
        let Some(new) = waker else { return Vec::new() };
        if self
            .first
            .iter()
            .chain(&self.crowd)
            .any(|kept| kept.will_wake(new))
        {
            return Vec::new();
        }
        if self.first.is_none() {
            self.first = waker.take();
            return Vec::new();
        }
        let flushed = if self.crowd.len() == CROWD {
            mem::take(&mut self.crowd)
        } else {
            Vec::new()
        };
        self.crowd.extend(waker.take());
        flushed
    }

    /// Adds one who waits with a ticket, or renews its waker. Returns the waker that is no longer needed.
    #[must_use]
    pub(crate) fn keep(&mut self, ticket: &mut Option<Ticket>, waker: Waker) -> Option<Waker> {
        if let Some(held) = ticket.filter(|held| held.round == self.round) {
            return Some(mem::replace(&mut self.ticketed[held.place], waker));
        }
        *ticket = Some(Ticket {
            place: self.ticketed.insert(waker),
            round: self.round,
        });
        None
    }

    /// Takes out the waker that `ticket` stands for, if it was not called yet.
    #[must_use]
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<Waker> {
        if ticket.round == self.round {
            self.ticketed.try_remove(ticket.place)
        } else {
            None
        }
    }

    /// Moves everybody to `called`. Keeps its memory, so that waiting again allocates nothing.
    pub(crate) fn call(&mut self, called: &mut Vec<Waker>) {
        called.extend(self.first.take());
        called.append(&mut self.crowd);
        if !self.ticketed.is_empty() {
            called.extend(self.ticketed.drain());
        }
        self.round += 1;
    }
}
