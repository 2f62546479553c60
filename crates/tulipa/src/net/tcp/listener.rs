//! A socket that accepts TCP connections.

use super::TcpStream;
use crate::net::addr::{ToSocketAddrs, resolve};
use crate::net::error::AddressError;
use crate::net::watch::watch;
use futures::Stream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tulipa_reactor::Async;

/// A socket that accepts TCP connections.
///
/// [`start_server`](crate::net::start_server) puts a loop around it that serves each of them in a task of its own and
/// survives a process that is out of descriptors.
///
/// # Examples
///
/// ```
/// use tulipa::net::{TcpListener, TcpStream};
///
/// # tulipa::run(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (server, address) = listener.accept().await?;
/// assert_eq!(server.local_addr()?, listener.local_addr()?);
/// assert_eq!(address, client.local_addr()?);
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct TcpListener {
    pub(in crate::net) socket: Async<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens on the first of `target`'s addresses that can be had. Port 0 is any free one.
    ///
    /// On Unix an address can be had again at once after its last owner went (`SO_REUSEADDR`), and as many connections wait as the
    /// system lets.
    ///
    /// # Errors
    ///
    /// [`AddressError`], with every address and why it failed; else what the look-up says, and
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if `target` is no address.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use tulipa::net::TcpListener;
    ///
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let error = TcpListener::bind(listener.local_addr()?).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrInUse);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn bind(target: impl ToSocketAddrs) -> io::Result<Self> {
        let resolved = resolve(&target).await?;
        let mut failed = AddressError::new("listen on", resolved.name);
        for address in resolved.addresses {
            match Self::bind_to(address) {
                Ok(listener) => return Ok(listener),
                Err(error) => failed.add(address, error),
            }
        }
        Err(failed.into())
    }

    fn bind_to(address: SocketAddr) -> io::Result<Self> {
        let listener = mio::net::TcpListener::bind(address)?;
        let socket = watch("TcpListener::bind", listener)?;
        Ok(Self { socket })
    }

    /// Takes over a listener of the standard library, and makes it non-blocking.
    ///
    /// With it come all the options that [`socket2`] can set.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`](crate::net::NoRuntime) outside of a runtime; else what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use tulipa::net::TcpListener;
    /// use tulipa::net::socket2::{Domain, Socket, Type};
    ///
    /// # tulipa::run(async {
    /// let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    /// socket.set_recv_buffer_size(1 << 20)?; // for the connections, too
    /// socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    /// socket.listen(1024)?;
    /// let listener = TcpListener::from_std(socket.into())?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        Self::adopt("TcpListener::from_std", listener)
    }

    pub(in crate::net) fn adopt(
        call: &'static str,
        listener: std::net::TcpListener,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let socket = watch(call, mio::net::TcpListener::from_std(listener))?;
        Ok(Self { socket })
    }

    /// Gives the listener to the standard library, in blocking mode.
    ///
    /// # Errors
    ///
    /// What the system says to the change of mode.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::TcpListener;
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let listener: std::net::TcpListener = listener.into_std()?;
    /// assert!(listener.local_addr()?.ip().is_loopback());
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        let listener = std::net::TcpListener::from(self.socket.into_inner());
        listener.set_nonblocking(false)?;
        Ok(listener)
    }

    /// Waits for a connection: the stream, and the address at its other end.
    ///
    /// # Errors
    ///
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted) and its like if the other side gave up meanwhile: go
    /// on. Too many open files: wait, and go on.
    ///
    /// # Cancellation
    ///
    /// A request is left to the scopes around it. Dropped, it has accepted nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::{TcpListener, TcpStream};
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (server, address) = listener.accept().await?;
    /// assert_eq!(server.peer_addr()?, address);
    /// assert_eq!(client.local_addr()?, address);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        accepted(self.socket.read_with(|listener| listener.accept()).await?)
    }

    /// [`accept`](Self::accept) for use in a `poll` function.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::{TcpListener, TcpStream};
    /// # tulipa::run(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_server, address) = std::future::poll_fn(|cx| listener.poll_accept(cx)).await?;
    /// assert_eq!(client.local_addr()?, address);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let socket = &self.socket;
        let connection = ready!(socket.poll_read_with(cx, |listener| listener.accept()))?;
        Poll::Ready(accepted(connection))
    }

    /// The connections as a stream, which does not end. An error is one failed [`accept`](Self::accept).
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// # use tulipa::net::{TcpListener, TcpStream};
    ///
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let address = listener.local_addr()?;
    /// let _clients = [TcpStream::connect(address).await?, TcpStream::connect(address).await?];
    /// let servers: Vec<_> = listener.incoming().take(2).collect().await;
    /// assert!(servers.iter().all(|accepted| accepted.is_ok()));
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// The address that it listens on, with the port that was found if 0 was asked for.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::TcpListener;
    /// # tulipa::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }
}

/// The connections of a [`TcpListener`]. From [`TcpListener::incoming`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
}

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let accepted = ready!(self.listener.poll_accept(cx));
        Poll::Ready(Some(accepted.map(|(stream, _)| stream)))
    }
}

fn accepted(
    (stream, address): (mio::net::TcpStream, SocketAddr),
) -> io::Result<(TcpStream, SocketAddr)> {
    Ok((TcpStream::watched("TcpListener::accept", stream)?, address))
}
