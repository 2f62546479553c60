//! Wakers that write down who was woken, and futures polled by hand.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tulipa_timers::{Clock, Sleep, Timers};

/// Who was woken, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<usize>>>);

struct Entry(Log, usize);

impl Log {
    /// A waker that writes `id`.
    pub(crate) fn waker(&self, id: usize) -> Waker {
        Waker::from(Arc::new(Entry(self.clone(), id)))
    }

    /// What was written since the last call.
    pub(crate) fn take(&self) -> Vec<usize> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Wake for Entry {
    fn wake(self: Arc<Self>) {
        self.0.0.lock().unwrap().push(self.1);
    }
}

pub(crate) fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_idly<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll(future, Waker::noop())
}

pub(crate) fn timers() -> Timers {
    Timers::new(Clock::virtual_(), 1)
}

/// A sleep that was polled once, for `id`.
pub(crate) fn armed(timers: &Timers, seconds: u64, log: &Log, id: usize) -> Sleep {
    let mut sleep = timers.sleep(secs(seconds));
    assert!(poll(&mut sleep, &log.waker(id)).is_pending());
    sleep
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
