//! Which reactor is current on a thread: what [`Async::new`](crate::Async::new) registers with.

use super::Reactor;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

/// Makes a reactor current on this thread while it lives. From [`Reactor::enter`].
///
/// Guards nest, and may end in any order: the current reactor is the one entered last and not left.
#[derive(Debug)]
#[must_use = "the reactor is current only as long as this lives"]
pub struct Entered {
    number: u64,
    /// Stays on its thread.
    thread: PhantomData<*const ()>,
}

thread_local! {
    static ENTERED: RefCell<Vec<(u64, Reactor)>> = const { RefCell::new(Vec::new()) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

pub(super) fn enter(reactor: &Reactor) -> Entered {
    let number = COUNT.replace(COUNT.get() + 1);
    ENTERED.with_borrow_mut(|entered| entered.push((number, reactor.clone())));
    Entered {
        number,
        thread: PhantomData,
    }
}

/// `None` also on a thread that is about to end and has dropped its locals.
pub(super) fn current() -> Option<Reactor> {
    ENTERED
        .try_with(|entered| entered.borrow().last().map(|(_, reactor)| reactor.clone()))
        .ok()
        .flatten()
}

impl Drop for Entered {
    fn drop(&mut self) {
        // On a thread that has dropped its locals there is nothing left to undo. The clone is dropped after the
        // borrow ended: were it the last, wakers would run.
        let _clone = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let place = entered
                .iter()
                .rposition(|(number, _)| *number == self.number)?;
            Some(entered.remove(place))
        });
    }
}
