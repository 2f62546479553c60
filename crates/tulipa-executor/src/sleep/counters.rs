//! How many workers search and how many sleep, in one word, so that whoever has work to give away decides with one load.
//!
//! ```text
//!   63 ........ 32  31 ...... 16  15 ....... 0
//!   wakes so far    sleeping      searching
//! ```
//!
//! The transitions are pure functions of a [`Count`]; [`Counters`] applies them. The number of wakes makes two equal
//! snapshots mean that nobody was woken in between.

use crate::sync::{AtomicU64, Ordering};
use std::fmt;

const FIELD: u64 = 0xFFFF;
const SEARCHING: u64 = 1;
const SLEEPING_SHIFT: u32 = 16;
const SLEEPING: u64 = 1 << SLEEPING_SHIFT;
const WAKES_SHIFT: u32 = 32;
const WAKE: u64 = 1 << WAKES_SHIFT;

/// More workers than this do not fit their field.
pub(crate) const MAX_WORKERS: usize = FIELD as usize;

/// The word at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count(u64);

/// Whom a wake is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rouse {
    /// Somebody has to search: nobody is woken if somebody does already.
    Searcher,
    /// A worker with something of its own to do, or that has to look at more than the queues.
    Anyway,
}

impl Count {
    pub(crate) fn searching(self) -> usize {
        (self.0 & FIELD) as usize
    }

    pub(crate) fn sleeping(self) -> usize {
        ((self.0 >> SLEEPING_SHIFT) & FIELD) as usize
    }

    /// Whether a queued task is a reason to wake somebody.
    #[inline]
    pub(crate) fn wants_searcher(self) -> bool {
        self.searching() == 0 && self.sleeping() > 0
    }

    fn search(self) -> Self {
        Self(self.0 + SEARCHING)
    }

    fn stop_searching(self) -> Self {
        debug_assert!(self.searching() > 0, "{self:?}");
        Self(self.0 - SEARCHING)
    }

    fn fall_asleep(self) -> Self {
        debug_assert!(self.searching() > 0, "{self:?}");
        Self(self.0 - SEARCHING + SLEEPING)
    }

    /// One sleeper fewer, one searcher more; `None` if nobody is to be woken.
    fn rouse(self, rouse: Rouse) -> Option<Self> {
        let wanted = match rouse {
            Rouse::Searcher => self.wants_searcher(),
            Rouse::Anyway => self.sleeping() > 0,
        };
        wanted.then(|| Self(self.0.wrapping_add(WAKE) - SLEEPING + SEARCHING))
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "searching={} sleeping={} wakes={}",
            self.searching(),
            self.sleeping(),
            self.0 >> WAKES_SHIFT
        )
    }
}

/// The word.
pub(crate) struct Counters(AtomicU64);

impl Counters {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// The word as this thread happens to see it. Who must not miss a sleeper puts a fence before this.
    #[inline]
    pub(crate) fn peek(&self) -> Count {
        // Relaxed: the fence of the caller orders this load after what he queued (step P2 in the README); without
        // one it is a hint.
        Count(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn search(&self) -> Count {
        // Relaxed: a searcher promises something only when it stops.
        self.apply(Ordering::Relaxed, Count::search)
    }

    /// Answers with the count that is left.
    pub(crate) fn stop_searching(&self) -> Count {
        // Relaxed: the fence that follows it in `Sleep` orders it before the look at the queues (step S2).
        self.apply(Ordering::Relaxed, Count::stop_searching)
    }

    /// Answers with the count that is left.
    pub(crate) fn fall_asleep(&self) -> Count {
        // Release: pairs with the Acquire in `rouse`: who takes a sleeper off the count finds its bit.
        self.apply(Ordering::Release, Count::fall_asleep)
    }

    /// Takes one sleeper off the count. `true`: the caller now has to wake one.
    #[must_use]
    pub(crate) fn rouse(&self, rouse: Rouse) -> bool {
        // Relaxed: the exchange decides.
        let mut seen = self.peek();
        while let Some(next) = seen.rouse(rouse) {
            // Acquire: pairs with the Release in `fall_asleep`. Relaxed on failure: nothing is done with it but retry.
            match self
                .0
                .compare_exchange_weak(seen.0, next.0, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(word) => seen = Count(word),
            }
        }
        false
    }

    /// The transitions that always apply: none carries or borrows out of its field, so adding the difference will do.
    fn apply(&self, ordering: Ordering, transition: fn(Count) -> Count) -> Count {
        let unit = Count(SEARCHING);
        let difference = transition(unit).0.wrapping_sub(unit.0);
        let before = Count(self.0.fetch_add(difference, ordering));
        transition(before)
    }
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peek().fmt(f)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Count, Counters, Rouse};
    use std::collections::HashSet;

    /// Every word that `workers` can reach, however they take turns. Wakes are masked: their number only grows.
    fn reachable(workers: usize) -> HashSet<(usize, usize)> {
        let mut seen = HashSet::new();
        let mut open = vec![Count(0)];
        while let Some(count) = open.pop() {
            let (searching, sleeping) = (count.searching(), count.sleeping());
            if !seen.insert((searching, sleeping)) {
                continue;
            }
            if searching + sleeping < workers {
                open.push(count.search());
            }
            if searching > 0 {
                open.extend([count.stop_searching(), count.fall_asleep()]);
            }
            open.extend(
                [Rouse::Searcher, Rouse::Anyway]
                    .into_iter()
                    .filter_map(|rouse| count.rouse(rouse)),
            );
        }
        seen
    }

    #[test]
    fn no_reachable_word_counts_more_workers_than_there_are() {
        let words = reachable(4);
        assert!(
            words
                .iter()
                .all(|(searching, sleeping)| searching + sleeping <= 4)
        );
        assert_eq!(words.len(), 15, "all pairs with a sum of at most four");
    }

    #[test]
    fn a_searcher_is_woken_only_if_nobody_searches_and_somebody_sleeps() {
        let asleep = Count(0).search().fall_asleep();
        let woken = asleep
            .rouse(Rouse::Searcher)
            .expect("one sleeps, none searches");
        assert_eq!((woken.searching(), woken.sleeping()), (1, 0));
        assert_eq!(woken.rouse(Rouse::Searcher), None);
        assert_eq!(Count(0).rouse(Rouse::Anyway), None, "nobody sleeps");
        assert!(
            asleep.search().rouse(Rouse::Searcher).is_none(),
            "somebody searches"
        );
        assert!(asleep.search().rouse(Rouse::Anyway).is_some());
    }

    #[test]
    fn a_wake_changes_the_word_for_good() {
        let counters = Counters::new();
        counters.search();
        counters.fall_asleep();
        let before = counters.peek();
        assert!(counters.rouse(Rouse::Searcher));
        assert_ne!(
            counters.fall_asleep(),
            before,
            "the same workers sleep, but one was awake"
        );
    }

    #[test]
    fn debug_unpacks_the_word() {
        let count = Count(0).search().fall_asleep().search();
        assert_eq!(format!("{count:?}"), "searching=1 sleeping=1 wakes=0");
    }
}
