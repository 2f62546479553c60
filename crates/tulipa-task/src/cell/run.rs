//! A poll, from begin to end: plain functions over the header, with the types behind its vtable.

use super::state::{AfterComplete, AfterPoll, Begin, End, Snapshot};
use super::{Header, free};
use crate::cancel::ambient::Frame;
use crate::error::{Cancelled, TaskError};
use crate::report;
use crate::schedule::Runnable;
use crate::unwind;
use crate::waker;
use std::convert::Infallible;
use std::ptr::NonNull;
use std::task::{Context, Poll};

/// Polls a task once. Given back if it is to run again.
///
/// # Safety
///
/// Rule 1: the caller gives the runtime's reference, of a task that is Scheduled and whose one Runnable this is.
pub(crate) unsafe fn run(pointer: NonNull<Header>) -> Option<Runnable> {
    // SAFETY: rule 1: the reference is this function's until `end_poll` or `complete`.
    let header = unsafe { pointer.as_ref() };
    let begin = header.state.update(Snapshot::begin_poll);
    let frame = Frame::new(header);
    if let Some(end) = frame.enter(|| poll(header, &frame, begin)) {
        // SAFETY: rules 1 and 2, as promised by the caller.
        unsafe { complete(pointer, end) };
        return None;
    }
    header.set_waits(frame.waits());
    match header.state.update(Snapshot::end_poll) {
        AfterPoll::Idle => None,
        // SAFETY: rule 1: the state says Scheduled, and the reference is still this function's.
        AfterPoll::Resubmit => Some(unsafe { Runnable::adopt(pointer) }),
        AfterPoll::Abort => {
            // SAFETY: rules 1 and 2, as promised by the caller.
            unsafe { cancel_and_complete(pointer) };
            None
        }
    }
}

/// Cancels a task whose Runnable was dropped.
///
/// # Safety
///
/// As [`run`].
pub(crate) unsafe fn cancel_unrun(pointer: NonNull<Header>) {
    // SAFETY: rule 1: the reference is this function's until `complete`.
    let header = unsafe { pointer.as_ref() };
    let _: Begin = header.state.update(Snapshot::begin_poll);
    // SAFETY: rules 1 and 2, as promised by the caller.
    unsafe { cancel_and_complete(pointer) };
}

/// Ends a task that this thread has begun to poll, without polling it.
///
/// # Safety
///
/// As [`complete`].
unsafe fn cancel_and_complete(pointer: NonNull<Header>) {
    // SAFETY: rule 1: the reference is this function's until `complete`.
    let header = unsafe { pointer.as_ref() };
    let frame = Frame::new(header);
    let end = frame.enter(|| cancel(header, &frame, request_or_abort(header)));
    // SAFETY: the caller's promise.
    unsafe { complete(pointer, end) };
}

/// What a task that is not polled again ends with: the request that is stored, or one without a message.
fn request_or_abort(header: &Header) -> Cancelled {
    header.take_request().unwrap_or(Cancelled::new(None))
}

/// What the poll came to, if the task has ended by it. Rule 2 holds: `begin_poll` has given the stage to this thread.
fn poll(header: &Header, frame: &Frame<'_>, begin: Begin) -> Option<End> {
    if (begin.abort() || begin.request())
        && let Some(end) = meet_request(header, frame, begin)
    {
        return Some(end);
    }
    let waker = waker::lend(header);
    let mut cx = Context::from_waker(&waker);
    // SAFETY: rule 2.
    match unwind::catch(|| unsafe { (header.vtable().poll)(header.as_ptr(), &mut cx) }) {
        Ok(Poll::Pending) => Some(cancel(header, frame, frame.take_cancellation()?)),
        // A value that comes while a request waits is lost (TC-13); an error is kept (TC-14). So it is for a cancellation
        // that was unwinding when a foreign `select` dropped it: the body cannot know that it missed one.
        Ok(Poll::Ready(End::Value)) => Some(match frame.take_cancellation() {
            Some(cancelled) => cancel(header, frame, cancelled),
            None => End::Value,
        }),
        Ok(Poll::Ready(end)) => Some(end),
        Err(panic) => Some(end(header, TaskError::Panicked(panic))),
    }
}

/// A poll begins, and finds that the task was asked to end. If it does without being polled: how.
#[cold]
fn meet_request(header: &Header, frame: &Frame<'_>, begin: Begin) -> Option<End> {
    if begin.abort() {
        return Some(cancel(header, frame, request_or_abort(header)));
    }
    let request = header.take_request()?;
    if begin.first() {
        return Some(cancel(header, frame, request)); // its body never runs (TC-05)
    }
    frame.put_request(Some(request));
    None
}

/// A task has come to a value, and was asked to end: what it ends with, unless the request was taken back.
#[cold]
fn lose_value(header: &Header) -> Option<End> {
    let request = header.take_request()?;
    // The value's destructor runs as the task.
    let frame = Frame::new(header);
    Some(frame.enter(|| cancel(header, &frame, request)))
}

/// Drops what is in the stage because the task is cancelled.
#[cold]
fn cancel(header: &Header, frame: &Frame<'_>, cancelled: Cancelled) -> End {
    frame.dropping(|| end(header, TaskError::Cancelled(cancelled)))
}

/// Drops what is in the stage, and puts `error` there. A panic in a destructor is the task's own, if it has none yet.
fn end(header: &Header, error: TaskError<Infallible>) -> End {
    let kind = match &error {
        TaskError::Cancelled(_) => End::Cancelled,
        TaskError::Panicked(panic) => {
            report::panicked(header, panic);
            End::Panicked
        }
        TaskError::Failed(never) => match *never {},
    };
    // SAFETY: rule 2: the caller polls the task.
    match unwind::catch(|| unsafe { (header.vtable().end)(header.as_ptr(), error) }) {
        Ok(()) => kind,
        Err(panic) if kind == End::Panicked => {
            report::stray_panic(header, "a destructor panicked after a panic", &panic);
            kind
        }
        Err(panic) => {
            report::panicked(header, &panic);
            // SAFETY: rule 2. What is replaced now is an outcome of ours, whose drop does not panic.
            unsafe { (header.vtable().end)(header.as_ptr(), TaskError::Panicked(panic)) };
            End::Panicked
        }
    }
}

/// Ends the task: it leaves the registry, then it is done, then who waits is told.
///
/// # Safety
///
/// Rule 2: the caller holds the stage. Rule 1: he gives the runtime's reference; of a deferred he has one, and keeps it.
pub(crate) unsafe fn complete(pointer: NonNull<Header>, mut kind: End) {
    // SAFETY: rule 1: the reference is this function's until the state says that it is given back. No `&Header` is an
    // argument here, because that would have to outlive the call, and the cell may not.
    let header = unsafe { pointer.as_ref() };
    let is_deferred = header.is_deferred();
    // SAFETY: rule 5: the caller gives the runtime's reference; a deferred is not listed.
    unsafe { header.unlist() };
    if kind == End::Value && !is_deferred && header.state.load().ends_unseen() {
        if !header.ends_plainly(Some(kind)) {
            // SAFETY: rule 3: there is no handle, and the reference is the last.
            unsafe { drop_outcome(header) };
        }
        // SAFETY: rule 1: it is the last reference.
        return unsafe { free(pointer) };
    }
    loop {
        match header
            .state
            .update(|state| state.complete(kind, !is_deferred))
        {
            AfterComplete::Requested => kind = lose_value(header).unwrap_or(kind),
            AfterComplete::Done { last: false } => return,
            AfterComplete::Done { last: true } => {
                // SAFETY: rule 1: that was the last reference.
                return unsafe { free(pointer) };
            }
            AfterComplete::Owes { waiters, outcome } => {
                if waiters {
                    header.tell_waiters();
                }
                if outcome {
                    // SAFETY: rule 3: so `complete` has said.
                    unsafe { drop_outcome(header) };
                }
                if !is_deferred && header.release() {
                    // SAFETY: rule 1: that was the last reference.
                    unsafe { free(pointer) };
                }
                return;
            }
        }
    }
}

/// Drops an outcome that nobody can read any more, and reports it if it is a failure that nobody has read.
///
/// # Safety
///
/// Rule 3: the caller was told that it is his, or gave back the last reference.
pub(crate) unsafe fn drop_outcome(header: &Header) {
    // SAFETY: rule 3.
    if let Err(panic) = unwind::catch(|| unsafe { report::unread(header) }) {
        report::stray_panic(header, "an unread failure could not be shown", &panic);
    }
    // SAFETY: rule 3.
    if let Err(panic) = unwind::catch(|| unsafe { (header.vtable().clear)(header.as_ptr()) }) {
        report::stray_panic(header, "the destructor of an outcome panicked", &panic);
    }
}

/// Drops what else of the user's the cell holds, before it is freed: the values of context variables, callbacks of
/// a deferred that was never set. A destructor that panics is reported, here too.
///
/// # Safety
///
/// Rule 1: nobody else has a pointer into the cell.
#[inline]
pub(crate) unsafe fn drop_contents(header: &Header) {
    if header.is_deferred() {
        // SAFETY: rule 3: the last reference is gone.
        unsafe { drop_outcome(header) };
    }
    // SAFETY: the caller's promise.
    if unsafe { header.is_bare() } {
        return;
    }
    // SAFETY: the caller's promise.
    let contents = unsafe { header.take_contents() };
    if let Err(panic) = unwind::catch(|| drop(contents)) {
        report::stray_panic(header, "a destructor panicked", &panic);
    }
}
