//! What a thread is: a worker of an executor, or not.

use crate::crew::Crew;
use crate::handle::Handle;
use crate::queue::Local;
use std::any::Any;
use std::cell::RefCell;
use std::ptr;
use std::rc::Rc;
use tulipa_task::{Claim, EnteredScheduler, Runnable, Why, slice};

/// A thread's place in an executor.
struct Place {
    handle: Handle,
    /// The worker that the thread steps. In a simulation, one of many.
    local: Rc<Local<Runnable>>,
}

thread_local! {
    static PLACE: RefCell<Option<Place>> = const { RefCell::new(None) };
}

/// Whether this thread works for an executor.
pub(crate) fn is_worker() -> bool {
    PLACE.with_borrow(Option::is_some)
}

/// Which worker this thread steps.
pub(crate) fn worker() -> Option<usize> {
    PLACE.with_borrow(|place| place.as_ref().map(|place| place.local.worker()))
}

/// The executor that this thread works for.
pub(crate) fn handle() -> Option<Handle> {
    PLACE.with_borrow(|place| place.as_ref().map(|place| place.handle.clone()))
}

/// Whether this thread works for that crew.
pub(crate) fn is_of(crew: &Crew<Runnable>) -> bool {
    // A thread that is ending, and has lost its place, is no worker.
    let is_of = |place: &Option<Place>| {
        place
            .as_ref()
            .is_some_and(|place| ptr::eq(&**place.local.crew(), crew))
    };
    PLACE
        .try_with(|place| is_of(&place.borrow()))
        .unwrap_or(false)
}

/// Whether nothing can run on that crew but the task that asks, on the worker of this thread.
pub(crate) fn is_alone(crew: &Crew<Runnable>) -> bool {
    PLACE.with_borrow(|place| {
        place
            .as_ref()
            .is_some_and(|place| crew.is_quiet_around(&place.local))
    })
}

/// Hands a task to the worker of this thread, if it is one of that crew, else to the crew.
#[inline]
pub(crate) fn schedule(crew: &Crew<Runnable>, runnable: Runnable, why: Why) {
    let mut runnable = Some(runnable);
    // An error is a thread that is ending, and no worker any more.
    let _ = PLACE.try_with(|place| match &*place.borrow() {
        Some(place) if ptr::eq(&**place.local.crew(), crew) => {
            if let Some(runnable) = runnable.take() {
                place.local.accept(runnable, why);
            }
        }
        _ => {}
    });
    if let Some(runnable) = runnable {
        crew.inject(runnable);
    }
}

/// Keeps a thread at work for an executor: its worker, its scheduler, its shard of the registry, what its driver has per thread.
#[must_use]
pub(crate) struct AtWork<'a> {
    _place: Held,
    _driver: Box<dyn Any>,
    _scheduler: EnteredScheduler,
    _claim: Claim<'a>,
    /// Where somebody looks after long polls.
    _slices: Option<slice::Kept>,
}

struct Held;

impl<'a> AtWork<'a> {
    /// The calling thread begins to step `local`.
    pub(crate) fn begin(handle: &'a Handle, local: &Rc<Local<Runnable>>) -> Self {
        let claim = handle.shared().registry().claim();
        let scheduler = handle.scheduler().enter();
        let driver = handle
            .shared()
            .crew()
            .sleep()
            .helm()
            .driver()
            .enter(local.worker());
        let place = Place {
            handle: handle.clone(),
            local: Rc::clone(local),
        };
        let before = PLACE.replace(Some(place));
        debug_assert!(before.is_none(), "a worker does not become another");
        Self {
            _place: Held,
            _driver: driver,
            _scheduler: scheduler,
            _claim: claim,
            _slices: handle.shared().crew().watchdog().map(|_| slice::keep()),
        }
    }

    /// The thread goes on as another worker of the same crew.
    pub(crate) fn switch(&self, local: &Rc<Local<Runnable>>) {
        PLACE.with_borrow_mut(|place| {
            if let Some(place) = place {
                place.local = Rc::clone(local);
            }
        });
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(PLACE.take());
    }
}
