//! Where the readiness of sources lies: on shelves, each source in a line of the cache to itself.
//!
//! An event knows its source by a place, not by an address, so a table stands between the two. A table of shelves is
//! short enough to stay in the cache, however many sources there are; and what tells a source from those that had its
//! place before lies in the line that the event is about to write. With an allocation for each source, and an
//! entry in the table, there would be one more line to wait for.

use crate::readiness::Readiness;
use crate::sync::{Arc, AtomicUsize, Ordering};
use mio::Token;
use std::array;
use std::ops::Deref;
use std::task::Waker;

/// Room for as many sources as a word has bits.
#[derive(Debug)]
pub(super) struct Shelf {
    spots: Arc<Spots>,
    /// A bit for each spot that is free.
    free: u32,
}

type Spots = [Spot; Shelf::SPOTS];

/// A source, or room for one.
#[derive(Debug)]
#[repr(align(64))] // all of it is in one line, and nothing else is
struct Spot {
    /// Of the source that is there. Relaxed: it is the table's, and so under the table's lock.
    token: AtomicUsize,
    readiness: Readiness,
}

/// A source's spot, for as long as the table has not taken it back: its readiness is reached without the table.
pub(crate) struct Place {
    spots: Arc<Spots>,
    token: Token,
}

/// The token of nobody: that of the reactor's own waker.
const NOBODY: usize = usize::MAX;

impl Shelf {
    pub(super) const SPOTS: usize = u32::BITS as usize;

    pub(super) fn new() -> Self {
        Self {
            spots: Arc::new(array::from_fn(|_| Spot::new())),
            free: u32::MAX,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.free != 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free == u32::MAX
    }

    /// The spot that is filled next, if there is room.
    pub(super) fn next(&self) -> usize {
        self.free.trailing_zeros() as usize
    }

    /// Puts a new source on the [next](Self::next) spot, which must be that of `token`.
    pub(super) fn put(&mut self, token: Token) -> Place {
        debug_assert!(self.has_room() && spot(token) == self.next());
        let Spot {
            token: of,
            readiness,
        } = &self.spots[spot(token)];
        readiness.renew();
        of.store(token.0, Ordering::Relaxed);
        self.free &= !(1 << spot(token));
        Place {
            spots: self.spots.clone(),
            token,
        }
    }

    /// The source that `token` stands for, if it is still here.
    pub(super) fn get(&self, token: Token) -> Option<&Readiness> {
        let Spot {
            token: of,
            readiness,
        } = &self.spots[spot(token)];
        (of.load(Ordering::Relaxed) == token.0).then_some(readiness)
    }

    /// Clears the spot of `token`, and moves the wakers of those who wait to `called`. Whether it was still here.
    #[must_use]
    pub(super) fn clear(&mut self, token: Token, called: &mut Vec<Waker>) -> bool {
        let Some(readiness) = self.get(token) else {
            return false;
        };
        readiness.leave(called);
        self.spots[spot(token)]
            .token
            .store(NOBODY, Ordering::Relaxed);
        self.free |= 1 << spot(token);
        true
    }

    /// Ends all waiting, and moves all wakers to `called`.
    pub(super) fn leave_all(&self, called: &mut Vec<Waker>) {
        for spot in &*self.spots {
            spot.readiness.leave(called); // of nobody: there is nobody to wait
        }
    }
}

impl Spot {
    fn new() -> Self {
        Self {
            token: AtomicUsize::new(NOBODY),
            readiness: Readiness::new(),
        }
    }
}

impl Place {
    pub(crate) fn token(&self) -> Token {
        self.token
    }
}

impl Deref for Place {
    type Target = Readiness;

    fn deref(&self) -> &Readiness {
        &self.spots[spot(self.token)].readiness
    }
}

/// Shelves are numbered in the upper bits of a place.
fn spot(token: Token) -> usize {
    token.0 % Shelf::SPOTS
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_source_takes_a_line_of_the_cache() {
        if cfg!(target_pointer_width = "64") {
            assert_eq!(size_of::<Spot>(), 64);
        }
    }
}
