//! Cancellation that can be caught, cleaned up after, waited for and refused.
//!
//! In asyncio, `cancel()` throws `CancelledError` into the coroutine at its await. Nothing can be thrown into a Rust
//! future, but it can be dropped up to a boundary: destructors are the `finally` blocks, the boundary is the `except`.
//!
//! | asyncio | here |
//! | --- | --- |
//! | `try: .. except CancelledError` | [`catch`]`(async { .. }).await` |
//! | `raise` in the handler | [`Cancelled::resume`]`().await` |
//! | `raise CancelledError(msg)` | [`raise`]`(msg).await` |
//! | `finally:` with awaits in it | [`finally()`]`(fut, cleanup)` |
//! | `finally:` without | a destructor |
//! | (has none) | [`mask`] |
//!
//! # The protocol
//!
//! A task counts the requests made to it and stores at most one that was not delivered. While it is polled there are
//! two slots on its thread: the *request*, and what is *unwinding*.
//!
//! 1. `cancel` on a task that is done does nothing. Else it counts and stores a request and schedules the task; on the
//!    task that is running on this thread, the request is ambient at once. A task that was never polled is dropped unpolled.
//! 2. Polling a task makes its stored request ambient. A leaf future that has been Pending and meets a request stays
//!    Pending; on its first poll it may complete. Awaiting a task, shared task or deferred takes the request and passes
//!    it on; if what it awaits then ends cancelled, the message is put in *unwinding*. `gather` passes it on to all that
//!    are not done. `shield`, `wait`, `as_completed`, sockets and foreign futures leave it alone.
//! 3. A scope ([`catch`], `timeout`, `TaskGroup`, the task itself) polls its inside, and if that is Pending takes what is
//!    unwinding, or a request nobody took; it drops its inside, and acts. Inner scopes return first, so the innermost
//!    gets it.
//! 4. Re-raising is putting the message in *unwinding* and being Pending.
//! 5. A body that returns a value while a request is ambient, or a cancellation unwinds that a foreign `select` has dropped
//!    on its way, ends cancelled; one that fails keeps its error.
//! 6. `timeout` and 7. `TaskGroup` make a request for their inside only (see `tulipa-combinators`).
//! 8. `uncancel` lowers the count, and at zero withdraws what was not delivered. [`mask`] hides requests from its inside.
//! 9. `abort` drops the future at its next suspension, whatever scopes it has. A join that was waiting and is dropped because
//!    its own task is cancelled, cancels what it waited for.
//!
//! The functions at the end of this page are for those who write leaf futures and scopes of their own.

pub(crate) mod ambient;
mod circle;
mod finally;
mod scope;

pub(crate) use ambient::request_of_current;
pub use circle::has_come_round;
pub use finally::{Finally, finally};
pub use scope::{Catch, Mask, Raise, catch, mask, raise};

use crate::error::Cancelled;
use std::task::Poll;

/// Whether a request to cancel is ambient: a leaf future that has been Pending then stays Pending, even if it is ready,
/// and leaves the request to the scopes around it (TC-07).
///
/// # Examples
///
/// ```
/// assert!(!tulipa_task::cancel::requested(), "outside of a task there is none");
/// ```
#[inline]
pub fn requested() -> bool {
    ambient::requested()
}

/// Takes the request, for what passes it on to those it waits for, as a join does. Whoever takes it sees to
/// it that the cancellation comes back, by [`unwind`], or has been refused.
#[inline]
pub fn take_request() -> Option<Cancelled> {
    ambient::top(|frame| frame?.take_request())
}

/// Makes a request ambient, for an inside that is polled next, or as it was before. What was ambient comes back.
///
/// Without a task being polled nothing happens, and the request is gone.
pub fn put_request(request: Option<Cancelled>) -> Option<Cancelled> {
    ambient::top(|frame| frame?.put_request(request))
}

/// A request without a message, for a scope that makes one of its own (`timeout`, `TaskGroup`).
pub fn own_request() -> Cancelled {
    Cancelled::new(None)
}

/// Lets a cancellation unwind from here. The caller returns Pending, and the nearest scope acts on it.
///
/// # Panics
///
/// Outside of a task: nothing could unwind, and the caller would wait for ever.
pub fn unwind(cancelled: Cancelled) {
    let homeless = ambient::top(|frame| match frame {
        Some(frame) => {
            frame.put_unwinding(Some(cancelled));
            false
        }
        None => true,
    });
    assert!(
        !homeless,
        "a cancellation was resumed or raised outside of a task: do it inside one, started with `spawn`"
    );
}

/// What a scope acts on when its inside is Pending: what is unwinding, or a request nobody took (rule 3).
pub fn take_cancellation() -> Option<Cancelled> {
    ambient::top(|frame| frame?.take_cancellation())
}

/// What is unwinding, and only that: for a scope that has left the request to its inside.
pub fn take_unwinding() -> Option<Cancelled> {
    ambient::top(|frame| frame?.take_unwinding())
}

/// Drops an inside because of a cancellation, so that joins in it take along what they wait for (rule 9). A panic in a destructor
/// goes on to the caller.
pub fn drop_inside(drop_it: impl FnOnce()) {
    ambient::top(|frame| match frame {
        Some(frame) => frame.dropping(drop_it),
        None => drop_it(),
    });
}

/// Whether the future being dropped now is dropped by a cancellation of its own task.
pub fn is_unwinding_drop() -> bool {
    ambient::is_dropping()
}

/// Puts a request back into the current task: its next poll meets it again. What [`mask`] does with a request that its
/// inside is not to see.
pub(crate) fn put_back(request: Cancelled) {
    ambient::current_header(|header| {
        if let Some(header) = header {
            header.put_back(request);
        }
    });
}

/// Polls an inside with a request made for it only, if none is ambient already. What the inside has left of that
/// request when it is ready, or panics, is withdrawn; what it has left when it is Pending is for [`take_cancellation`].
///
/// A request that the inside makes to its own task meanwhile is not the scope's, and stays (TC-10).
pub fn ask_inside<R>(request: Cancelled, poll: impl FnOnce() -> Poll<R>) -> Poll<R> {
    if requested() {
        return poll(); // two requests at once are met as one (TC-22)
    }
    struct Withdraw {
        own_requests: usize,
    }
    impl Drop for Withdraw {
        fn drop(&mut self) {
            if ambient::own_requests() == self.own_requests {
                drop(take_request());
            }
        }
    }
    put_request(Some(request));
    let withdraw = Withdraw {
        own_requests: ambient::own_requests(),
    };
    let polled = poll(); // if it panics, the request is withdrawn as well
    if polled.is_pending() {
        std::mem::forget(withdraw);
    }
    polled
}

/// The count of requests of the current task, as [`TaskRef::cancelling`](crate::TaskRef::cancelling) has it. `None`
/// outside of a task.
pub fn cancelling() -> Option<usize> {
    ambient::current_task(|header| header.map(|header| header.state.load().cancelling()))
}

/// Counts a request of a scope's own on the current task.
///
/// With [`uncount`] these are the two halves of what `timeout` and `TaskGroup` do to `cancelling()` (TO-09, TG-13).
pub fn count() {
    ambient::current_header(|header| {
        if let Some(header) = header {
            header.state.update(|state| (state.counted(), ()));
        }
    });
}

/// Takes back what [`count`] counted, and answers with what is left: `uncancel` on the current task.
pub fn uncount() -> usize {
    crate::current_task().map_or(0, |task| task.uncancel())
}
