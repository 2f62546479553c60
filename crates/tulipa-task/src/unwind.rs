//! Panics of user code: caught here, in one place, so that a worker never unwinds and takes its queue along.

use crate::error::Panic;
use std::panic::{self, AssertUnwindSafe};

/// Runs code of the user. A panic comes back as a value.
///
/// `AssertUnwindSafe`: what the code leaves half done is dropped by the caller, or was the user's to keep whole.
pub(crate) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, Panic> {
    panic::catch_unwind(AssertUnwindSafe(code)).map_err(Panic::from_payload)
}
