//! tulipa under hyper: its sockets, executor and timer behind hyper's runtime traits.

use futures::io::{AsyncRead, AsyncWrite};
use hyper::rt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tulipa::{TaskGroup, time};

/// A futures-io stream as hyper wants it.
pub(crate) struct Io<S>(pub(crate) S);

/// Runs what hyper wants run in the background in a group, which cancels it and waits for it.
pub(crate) struct Executor(pub(crate) TaskGroup);

/// hyper's timeouts on tulipa's clock.
#[derive(Clone, Copy)]
pub(crate) struct Timer {
    /// One moment on both clocks.
    moment: (Instant, time::Instant),
}

struct Sleep(time::Sleep);

impl<S: AsyncRead + Unpin> rt::Read for Io<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // What hyper lends may be uninitialised, and only unsafe code can fill it without a copy.
        let mut buffer = [0; 8 * 1024];
        let room = into.remaining().min(buffer.len());
        let read = ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer[..room]))?;
        into.put_slice(&buffer[..read]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> rt::Write for Io<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

impl<F> rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn(future).detach();
    }
}

impl Timer {
    pub(crate) fn new() -> Self {
        let moment = (Instant::now(), time::now());
        Self { moment }
    }

    fn translate(&self, deadline: Instant) -> time::Instant {
        let (theirs, ours) = self.moment;
        ours + deadline.saturating_duration_since(theirs)
    }
}

impl rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep(time::sleep(duration)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep(time::sleep_until(self.translate(deadline))))
    }

    fn now(&self) -> Instant {
        let (theirs, ours) = self.moment;
        theirs + (time::now() - ours)
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn rt::Sleep>>, deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep>() {
            Some(mut sleep) => sleep.0.reset(self.translate(deadline)),
            None => *sleep = self.sleep_until(deadline),
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl rt::Sleep for Sleep {}
