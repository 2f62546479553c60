//! The futures-io traits, for sources that read and write: through `&mut Async` where they need `&mut`, and through
//! `&Async`, by any number of tasks at once, where they do not.

use super::Async;
use crate::readiness::Direction;
use futures::io::{AsyncRead, AsyncWrite};
use mio::event::Source;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

impl<S: Source + Read> AsyncRead for Async<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let (source, registration) = self.parts_mut();
        registration.poll_transfer(Direction::Read, cx, buf.len(), || source.read(buf))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = bufs.iter().map(|buf| buf.len()).sum();
        let (source, registration) = self.parts_mut();
        registration.poll_transfer(Direction::Read, cx, room, || source.read_vectored(bufs))
    }
}

impl<S: Source + Write> AsyncWrite for Async<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let (source, registration) = self.parts_mut();
        registration.poll_transfer(Direction::Write, cx, buf.len(), || source.write(buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = bufs.iter().map(|buf| buf.len()).sum();
        let (source, registration) = self.parts_mut();
        registration.poll_transfer(Direction::Write, cx, room, || source.write_vectored(bufs))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (source, registration) = self.parts_mut();
        registration.poll_eager(Direction::Write, cx, || source.flush())
    }

    /// Flushes. What else closing means (a shutdown, say) is known to the type of the source, not here.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl<S: Source> AsyncRead for &Async<S>
where
    for<'a> &'a S: Read,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let (mut source, registration) = self.parts();
        registration.poll_transfer(Direction::Read, cx, buf.len(), || source.read(buf))
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = bufs.iter().map(|buf| buf.len()).sum();
        let (mut source, registration) = self.parts();
        registration.poll_transfer(Direction::Read, cx, room, || source.read_vectored(bufs))
    }
}

impl<S: Source> AsyncWrite for &Async<S>
where
    for<'a> &'a S: Write,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let (mut source, registration) = self.parts();
        registration.poll_transfer(Direction::Write, cx, buf.len(), || source.write(buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = bufs.iter().map(|buf| buf.len()).sum();
        let (mut source, registration) = self.parts();
        registration.poll_transfer(Direction::Write, cx, room, || source.write_vectored(bufs))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (mut source, registration) = self.parts();
        registration.poll_eager(Direction::Write, cx, || source.flush())
    }

    /// Flushes, as that of `Async` itself.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
