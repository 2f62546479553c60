//! The waker of a task: a counted pointer to its header.

use crate::cell::{Header, free};
use crate::handle::TaskRef;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop);

/// A waker for the length of one poll: it counts no reference, because the poll has one.
pub(crate) fn lend(header: &Header) -> ManuallyDrop<Waker> {
    let raw = RawWaker::new(header.as_ptr().as_ptr().cast_const().cast(), &VTABLE);
    // SAFETY: the functions below keep the contract of a waker, given a header whose reference the waker has; this one
    // is never dropped, and lives no longer than the poll that has the runtime's.
    ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
}

/// The task that `waker` wakes, if it is one of this crate's.
pub(crate) fn task_of(waker: &Waker) -> Option<TaskRef> {
    if !std::ptr::eq(waker.vtable(), &VTABLE) {
        return None;
    }
    let header = NonNull::new(waker.data().cast_mut().cast::<Header>())?;
    // SAFETY: rule 1: the vtable says that the pointer is a header, and the waker has a reference.
    Some(unsafe { TaskRef::retain(header) })
}

/// # Safety
///
/// In each of these: rule 1, `data` is a header, and the waker has a reference to it.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: as above.
    unsafe { header(data) }.retain();
    RawWaker::new(data, &VTABLE)
}

/// # Safety
///
/// See `clone`; the reference is given up.
unsafe fn wake(data: *const ()) {
    // SAFETY: as above. The reference is kept until the scheduler has returned.
    unsafe {
        header(data).wake();
        drop(data);
    }
}

/// # Safety
///
/// See `clone`.
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: as above.
    unsafe { header(data) }.wake();
}

/// # Safety
///
/// See `clone`; the reference is given up.
unsafe fn drop(data: *const ()) {
    // SAFETY: as above; if it was the last, nobody else has a pointer.
    unsafe {
        let header = header(data);
        if header.release() {
            free(header.as_ptr());
        }
    }
}

/// # Safety
///
/// See `clone`.
unsafe fn header<'a>(data: *const ()) -> &'a Header {
    // SAFETY: the caller's promise.
    unsafe { &*data.cast::<Header>() }
}
