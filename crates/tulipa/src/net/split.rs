//! A stream in two halves, one to read and one to write: borrowed, or owned and sent to two tasks.
//!
//! The halves are the same for every stream that reads and writes by `&`. They do not add a lock.

use futures::io::{AsyncRead, AsyncWrite};
use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::tcp::TcpStream;

/// The reading half of a stream, borrowed. From [`TcpStream::halves`] and its like.
///
/// # Examples
///
/// ```
/// use tulipa::io::{AsyncReadExt, AsyncWriteExt, copy};
/// use tulipa::net::{TcpListener, TcpStream};
///
/// # tulipa::run(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _) = listener.accept().await?;
/// client.write_all(b"tulip").await?;
/// client.close().await?;
///
/// let (reader, mut writer) = server.halves();
/// copy(reader, &mut writer).await?; // an echo
/// writer.close().await?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert_eq!(answer, "tulip");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct ReadHalf<'a, S = TcpStream> {
    pub(super) stream: &'a S,
}

/// The writing half of a stream, borrowed. From [`TcpStream::halves`] and its like; see [`ReadHalf`].
///
/// Dropping it does not end the stream; [`close`](futures::io::AsyncWriteExt::close) does.
#[derive(Debug)]
pub struct WriteHalf<'a, S = TcpStream> {
    pub(super) stream: &'a S,
}

pub(super) fn halves<S>(stream: &mut S) -> (ReadHalf<'_, S>, WriteHalf<'_, S>) {
    (ReadHalf { stream }, WriteHalf { stream })
}

/// The reading half of a stream, owned. From [`TcpStream::into_split`] and its like.
///
/// # Examples
///
/// ```
/// use tulipa::io::{AsyncReadExt, AsyncWriteExt};
/// use tulipa::net::{TcpListener, TcpStream};
///
/// # tulipa::run(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _) = listener.accept().await?;
///
/// let (mut reader, mut writer) = client.into_split();
/// let sender = tulipa::spawn(async move {
///     writer.write_all(b"tulip").await // and ends it: the half is dropped
/// });
/// let mut word = String::new();
/// server.read_to_string(&mut word).await?;
/// assert_eq!(word, "tulip");
///
/// server.write_all(b"thanks").await?;
/// let mut answer = [0; 6];
/// reader.read_exact(&mut answer).await?;
/// sender.await.unwrap()?;
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf<S = TcpStream> {
    stream: Arc<S>,
}

/// The writing half of a stream, owned. From [`TcpStream::into_split`] and its like; see [`OwnedReadHalf`].
///
/// Dropping it ends what is written, so that the other side reads to an end, even if our reading half lives on.
/// [`forget`](Self::forget) drops it without that.
#[derive(Debug)]
pub struct OwnedWriteHalf<S = TcpStream> {
    stream: Arc<S>,
    /// What dropping this does to the stream. `None`: nothing.
    end: Option<fn(&S) -> io::Result<()>>,
}

pub(super) fn into_split<S>(
    stream: S,
    end: fn(&S) -> io::Result<()>,
) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let stream = Arc::new(stream);
    let read = OwnedReadHalf {
        stream: stream.clone(),
    };
    let end = Some(end);
    (read, OwnedWriteHalf { stream, end })
}

impl<S> OwnedReadHalf<S> {
    /// The stream again, from both its halves.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`], with the halves in it, if they are of two streams.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa::net::{TcpListener, TcpStream};
    ///
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let one = TcpStream::connect(listener.local_addr()?).await?;
    /// let another = TcpStream::connect(listener.local_addr()?).await?;
    ///
    /// let (reader, writer) = one.into_split();
    /// let (other_reader, other_writer) = another.into_split();
    /// let error = reader.reunite(other_writer).unwrap_err();
    /// let _one: TcpStream = error.reader.reunite(writer).unwrap();
    /// let _another: TcpStream = other_reader.reunite(error.writer).unwrap();
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    #[allow(clippy::missing_panics_doc, reason = "ALONE says why it never does")]
    pub fn reunite(self, mut writer: OwnedWriteHalf<S>) -> Result<S, ReuniteError<S>> {
        const ALONE: &str = "a stream has two halves, and both were here";
        if !Arc::ptr_eq(&self.stream, &writer.stream) {
            return Err(ReuniteError {
                reader: self,
                writer,
            });
        }
        writer.end = None;
        drop(writer);
        Ok(Arc::into_inner(self.stream).expect(ALONE))
    }
}

impl<S> OwnedWriteHalf<S> {
    /// Drops this half without ending the stream, which closes when the reading half goes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa::io::AsyncReadExt;
    /// use tulipa::net::{TcpListener, TcpStream};
    ///
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut server, _) = listener.accept().await?;
    ///
    /// let (reader, writer) = client.into_split();
    /// writer.forget();
    /// drop(reader);
    /// assert_eq!(server.read(&mut [0; 8]).await?, 0);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn forget(mut self) {
        self.end = None;
    }
}

impl<S> Drop for OwnedWriteHalf<S> {
    fn drop(&mut self) {
        if let Some(end) = self.end {
            // A stream that is broken has ended already.
            let _ = end(&self.stream);
        }
    }
}

/// The stream, for its addresses and options.
impl<S> AsRef<S> for ReadHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.stream
    }
}

/// The stream, for its addresses and options.
impl<S> AsRef<S> for WriteHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.stream
    }
}

/// The stream, for its addresses and options.
impl<S> AsRef<S> for OwnedReadHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

/// The stream, for its addresses and options.
impl<S> AsRef<S> for OwnedWriteHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

macro_rules! read_by_ref {
    ($($half:ty),*) => { $(
        impl<S> AsyncRead for $half
        where
            for<'s> &'s S: AsyncRead,
        {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self.stream).poll_read(cx, buf)
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self.stream).poll_read_vectored(cx, bufs)
            }
        }
    )* };
}

macro_rules! write_by_ref {
    ($($half:ty),*) => { $(
        impl<S> AsyncWrite for $half
        where
            for<'s> &'s S: AsyncWrite,
        {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self.stream).poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self.stream).poll_write_vectored(cx, bufs)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut &*self.stream).poll_flush(cx)
            }

            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut &*self.stream).poll_close(cx)
            }
        }
    )* };
}

read_by_ref!(ReadHalf<'_, S>, OwnedReadHalf<S>);
write_by_ref!(WriteHalf<'_, S>, OwnedWriteHalf<S>);

/// The halves given to [`OwnedReadHalf::reunite`] are of two streams. They come back in it.
#[derive(Debug)]
pub struct ReuniteError<S = TcpStream> {
    /// The half that was to be reunited.
    pub reader: OwnedReadHalf<S>,
    /// The half of another stream.
    pub writer: OwnedWriteHalf<S>,
}

impl<S> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the halves are of two streams: reunite the two that came out of one `into_split`",
        )
    }
}

impl<S: fmt::Debug> Error for ReuniteError<S> {}
