//! Panics of user code that are caught on their way: to tell others, or to let others end first.

use std::panic::{AssertUnwindSafe, catch_unwind};
use tulipa_task::Panic;

/// Runs code of the user. A panic comes back as a value.
///
/// `AssertUnwindSafe`: the panic is always passed on to whoever owns what the code has left half done.
pub(crate) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, Panic> {
    catch_unwind(AssertUnwindSafe(code)).map_err(Panic::from_payload)
}
