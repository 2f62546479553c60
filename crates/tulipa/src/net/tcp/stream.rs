//! A TCP connection.

use super::connecting;
use crate::net::addr::{ToSocketAddrs, resolve};
use crate::net::error::AddressError;
use crate::net::forward::{futures_io, gone_is_ended};
use crate::net::split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use crate::net::watch::watch;
use socket2::Socket;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use tulipa_reactor::Async;

/// A TCP connection, to read and to write.
///
/// It has the traits of futures-io by `&mut` and also by `&`, so that two tasks can share one without splitting it.
/// Closing it with [`close`](futures::io::AsyncWriteExt::close) ends what is written and leaves what can be read;
/// dropping it ends both.
///
/// # Cancellation
///
/// A read or write that is dropped while it waits has moved nothing.
///
/// # Examples
///
/// ```
/// use tulipa::io::{AsyncReadExt, AsyncWriteExt};
/// use tulipa::net::{TcpListener, TcpStream};
///
/// # tulipa::run(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _) = listener.accept().await?;
///
/// client.write_all(b"tulip").await?;
/// client.close().await?;
/// let mut word = String::new();
/// server.read_to_string(&mut word).await?;
/// assert_eq!(word, "tulip");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct TcpStream {
    pub(in crate::net) socket: Async<mio::net::TcpStream>,
}

futures_io!(TcpStream, &TcpStream);

impl TcpStream {
    /// Connects to the first of `target`'s addresses that lets it.
    ///
    /// They are tried one after the other. To a host that has several, [`open_connection`](crate::net::open_connection)
    /// is faster when some of them do not answer.
    ///
    /// # Errors
    ///
    /// [`AddressError`], with every address and why it failed; else what the look-up says, and
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if `target` is no address.
    ///
    /// # Cancellation
    ///
    /// A request is left to the scopes around it. Dropped, it gives up the attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa::net::{TcpListener, TcpStream};
    ///
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn connect(target: impl ToSocketAddrs) -> io::Result<Self> {
        let resolved = resolve(&target).await?;
        let mut failed = AddressError::new("connect to", resolved.name);
        for address in resolved.addresses {
            match connecting::connect_to(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed.add(address, error),
            }
        }
        Err(failed.into())
    }

    /// Connects a socket that was given its options before: bound to an address of ours, with other buffers, with
    /// whatever [`socket2`] can set.
    ///
    /// # Errors
    ///
    /// [`AddressError`], with the address and why it failed.
    ///
    /// # Cancellation
    ///
    /// A request is left to the scopes around it. Dropped, it gives up the attempt, and the socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::{Ipv4Addr, SocketAddr};
    /// use tulipa::net::socket2::{Domain, Socket, Type};
    /// use tulipa::net::{TcpListener, TcpStream};
    ///
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///
    /// let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    /// socket.set_keepalive(true)?;
    /// socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    /// let stream = TcpStream::connect_from(socket, listener.local_addr()?).await?;
    /// assert_eq!(stream.local_addr()?, listener.accept().await?.1);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn connect_from(socket: Socket, address: SocketAddr) -> io::Result<Self> {
        let connected = connecting::connect_from(socket, address).await;
        connected
            .map_err(|error| AddressError::with("connect to", None, vec![(address, error)]).into())
    }

    /// Takes over a connection of the standard library, and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`](crate::net::NoRuntime) outside of a runtime; else what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa::net::{TcpListener, TcpStream};
    ///
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// let stream = TcpStream::from_std(stream)?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let stream = mio::net::TcpStream::from_std(stream);
        Self::watched("TcpStream::from_std", stream)
    }

    /// Gives the connection to the standard library, in blocking mode.
    ///
    /// # Errors
    ///
    /// What the system says to the change of mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use tulipa::io::AsyncReadExt;
    /// use tulipa::net::{TcpListener, TcpStream};
    ///
    /// # tulipa::run(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut server, _) = listener.accept().await?;
    /// let mut client: std::net::TcpStream = client.into_std()?;
    /// client.write_all(b"tulip")?;
    /// server.read_exact(&mut [0; 5]).await?;
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        let stream = std::net::TcpStream::from(self.socket.into_inner());
        stream.set_nonblocking(false)?;
        Ok(stream)
    }

    pub(super) fn watched(call: &'static str, stream: mio::net::TcpStream) -> io::Result<Self> {
        let socket = watch(call, stream)?.trust_short_transfers();
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
    pub fn halves(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        split::halves(self)
    }

    /// Two halves for two tasks.
    ///
    /// # Examples
    ///
    /// As [`OwnedReadHalf`].
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split::into_split(self, Self::end_writing)
    }

    /// Waits for bytes and copies them to `buf`, but leaves them to be read.
    ///
    /// # Errors
    ///
    /// As a read.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::io::{AsyncReadExt, AsyncWriteExt};
    /// # use tulipa::net::{TcpListener, TcpStream};
    /// # tulipa::run(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut server, _) = listener.accept().await?;
    /// client.write_all(b"tulip").await?;
    /// let mut first = [0];
    /// server.peek(&mut first).await?;
    /// assert_eq!(&first, b"t");
    /// let mut word = [0; 5];
    /// server.read_exact(&mut word).await?;
    /// assert_eq!(&word, b"tulip");
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.read_with(|stream| stream.peek(buf)).await
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
    /// # use tulipa::net::{TcpListener, TcpStream};
    /// # tulipa::run(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut server, _) = listener.accept().await?;
    /// client.shutdown(Shutdown::Write)?;
    /// assert_eq!(server.read(&mut [0; 8]).await?, 0);
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
}
