//! The sources of a reactor, by token.
//!
//! A token is a place in the slab and the count of registrations when it was taken. So an event that was on its way
//! while its source left, or that comes from a descriptor which outlived its registration in a duplicate, does not
//! reach the next source in the same place.

use crate::error::ReactorGone;
use crate::readiness::Readiness;
use crate::sync::Arc;
use mio::Token;
use slab::Slab;
use std::io;
use std::mem;

/// Token of the waker that ends a turn.
pub(super) const INTERRUPT: Token = Token(usize::MAX);
/// Token of the alarm that ends a turn in time.
pub(super) const ALARM: Token = Token(usize::MAX - 1);

#[derive(Debug, Default)]
pub(super) struct Table {
    sources: Slab<Entry>,
    registrations: usize,
    closed: bool,
}

#[derive(Debug)]
struct Entry {
    token: Token,
    readiness: Arc<Readiness>,
}

impl Table {
    /// Takes a place for a new source.
    pub(super) fn insert(&mut self) -> io::Result<(Token, Arc<Readiness>)> {
        if self.closed {
            return Err(ReactorGone.into());
        }
        let place = self.sources.vacant_key();
        if place >= MOST_SOURCES {
            return Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                "a reactor cannot tell more sources apart",
            ));
        }
        self.registrations = self.registrations.wrapping_add(1);
        let token = Token(self.registrations << PLACE_BITS | place);
        let readiness = Arc::new(Readiness::new());
        self.sources.insert(Entry {
            token,
            readiness: readiness.clone(),
        });
        Ok((token, readiness))
    }

    /// The source that `token` stands for, if it is still here.
    pub(super) fn get(&self, token: Token) -> Option<&Readiness> {
        let entry = self.sources.get(place(token))?;
        (entry.token == token).then_some(&*entry.readiness)
    }

    /// Gives up a place. What is returned holds wakers: it is dropped outside the table's lock.
    #[must_use]
    pub(super) fn remove(&mut self, token: Token) -> Option<Arc<Readiness>> {
        self.get(token)?;
        Some(self.sources.remove(place(token)).readiness)
    }

    /// Takes no more sources. Returns those there are, the first time.
    #[must_use]
    pub(super) fn close(&mut self) -> Vec<Arc<Readiness>> {
        if mem::replace(&mut self.closed, true) {
            return Vec::new();
        }
        self.sources
            .iter()
            .map(|(_, entry)| entry.readiness.clone())
            .collect()
    }

    pub(super) fn len(&self) -> usize {
        self.sources.len()
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_reach_the_next_source_in_its_place() {
        let mut table = Table::default();
        let (old, _) = table.insert().unwrap();
        assert!(table.remove(old).is_some());
        let (new, _) = table.insert().unwrap();
        assert_eq!(place(old), place(new));
        assert!(table.get(old).is_none());
        assert!(table.remove(old).is_none());
        assert!(table.get(new).is_some());
    }

    #[test]
    fn a_token_outlives_the_wrapping_of_the_count() {
        let mut table = Table {
            registrations: usize::MAX - 1,
            ..Table::default()
        };
        let tokens = [(); 4].map(|()| table.insert().unwrap().0);
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
    fn a_closed_table_takes_nothing_and_hands_out_its_sources_once() {
        let mut table = Table::default();
        let (token, _) = table.insert().unwrap();
        assert_eq!(table.close().len(), 1);
        assert_eq!(table.close().len(), 0);
        assert!(table.insert().is_err());
        assert!(
            table.remove(token).is_some(),
            "sources leave after the end too"
        );
    }
}
