//! The sources of a reactor, by token.
//!
//! A token is a place and the count of registrations when it was taken; a place is a shelf and a spot on it. So an event
//! that was on its way while its source left, or that comes from a descriptor which outlived its registration in a
//! duplicate, does not reach the next source in the same place.

use super::shelf::{Place, Shelf};
use crate::error::ReactorGone;
use crate::readiness::Readiness;
use mio::Token;
use slab::Slab;
use std::io;
use std::mem;
use std::task::Waker;

/// Token of the waker that ends a turn.
pub(super) const INTERRUPT: Token = Token(usize::MAX);
/// Token of the alarm that ends a turn in time.
pub(super) const ALARM: Token = Token(usize::MAX - 1);

#[derive(Debug, Default)]
pub(super) struct Table {
    shelves: Slab<Shelf>,
    /// The shelves with room, the one to fill last; among them numbers of shelves that are gone.
    roomy: Vec<usize>,
    sources: usize,
    registrations: usize,
    closed: bool,
}

impl Table {
    /// Takes a place for a new source.
    pub(super) fn insert(&mut self) -> io::Result<Place> {
        if self.closed {
            return Err(ReactorGone.into());
        }
        let number = self.roomy_shelf();
        let shelf = &mut self.shelves[number];
        let place = number * Shelf::SPOTS + shelf.next();
        if place >= MOST_SOURCES {
            return Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                "a reactor cannot tell more sources apart",
            ));
        }
        self.registrations = self.registrations.wrapping_add(1);
        let place = shelf.put(Token(self.registrations << PLACE_BITS | place));
        if !shelf.has_room() {
            self.roomy.pop();
        }
        self.sources += 1;
        Ok(place)
    }

    /// The source that `token` stands for, if it is still here.
    pub(super) fn get(&self, token: Token) -> Option<&Readiness> {
        self.shelves.get(shelf(token))?.get(token)
    }

    /// Gives up a place, and moves the wakers of those who wait to `called`. Its readiness is not used afterwards.
    pub(super) fn remove(&mut self, token: Token, called: &mut Vec<Waker>) {
        let number = shelf(token);
        let Some(shelf) = self.shelves.get_mut(number) else {
            return;
        };
        let was_full = !shelf.has_room();
        if !shelf.clear(token, called) {
            return;
        }
        self.sources -= 1;
        if was_full {
            self.roomy.push(number);
        } else if shelf.is_empty() && self.roomy.len() > 1 {
            self.shelves.remove(number); // one is kept: connections may come one at a time
        }
    }

    /// Takes no more sources, and moves the wakers of those who wait for one to `called`.
    pub(super) fn close(&mut self, called: &mut Vec<Waker>) {
        if mem::replace(&mut self.closed, true) {
            return;
        }
        for (_, shelf) in &self.shelves {
            shelf.leave_all(called);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.sources
    }

    /// A shelf with room: the last in the list, made if there is none.
    fn roomy_shelf(&mut self) -> usize {
        while let Some(&number) = self.roomy.last() {
            if self.shelves.contains(number) {
                return number;
            }
            self.roomy.pop();
        }
        // The list is empty, so whatever number this gets is in it once.
        let number = self.shelves.insert(Shelf::new());
        self.roomy.push(number);
        number
    }
}

/// Half of a token for the place, half for the count; on small targets, more for the place.
const PLACE_BITS: u32 = if usize::BITS > 32 {
    usize::BITS / 2
} else {
    20
};
/// Leaves out the places of the two tokens that are not of the table.
const MOST_SOURCES: usize = (1 << PLACE_BITS) - 2;

fn place(token: Token) -> usize {
    token.0 & ((1 << PLACE_BITS) - 1)
}

fn shelf(token: Token) -> usize {
    place(token) / Shelf::SPOTS
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn remove(table: &mut Table, token: Token) {
        table.remove(token, &mut Vec::new());
    }

    #[test]
    fn a_token_does_not_reach_the_next_source_in_its_place() {
        let mut table = Table::default();
        let old = table.insert().unwrap().token();
        remove(&mut table, old);
        let new = table.insert().unwrap().token();
        assert_eq!(place(old), place(new));
        assert!(table.get(old).is_none());
        remove(&mut table, old);
        assert!(table.get(new).is_some());
    }

    #[test]
    fn a_token_outlives_the_wrapping_of_the_count() {
        let mut table = Table {
            registrations: usize::MAX - 1,
            ..Table::default()
        };
        let tokens = [(); 4].map(|()| table.insert().unwrap().token());
        for (number, token) in tokens.into_iter().enumerate() {
            assert_eq!(place(token), number);
            assert!(table.get(token).is_some());
        }
    }

    #[test]
    fn the_reactors_own_tokens_name_no_place() {
        assert!(place(INTERRUPT) >= MOST_SOURCES);
        assert!(place(ALARM) >= MOST_SOURCES);
    }

    #[test]
    fn a_closed_table_takes_nothing_and_gives_back_what_it_has() {
        let mut table = Table::default();
        let token = table.insert().unwrap().token();
        table.close(&mut Vec::new());
        assert!(table.insert().is_err());
        remove(&mut table, token);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn one_connection_after_the_other_takes_one_shelf() {
        let mut table = Table::default();
        let mut spots = Vec::new();
        for _ in 0..100 {
            let source = table.insert().unwrap();
            spots.push(std::ptr::from_ref(&*source));
            remove(&mut table, source.token());
        }
        assert!(spots.iter().all(|spot| *spot == spots[0]));
    }

    proptest! {
        /// Sources come (true) and go, any of those that are there: who is there is found, alone in its place, and
        /// who is gone is not; nor are the shelves that they took.
        #[test]
        fn sources_come_and_go(steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..400)) {
            let mut table = Table::default();
            let (mut here, mut gone) = (Vec::<Place>::new(), Vec::new());
            for (comes, which) in steps {
                if comes {
                    here.push(table.insert().unwrap());
                } else if !here.is_empty() {
                    let source = here.swap_remove(which.index(here.len()));
                    remove(&mut table, source.token());
                    gone.push(source.token());
                }
                prop_assert_eq!(table.len(), here.len());
                prop_assert!(table.roomy.len() <= table.shelves.capacity());
            }
            for source in &here {
                prop_assert!(std::ptr::eq(table.get(source.token()).unwrap(), &**source));
            }
            prop_assert!(gone.iter().all(|token| table.get(*token).is_none()));
            for source in here.drain(..) {
                remove(&mut table, source.token());
            }
            prop_assert!(table.shelves.len() <= 1);
        }
    }
}
