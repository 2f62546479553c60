//! UDP.

mod multicast;

use super::addr::{ToSocketAddrs, resolve};
use super::error::AddressError;
use super::watch::watch;
use std::io;
use std::net::SocketAddr;
use tulipa_reactor::Async;

/// A UDP socket. Any number of tasks may send and receive on it at once.
///
/// # Cancellation
///
/// A send or receive that is dropped while it waits has sent or received nothing.
///
/// # Examples
///
/// ```
/// use tulipa::net::UdpSocket;
///
/// # tulipa::run(async {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
///
/// client.send_to(b"tulip", server.local_addr()?).await?;
/// let mut datagram = [0; 1500];
/// let (length, from) = server.recv_from(&mut datagram).await?;
/// assert_eq!((&datagram[..length], from), (&b"tulip"[..], client.local_addr()?));
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    pub(super) socket: Async<mio::net::UdpSocket>,
}

impl UdpSocket {
    /// Binds to the first of `target`'s addresses that can be had. Port 0 is any free one.
    ///
    /// # Errors
    ///
    /// [`AddressError`], with every address and why it failed; else what the look-up says, and
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if `target` is no address.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UdpSocket;
    /// # tulipa::run(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn bind(target: impl ToSocketAddrs) -> io::Result<Self> {
        let resolved = resolve(&target).await?;
        let mut failed = AddressError::new("bind to", resolved.name);
        for address in resolved.addresses {
            match Self::bind_to(address) {
                Ok(socket) => return Ok(socket),
                Err(error) => failed.add(address, error),
            }
        }
        Err(failed.into())
    }

    fn bind_to(address: SocketAddr) -> io::Result<Self> {
        let socket = mio::net::UdpSocket::bind(address)?;
        let socket = watch("UdpSocket::bind", socket)?;
        Ok(Self { socket })
    }

    /// Takes over a socket of the standard library, and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`](crate::net::NoRuntime) outside of a runtime; else what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UdpSocket;
    /// # tulipa::run(async {
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// let socket = UdpSocket::from_std(socket)?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let socket = watch("UdpSocket::from_std", mio::net::UdpSocket::from_std(socket))?;
        Ok(Self { socket })
    }

    /// Gives the socket to the standard library, in blocking mode.
    ///
    /// # Errors
    ///
    /// What the system says to the change of mode.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UdpSocket;
    /// # tulipa::run(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let socket: std::net::UdpSocket = socket.into_std()?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        let socket = std::net::UdpSocket::from(self.socket.into_inner());
        socket.set_nonblocking(false)?;
        Ok(socket)
    }

    /// Fixes the other end: what [`send`](Self::send) sends to, and the only one that is received from. Nothing is
    /// sent for it.
    ///
    /// # Errors
    ///
    /// [`AddressError`], with every address and why it failed; else as [`bind`](Self::bind).
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UdpSocket;
    /// # tulipa::run(async {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.connect(server.local_addr()?).await?;
    /// client.send(b"tulip").await?;
    /// assert_eq!(server.recv(&mut [0; 1500]).await?, 5);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn connect(&self, target: impl ToSocketAddrs) -> io::Result<()> {
        let resolved = resolve(&target).await?;
        let mut failed = AddressError::new("connect to", resolved.name);
        for address in resolved.addresses {
            match self.socket.get_ref().connect(address) {
                Ok(()) => return Ok(()),
                Err(error) => failed.add(address, error),
            }
        }
        Err(failed.into())
    }

    /// Sends a datagram to the address that the socket is [connected](Self::connect) to.
    ///
    /// # Errors
    ///
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if an earlier one found nobody there; else what the
    /// system says, as of one that is too long.
    ///
    /// # Examples
    ///
    /// As [`connect`](Self::connect).
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.socket.write_with(|socket| socket.send(datagram)).await
    }

    /// Receives a datagram. What does not fit into `buf` is lost.
    ///
    /// # Errors
    ///
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if one that was sent found nobody there; else what the
    /// system says.
    ///
    /// # Examples
    ///
    /// As [`connect`](Self::connect).
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.read_with(|socket| socket.recv(buf)).await
    }

    /// Sends a datagram to `address`. A name is looked up before, and once, with [`lookup_host`](super::lookup_host).
    ///
    /// # Errors
    ///
    /// [`AddressError`], with the address and what the system says.
    ///
    /// # Examples
    ///
    /// As [`UdpSocket`].
    pub async fn send_to(&self, datagram: &[u8], address: SocketAddr) -> io::Result<usize> {
        let send = |socket: &mio::net::UdpSocket| socket.send_to(datagram, address);
        let sent = self.socket.write_with(send).await;
        sent.map_err(|error| AddressError::with("send to", None, vec![(address, error)]).into())
    }

    /// Receives a datagram, and says where it is from. What does not fit into `buf` is lost.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Examples
    ///
    /// As [`UdpSocket`].
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.read_with(|socket| socket.recv_from(buf)).await
    }

    /// [`recv_from`](Self::recv_from), but the datagram stays to be received.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UdpSocket;
    /// # tulipa::run(async {
    /// # let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// # client.send_to(b"tulip", server.local_addr()?).await?;
    /// let (_, from) = server.peek_from(&mut [0; 1500]).await?;
    /// assert_eq!(server.recv_from(&mut [0; 1500]).await?, (5, from));
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.read_with(|socket| socket.peek_from(buf)).await
    }

    /// The address at this end, with the port that was found if 0 was asked for.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Examples
    ///
    /// As [`bind`](Self::bind).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }

    /// The address that the socket is [connected](Self::connect) to.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) if there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UdpSocket;
    /// # tulipa::run(async {
    /// # let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.connect(server.local_addr()?).await?;
    /// assert_eq!(client.peer_addr()?, server.local_addr()?);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().peer_addr()
    }
}
