//! The futures-io traits for our streams, by `&mut` and by `&`: what both ways and all streams have in common.

use std::io;

/// Implements `AsyncRead` and `AsyncWrite` for types with a field `socket: Async<_>` and a method `end_writing(&self)`.
/// A generic function cannot do this, because the traits are foreign and the types are ours.
macro_rules! futures_io {
    ($($stream:ty),*) => { $(
        impl futures::io::AsyncRead for $stream {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &self.socket).poll_read(cx, buf)
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [io::IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &self.socket).poll_read_vectored(cx, bufs)
            }
        }

        impl futures::io::AsyncWrite for $stream {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &self.socket).poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &self.socket).poll_write_vectored(cx, bufs)
            }

            /// Nothing is kept back here: what was written is the kernel's.
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            /// Ends what is written; the other side reads to an end. Reading goes on.
            fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(self.end_writing())
            }
        }
    )* };
}

pub(super) use futures_io;

/// What ending a direction comes to. Who finds the connection gone has what they wanted.
pub(super) fn gone_is_ended(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        done => done,
    }
}
