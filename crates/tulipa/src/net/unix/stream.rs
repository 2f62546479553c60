//! A connection between two processes of one machine.

use crate::net::backoff::Backoff;
use crate::net::forward::{futures_io, gone_is_ended};
use crate::net::split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use crate::net::watch::watch;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use tulipa_reactor::Async;

/// A connection through a socket with a path, or a pair without one: [`TcpStream`](crate::net::TcpStream) within a
/// machine.
///
/// # Cancellation
///
/// A read or write that is dropped while it waits has moved nothing.
///
/// # Examples
///
/// ```
/// use tulipa::io::{AsyncReadExt, AsyncWriteExt};
/// use tulipa::net::UnixStream;
///
/// # tulipa::run(async {
/// let (mut a, mut b) = UnixStream::pair()?;
/// a.write_all(b"tulip").await?;
/// a.close().await?;
/// let mut word = String::new();
/// b.read_to_string(&mut word).await?;
/// assert_eq!(word, "tulip");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct UnixStream {
    pub(in crate::net) socket: Async<mio::net::UnixStream>,
}

futures_io!(UnixStream, &UnixStream);

impl UnixStream {
    /// Connects to the listener at a path. While more connections wait there than it lets, this tries again, less and
    /// less often.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound), [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if nobody
    /// listens there any more, and what else the system says. The path is in the error.
    ///
    /// # Cancellation
    ///
    /// A request is left to the scopes around it. Dropped, it gives up the attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UnixStream;
    /// # tulipa::run(async {
    /// let error = UnixStream::connect("/no/such/socket").await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// assert!(error.to_string().starts_with("cannot connect to /no/such/socket: "));
    /// # }).unwrap();
    /// ```
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        Self::connect_to(path).await.map_err(|error| {
            let text = format!("cannot connect to {}: {error}", path.display());
            io::Error::new(error.kind(), text)
        })
    }

    async fn connect_to(path: &Path) -> io::Result<Self> {
        let mut backoff = Backoff::default();
        loop {
            match mio::net::UnixStream::connect(path) {
                Ok(stream) => return Self::watched("UnixStream::connect", stream),
                // No event tells that there is room in the queue of a listener.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    tulipa_timers::sleep(backoff.next_wait()).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Two streams that are connected to each other.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`](crate::net::NoRuntime) outside of a runtime; else what the system says.
    ///
    /// # Examples
    ///
    /// As [`UnixStream`].
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, another) = mio::net::UnixStream::pair()?;
        let watched = |stream| Self::watched("UnixStream::pair", stream);
        Ok((watched(one)?, watched(another)?))
    }

    /// Takes over a stream of the standard library, and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`](crate::net::NoRuntime) outside of a runtime; else what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use tulipa::io::AsyncReadExt;
    /// # use tulipa::net::UnixStream;
    ///
    /// # tulipa::run(async {
    /// let (mut blocking, stream) = std::os::unix::net::UnixStream::pair()?;
    /// let mut stream = UnixStream::from_std(stream)?;
    /// blocking.write_all(b"tulip")?;
    /// stream.read_exact(&mut [0; 5]).await?;
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn from_std(stream: std::os::unix::net::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let stream = mio::net::UnixStream::from_std(stream);
        Self::watched("UnixStream::from_std", stream)
    }

    /// Gives the stream to the standard library, in blocking mode.
    ///
    /// # Errors
    ///
    /// What the system says to the change of mode.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UnixStream;
    /// # tulipa::run(async {
    /// let (one, _another) = UnixStream::pair()?;
    /// let one: std::os::unix::net::UnixStream = one.into_std()?;
    /// assert!(one.peer_addr()?.is_unnamed());
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixStream> {
        let stream = std::os::unix::net::UnixStream::from(self.socket.into_inner());
        stream.set_nonblocking(false)?;
        Ok(stream)
    }

    pub(super) fn watched(call: &'static str, stream: mio::net::UnixStream) -> io::Result<Self> {
        let socket = watch(call, stream)?;
        Ok(Self { socket })
    }

    /// Two halves to use at once in one task.
    ///
    /// (Not named `split`, because that of [`AsyncReadExt`](futures::io::AsyncReadExt::split) would be called
    /// instead. It works here too, at the price of a lock.)
    ///
    /// # Examples
    ///
    /// As [`ReadHalf`].
    pub fn halves(&mut self) -> (ReadHalf<'_, Self>, WriteHalf<'_, Self>) {
        split::halves(self)
    }

    /// Two halves for two tasks.
    ///
    /// # Examples
    ///
    /// As [`OwnedReadHalf`].
    pub fn into_split(self) -> (OwnedReadHalf<Self>, OwnedWriteHalf<Self>) {
        split::into_split(self, Self::end_writing)
    }

    /// Ends one direction or both, at once and for all who share the stream.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) if the connection is gone; else what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::net::Shutdown;
    /// # use tulipa::io::AsyncReadExt;
    /// # use tulipa::net::UnixStream;
    /// # tulipa::run(async {
    /// let (one, mut another) = UnixStream::pair()?;
    /// one.shutdown(Shutdown::Write)?;
    /// assert_eq!(another.read(&mut [0; 8]).await?, 0);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.get_ref().shutdown(how)
    }

    /// What closing does.
    fn end_writing(&self) -> io::Result<()> {
        gone_is_ended(self.shutdown(Shutdown::Write))
    }

    /// The address at the other end: the path of the listener, on the side that connected.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) if the connection is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UnixStream;
    /// # tulipa::run(async {
    /// let (one, _another) = UnixStream::pair()?;
    /// assert!(one.peer_addr()?.is_unnamed());
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().peer_addr()
    }

    /// The address at this end: the path of the listener, on the side that accepted.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UnixStream;
    /// # tulipa::run(async {
    /// let (one, _another) = UnixStream::pair()?;
    /// assert!(one.local_addr()?.is_unnamed());
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }
}
