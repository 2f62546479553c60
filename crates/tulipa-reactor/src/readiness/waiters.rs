//! Who waits for the two directions of a source.
//!
//! A waker is code of somebody else's: cloning, waking and dropping one may run anything. So nothing here does any of
//! it. Wakers come in cloned and go out through return values, and the caller deals with them outside its lock.

use super::Direction;
use slab::Slab;
use std::mem;
use std::task::Waker;

/// The wakers of those who wait. Usually one a direction, kept in place: together with the word and the lock that is
/// all that an event and a wait touch. What is rarely there lies elsewhere, and stays once it was needed.
///
/// Those who wait through a future have a [`Ticket`] and leave when it is dropped. Those who wait through a `poll`
/// function cannot tell us that they went: their wakers stay until the next event, and [`CROWD`] bounds how many.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// Empty only if nobody else waits without a ticket either.
    first: [Option<Waker>; 2],
    others: Option<Box<[Others; 2]>>,
}

/// Those of one direction besides the first.
#[derive(Debug, Default)]
struct Others {
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
    pub(super) fn add(&mut self, direction: Direction, waker: &mut Option<Waker>) -> Vec<Waker> {
        let first = &mut self.first[direction as usize];
        match (&*first, &*waker) {
            (None, Some(_)) => *first = waker.take(),
            (Some(kept), Some(new)) if !kept.will_wake(new) => {
                return self.others(direction).crowd_in(waker);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Adds one who waits with a ticket, or renews its waker. Returns the waker that is no longer needed.
    #[must_use]
    pub(super) fn keep(
        &mut self,
        direction: Direction,
        ticket: &mut Option<Ticket>,
        waker: Waker,
    ) -> Option<Waker> {
        let others = self.others(direction);
        if let Some(held) = ticket.filter(|held| held.round == others.round) {
            return Some(mem::replace(&mut others.ticketed[held.place], waker));
        }
        *ticket = Some(Ticket {
            place: others.ticketed.insert(waker),
            round: others.round,
        });
        None
    }

    /// Takes out the waker that `ticket` stands for, if it was not called yet.
    #[must_use]
    pub(super) fn leave(&mut self, direction: Direction, ticket: Ticket) -> Option<Waker> {
        let others = &mut self.others.as_mut()?[direction as usize]; // where the ticket was made
        if ticket.round == others.round {
            others.ticketed.try_remove(ticket.place)
        } else {
            None
        }
    }

    /// Moves everybody to `called`. Keeps its memory, so that waiting again allocates nothing.
    #[inline]
    pub(super) fn call(&mut self, direction: Direction, called: &mut Vec<Waker>) {
        if let Some(first) = self.first[direction as usize].take() {
            called.push(first);
        }
        if let Some(others) = &mut self.others {
            others[direction as usize].call(called);
        }
    }

    fn others(&mut self, direction: Direction) -> &mut Others {
        &mut self.others.get_or_insert_default()[direction as usize]
    }
}

impl Others {
    /// `add`, for one who is not the first.
    fn crowd_in(&mut self, waker: &mut Option<Waker>) -> Vec<Waker> {
        let known = |new: &Waker| self.crowd.iter().any(|kept| kept.will_wake(new));
        if waker.as_ref().is_some_and(known) {
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

    fn call(&mut self, called: &mut Vec<Waker>) {
        called.append(&mut self.crowd);
        if !self.ticketed.is_empty() {
            called.extend(self.ticketed.drain());
        }
        self.round += 1;
    }
}
