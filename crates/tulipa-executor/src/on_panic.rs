//! [`OnPanic`]: what a panic costs.

use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::thread;

/// What becomes of a panic in code that an executor runs.
///
/// # Examples
///
/// ```
/// use tulipa_executor::{Executor, OnPanic};
///
/// let on_panic = match std::env::var("FRAIL") {
///     Ok(_) => OnPanic::Abort,
///     Err(_) => OnPanic::Store,
/// };
/// let executor = Executor::builder().workers(1).on_panic(on_panic).build()?;
/// let outcome = executor.block_on(async { tulipa_task::spawn(async { panic!("out of tulips") }).await })?;
/// assert!(outcome.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnPanic {
    /// It ends its task, which gives it to whoever awaits it; one that has no task, or that nobody reads, is reported. The
    /// default.
    #[default]
    Store,
    /// It is reported, and ends the process at once, without any cleanup: for programs that would rather stop than go on
    /// with what a panic left half done. So does a panic in a callback, in a blocking job, or in a destructor that a task
    /// runs.
    Abort,
}

impl OnPanic {
    /// What comes after a panic: nothing, or the end of the process once `tell` has told of it.
    pub(crate) fn react(self, tell: impl FnOnce()) {
        if self == Self::Abort {
            // Whether it could be told or not.
            let _ = panic::catch_unwind(AssertUnwindSafe(tell));
            process::abort();
        }
    }

    /// For the time that code runs whose panic is nobody's to tell: of a thread, the panic hook has said what there is to say.
    pub(crate) fn guard(self) -> impl Sized {
        struct Guard(OnPanic);
        impl Drop for Guard {
            fn drop(&mut self) {
                if thread::panicking() {
                    self.0.react(|| {});
                }
            }
        }
        Guard(self)
    }
}
