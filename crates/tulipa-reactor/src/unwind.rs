//! Wakers are code of somebody else's: one that panics must cost neither the others nor the thread that calls them.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::task::Waker;

/// Wakes all of `called`, and empties it. A panic ends with the waker it came from: the panic hook has reported it,
/// and whoever turns a reactor is not the one to answer for it.
pub(crate) fn wake_all(called: &mut Vec<Waker>) {
    for waker in called.drain(..) {
        contain(|| waker.wake());
    }
}

fn contain(code: impl FnOnce()) {
    // AssertUnwindSafe: all that the closure touches is the waker, which is gone afterwards.
    let Err(payload) = panic::catch_unwind(AssertUnwindSafe(code)) else {
        return;
    };
    if let Err(second) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(second); // a payload that panics when dropped gets no third chance
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    struct Grenade;

    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    struct Explodes;

    impl Wake for Explodes {
        fn wake(self: Arc<Self>) {
            panic::panic_any(Grenade);
        }
    }

    struct Counts(AtomicUsize);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_waker_that_panics_loses_no_other() {
        let counts = Arc::new(Counts(AtomicUsize::new(0)));
        let mut called = vec![
            counts.clone().into(),
            Arc::new(Explodes).into(),
            counts.clone().into(),
        ];
        wake_all(&mut called);
        assert!(called.is_empty());
        assert_eq!(counts.0.load(Ordering::Relaxed), 2);
    }
}
