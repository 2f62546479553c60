//! The next slot of a worker, which that worker alone fills and anybody may empty.

use crate::sync::AtomicCell;
use std::cell::Cell;
use std::mem::ManuallyDrop;

/// The slot. `ManuallyDrop`, so that the cell need not look at what it overwrites: what is in there is dropped with the slot.
///
/// Each step is one access of one word, and so comes before or after each of the others. Only its worker fills it: where that has
/// emptied it, or never filled it, nothing can be in there, whatever thieves do meanwhile, and a store overwrites nothing. Where it
/// has filled it, a thief may have been there since; so it takes an exchange to learn what comes out. The steps are tested in any
/// order on one thread; the model `next` has them on several, and sees what is in an item that is handed over.
pub(super) struct Next<T>(AtomicCell<Option<ManuallyDrop<T>>>);

/// Whether its worker has filled the slot and not emptied it. If not, it is empty; if so, a thief may have emptied it.
#[derive(Default)]
pub(super) struct Filled(Cell<bool>);

impl<T> Next<T> {
    pub(super) fn new() -> Self {
        Self(AtomicCell::new(None))
    }

    /// Fills it, for its worker; what was there comes out.
    #[inline]
    pub(super) fn put(&self, filled: &Filled, item: T) -> Option<T> {
        let item = Some(ManuallyDrop::new(item));
        if filled.0.replace(true) {
            return self.0.swap(item).map(ManuallyDrop::into_inner);
        }
        // It is empty, and nobody else fills it: no exchange is needed to see that. The store is a Release, which pairs with
        // the Acquire of the exchange that takes the item.
        self.0.store(item);
        None
    }

    /// Empties it, for its worker.
    #[inline]
    pub(super) fn take(&self, filled: &Filled) -> Option<T> {
        filled.0.set(false);
        self.steal()
    }

    /// Empties it, for anybody.
    #[inline]
    pub(super) fn steal(&self) -> Option<T> {
        self.0.take().map(ManuallyDrop::into_inner)
    }
}

impl<T> Drop for Next<T> {
    fn drop(&mut self) {
        drop(self.steal());
    }
}

impl Filled {
    /// Whether it is worth a look.
    #[inline]
    pub(super) fn get(&self) -> bool {
        self.0.get()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    #[derive(Debug, Clone, Copy)]
    enum Do {
        Put,
        Take,
        Steal,
    }

    fn anything() -> impl Strategy<Value = Do> {
        prop_oneof![Just(Do::Put), Just(Do::Take), Just(Do::Steal)]
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out_once(deeds in proptest::collection::vec(anything(), 0..40)) {
            let (next, filled) = (Next::new(), Filled::default());
            let (mut there, mut number) = (None, 0);
            for deed in deeds {
                let (out, after) = match deed {
                    Do::Put => {
                        number += 1;
                        (next.put(&filled, number), Some(number))
                    }
                    Do::Take => (next.take(&filled), None),
                    Do::Steal => (next.steal(), None),
                };
                prop_assert_eq!(out, std::mem::replace(&mut there, after));
                prop_assert!(filled.get() || there.is_none());
            }
        }
    }

    #[test]
    fn a_slot_of_tasks_is_a_word_without_a_lock() {
        assert!(AtomicCell::<Option<ManuallyDrop<tulipa_task::Runnable>>>::is_lock_free());
    }

    #[test]
    fn what_is_left_in_it_is_dropped_with_it() {
        let (next, left) = (Next::new(), Arc::new(()));
        assert!(next.put(&Filled::default(), Arc::clone(&left)).is_none());
        drop(next);
        assert_eq!(Arc::strong_count(&left), 1);
    }
}
