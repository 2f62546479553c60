//! A stream of any runtime behind the traits that the workloads' loops, and hyper, are written for.

use super::Whole;
use futures::{AsyncRead, AsyncWrite};
use std::fmt;
use std::io;
use std::net::TcpStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// What hyper reads at once: it lends a buffer that is not initialised, which safe code cannot read into.
const CHUNK: usize = 8 * 1024;

/// A connection, watched by the runtime `R`.
pub struct Io<R: Whole>(R::Stream);

impl<R: Whole> Io<R> {
    /// Takes over a connection.
    ///
    /// # Errors
    ///
    /// If the system cannot watch it.
    pub fn new(socket: TcpStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        R::stream(socket).map(Self)
    }
}

impl<R: Whole> fmt::Debug for Io<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Io(..)")
    }
}

impl<R: Whole> AsyncRead for Io<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        R::poll_read(&mut self.0, cx, buffer)
    }
}

/// Nothing is buffered here, so there is nothing to flush; what is sent ends when the stream is dropped.
impl<R: Whole> AsyncWrite for Io<R> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        R::poll_write(&mut self.0, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl<R: Whole> hyper::rt::Read for Io<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut chunk = [0; CHUNK];
        let room = into.remaining().min(CHUNK);
        let read = ready!(R::poll_read(&mut self.0, cx, &mut chunk[..room]))?;
        into.put_slice(&chunk[..read]);
        Poll::Ready(Ok(()))
    }
}

impl<R: Whole> hyper::rt::Write for Io<R> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(self, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
