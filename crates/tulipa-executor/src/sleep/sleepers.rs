//! Which workers sleep: a bit each, in as many words as it takes.
//!
//! A worker sets its own bit; whoever wakes it clears the bit, and only one can. So the bit says who owns the wake.

use crate::sync::{AtomicU64, Ordering};
use std::fmt;

const BITS: usize = u64::BITS as usize;

/// A set of workers that many may take from at once.
pub(crate) struct Sleepers(Box<[AtomicU64]>);

impl Sleepers {
    pub(crate) fn new(workers: usize) -> Self {
        Self(
            (0..workers.div_ceil(BITS))
                .map(|_| AtomicU64::new(0))
                .collect(),
        )
    }

    pub(crate) fn insert(&self, worker: usize) {
        let (word, bit) = locate(worker);
        // Release: pairs with the Acquire in `take`: who wakes a worker sees what it left in its queues.
        self.0[word].fetch_or(bit, Ordering::Release);
    }

    pub(crate) fn contains(&self, worker: usize) -> bool {
        let (word, bit) = locate(worker);
        // Acquire: pairs with the Release in `take`: who finds itself woken sees what it was woken for.
        self.0[word].load(Ordering::Acquire) & bit != 0
    }

    /// Takes this worker out. `false`: somebody else did.
    pub(crate) fn take(&self, worker: usize) -> bool {
        let (word, bit) = locate(worker);
        // Acquire: pairs with the Release in `insert`. Release: pairs with the Acquire in `contains`.
        self.0[word].fetch_and(!bit, Ordering::AcqRel) & bit != 0
    }

    /// Takes one out, `last` only if there is no other. `None`: there was none when it looked.
    pub(crate) fn take_any(&self, last: Option<usize>) -> Option<usize> {
        let others = self.iter().filter(|worker| Some(*worker) != last);
        others.chain(last).find(|worker| self.take(*worker))
    }

    /// Those that are there at the moment each word is read, lowest first.
    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            // Relaxed: `take` decides who gets it.
            let mut left = word.load(Ordering::Relaxed);
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(index * BITS + bit)
            })
        })
    }
}

impl fmt::Debug for Sleepers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The word of a worker's bit, and the bit.
fn locate(worker: usize) -> (usize, u64) {
    (worker / BITS, 1 << (worker % BITS))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Sleepers;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[derive(Debug, Clone)]
    enum Op {
        Insert(usize),
        Take(usize),
        TakeAny(Option<usize>),
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let worker = 0..130_usize;
        let op = prop_oneof![
            worker.clone().prop_map(Op::Insert),
            worker.clone().prop_map(Op::Take),
            proptest::option::of(worker).prop_map(Op::TakeAny),
        ];
        proptest::collection::vec(op, 0..200)
    }

    proptest! {
        #[test]
        fn behaves_like_a_set_of_numbers(ops in ops()) {
            let (sleepers, mut set) = (Sleepers::new(130), BTreeSet::new());
            for op in ops {
                match op {
                    Op::Insert(worker) => {
                        sleepers.insert(worker);
                        set.insert(worker);
                    }
                    Op::Take(worker) => prop_assert_eq!(sleepers.take(worker), set.remove(&worker)),
                    Op::TakeAny(last) => {
                        let other = set.iter().copied().find(|worker| Some(*worker) != last);
                        let expected = other.or(last.filter(|last| set.contains(last)));
                        prop_assert_eq!(sleepers.take_any(last), expected);
                        expected.map(|worker| set.remove(&worker));
                    }
                }
            }
            prop_assert!((0..130).all(|worker| sleepers.contains(worker) == set.contains(&worker)));
        }
    }
}
