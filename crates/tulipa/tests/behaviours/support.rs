//! What the tests are made of.

use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tulipa::{Builder, Flavour, Runtime, sleep};

/// What happened, in order.
#[derive(Debug)]
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Log<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn say(&self, what: T) {
        self.0.lock().push(what);
    }

    pub(crate) fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock())
    }
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Lets all that can run do so: in virtual time the second passes when nothing can.
pub(crate) async fn settle() {
    sleep(secs(1)).await;
}

/// One thread, first come first served, as asyncio.
pub(crate) fn one_thread() -> Builder {
    Builder::new().flavour(Flavour::CurrentThread)
}

pub(crate) fn runtime() -> Runtime {
    one_thread().build().unwrap()
}

/// What `misuse` panics with.
#[track_caller]
pub(crate) fn panic_of<R>(misuse: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(misuse))
        .err()
        .expect("misuse panics");
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .expect("a panic with a text")
}

/// Gives other threads their turn until `is_so`.
pub(crate) fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        std::thread::yield_now();
    }
}
