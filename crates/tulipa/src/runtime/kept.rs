//! The context that the runs of a runtime leave to each other.
//!
//! Each run has a copy, and what it has made of that is copied back. Running in the context itself would be simpler, and
//! each spawn of a main would take its lock.

use parking_lot::Mutex;
use std::sync::Arc;
use tulipa_task::Context;

/// Shared by the runtime and the run that is under way.
#[derive(Clone, Debug)]
pub(super) struct Kept(Arc<Mutex<Context>>);

impl Kept {
    /// A copy of the current one.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Context::copy())))
    }

    /// Runs `main` in what was kept, and keeps what it leaves, however it ends.
    pub(super) async fn run<F: Future>(self, main: F) -> F::Output {
        let kept = self.0.lock().clone();
        kept.restore();
        let _at_the_end = KeepOnDrop(self);
        main.await
    }
}

struct KeepOnDrop(Kept);

impl Drop for KeepOnDrop {
    fn drop(&mut self) {
        let mut context = Context::copy();
        std::mem::swap(&mut *self.0.0.lock(), &mut context); // the old one is dropped outside of the lock
    }
}
