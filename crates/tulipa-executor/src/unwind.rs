//! Panics that belong to no task: caught here, so that a worker never unwinds and takes its queue along.
//!
//! A task's own panics are caught by its cell. What is left are wakers of foreign futures, called from inside a driver,
//! and the driver itself. Their panics are told to the executor's handler, as those of a callback.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use tulipa_task::Scheduler;

/// Runs `code`. `None`: it panicked, which was reported.
///
/// `AssertUnwindSafe`: a driver that panics half way is its author's to keep whole; the executor's own state is
/// restored by guards.
pub(crate) fn shield<R>(code: impl FnOnce() -> R) -> Option<R> {
    panic::catch_unwind(AssertUnwindSafe(code))
        .map_err(report)
        .ok()
}

/// Tells the handler: by a callback that panics again, because that is what the executor's tasks report.
fn report(payload: Box<dyn Any + Send>) {
    let Some(scheduler) = Scheduler::current() else {
        return; // the panic hook has printed it, and there is nobody else to tell
    };
    scheduler.call_soon(move || panic::resume_unwind(payload));
}
