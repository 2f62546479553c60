//! How many references to a scheduler there are, and how they come and go without a word that threads share.
//!
//! Every task has one, so they come and go as often as tasks do. A thread that works for an executor therefore takes many at
//! once, and keeps those that nobody needs: what is cloned on it comes from these *spare* ones, and what is dropped on it
//! goes to them. The shared count says how many references are out, the spare ones of all threads included; a thread comes
//! to it when it has none left, or far too many, and when it leaves.

use super::Schedule;
use crate::registry::Registry;
use crate::sync::{AtomicUsize, Ordering, fence, thread_local};
use crossbeam_utils::CachePadded;
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::sync::Arc;

/// What a scheduler is, behind its count.
pub(super) struct Shared {
    references: CachePadded<AtomicUsize>,
    /// That of `schedule`, which keeps it.
    registry: NonNull<Registry>,
    schedule: Arc<dyn Schedule>,
}

/// One reference.
pub(super) struct Reference(NonNull<Shared>);

// SAFETY: it gives away what is `Send` and `Sync` (a schedule, a registry), and counts with an atomic or in what is the
// thread's own.
unsafe impl Send for Reference {}
// SAFETY: as above.
unsafe impl Sync for Reference {}

/// A thread takes this many at once, and keeps no more than twice as many.
const MANY: usize = if cfg!(loom) { 2 } else { 1 << 10 };

/// No program has so many; one that leaks them in a loop ends before the count wraps.
const LIMIT: usize = usize::MAX / 2;

/// What a thread has entered, by its address: it has one reference to it, and the spare ones.
struct Entered {
    shared: Cell<*const Shared>,
    spare: Cell<usize>,
}

thread_local! {
    static ENTERED: Entered = const { Entered { shared: Cell::new(ptr::null()), spare: Cell::new(0) } };
}

impl Reference {
    pub(super) fn new(schedule: Arc<dyn Schedule>) -> Self {
        let shared = Box::new(Shared {
            references: CachePadded::new(AtomicUsize::new(1)),
            registry: NonNull::from(schedule.registry()),
            schedule,
        });
        Self(NonNull::from(Box::leak(shared)))
    }

    /// That of the thread, if it has entered one.
    #[inline]
    pub(super) fn entered() -> Option<Self> {
        let shared = ENTERED.with(|entered| entered.shared.get());
        // SAFETY: what a thread has entered it has a reference to, and this one is no further than to be cloned.
        NonNull::new(shared.cast_mut()).map(|shared| unsafe { Self::another(shared) })
    }

    /// # Safety
    ///
    /// Somebody has a reference, and keeps it during the call.
    #[inline]
    unsafe fn another(shared: NonNull<Shared>) -> Self {
        if !ENTERED.with(|entered| entered.lend(shared)) {
            // SAFETY: the caller's promise.
            unsafe { shared.as_ref() }.retain(1);
        }
        Self(shared)
    }

    /// Makes it the thread's. What was the thread's before comes back.
    pub(super) fn enter(self) -> Held {
        let shared = std::mem::ManuallyDrop::new(self).0;
        let entered = Held {
            shared: shared.as_ptr(),
            spare: 0,
        };
        entered.swap_in()
    }

    #[inline]
    pub(super) fn schedule(&self) -> &Arc<dyn Schedule> {
        &self.shared().schedule
    }

    #[inline]
    pub(super) fn registry(&self) -> &Registry {
        // SAFETY: it was borrowed from the schedule, which `Shared` has kept since, and nobody has it by `&mut`: as if that
        // borrow still lasted.
        unsafe { self.shared().registry.as_ref() }
    }

    #[inline]
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn shared(&self) -> &Shared {
        // SAFETY: it is counted.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for Reference {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: `self` is one.
        unsafe { Self::another(self.0) }
    }
}

impl Drop for Reference {
    #[inline]
    fn drop(&mut self) {
        if !ENTERED.with(|entered| entered.take_back(self.0)) {
            // SAFETY: this was one, and is none any more.
            unsafe { Shared::release(self.0, 1) };
        }
    }
}

impl Shared {
    /// Counts so many more.
    fn retain(&self, many: usize) {
        // Relaxed: the caller has one, so none of them is the first, and a new one tells nobody anything.
        if self.references.fetch_add(many, Ordering::Relaxed) > LIMIT {
            std::process::abort();
        }
    }

    /// Counts so many fewer, and frees it with the last.
    ///
    /// # Safety
    ///
    /// They are the caller's, and no reference any more.
    unsafe fn release(shared: NonNull<Self>, many: usize) {
        // SAFETY: the caller's promise: until it is counted down, it is there.
        let references = &unsafe { shared.as_ref() }.references;
        // Release: pairs with the fence of who is last. A reference that another thread took in advance has come here by way
        // of a task, whose own hand-over orders what was done with it before this.
        if references.fetch_sub(many, Ordering::Release) == many {
            fence(Ordering::Acquire);
            // SAFETY: it came from a `Box`, and the last reference is gone.
            drop(unsafe { Box::from_raw(shared.as_ptr()) });
        }
    }
}

impl Entered {
    /// Gives one of the spare references away; `false` if it is another scheduler's that is wanted.
    #[inline]
    fn lend(&self, shared: NonNull<Shared>) -> bool {
        if !ptr::eq(self.shared.get(), shared.as_ptr()) {
            return false;
        }
        if self.spare.get() == 0 {
            self.take_many(shared);
        }
        self.spare.set(self.spare.get() - 1);
        true
    }

    /// Keeps one that is not needed any more; `false` if it is another scheduler's.
    #[inline]
    fn take_back(&self, shared: NonNull<Shared>) -> bool {
        if !ptr::eq(self.shared.get(), shared.as_ptr()) {
            return false;
        }
        self.spare.set(self.spare.get() + 1);
        if self.spare.get() > 2 * MANY {
            self.give_many(shared);
        }
        true
    }

    #[cold]
    fn take_many(&self, shared: NonNull<Shared>) {
        // SAFETY: the thread has one.
        unsafe { shared.as_ref() }.retain(MANY);
        self.spare.set(MANY);
    }

    #[cold]
    fn give_many(&self, shared: NonNull<Shared>) {
        self.spare.set(self.spare.get() - MANY);
        // SAFETY: they were spare. They are not the last: the thread keeps one.
        unsafe { Shared::release(shared, MANY) };
    }
}

/// What a thread has entered, while it is not in its place.
#[derive(Debug)]
pub(super) struct Held {
    shared: *const Shared,
    spare: usize,
}

impl Held {
    /// Puts it in its place. What was there comes back.
    pub(super) fn swap_in(self) -> Self {
        let this = std::mem::ManuallyDrop::new(self);
        ENTERED.with(|entered| Self {
            shared: entered.shared.replace(this.shared),
            spare: entered.spare.replace(this.spare),
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(shared) = NonNull::new(self.shared.cast_mut()) {
            // SAFETY: the references are this one's, and no thread lends them any more.
            unsafe { Shared::release(shared, self.spare + 1) };
        }
    }
}
