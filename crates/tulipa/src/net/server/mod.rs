//! `start_server`: a task for every connection.

mod entrance;
mod listen;
mod staff;

use self::entrance::Entrance;
use self::staff::Staff;
use super::addr::{ToSocketAddrs, resolve};
use super::tcp::TcpStream;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tulipa_task::cancel;

/// Serves every connection to `target` with `handler`, in a task of its own: asyncio's `start_server`.
///
/// It listens on all of `target`'s addresses, as those of `localhost` may be two, and serves from now on. A connection's
/// task is named after the other end and listed with all others; what it writes is sent at once, as in asyncio. A handler that fails or panics costs its
/// connection, and is reported as every failure is that nobody reads. When the process has no descriptors left,
/// accepting is reported and resumed later; so is any other trouble that is not one connection's.
///
/// # Errors
///
/// [`AddressError`](super::AddressError) if an address cannot be had; only one that was looked up and is not this
/// machine's (`::1`, where there is no IPv6) is left out if there is another. Else what the look-up says, and
/// [`NoRuntime`](super::NoRuntime) outside of a runtime.
///
/// # Examples
///
/// ```
/// use tulipa::io::{AsyncReadExt, AsyncWriteExt, copy};
/// use tulipa::net::{open_connection, start_server};
///
/// # tulipa::run(async {
/// let server = start_server("127.0.0.1:0", |mut stream| async move {
///     let (reader, mut writer) = stream.halves();
///     copy(reader, &mut writer).await // until the other side closes
/// })
/// .await?;
///
/// let mut stream = open_connection("127.0.0.1", server.local_addrs()[0].port()).await?;
/// stream.write_all(b"echo").await?;
/// stream.close().await?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer).await?;
/// assert_eq!(answer, "echo");
///
/// server.close();
/// server.wait_closed().await; // for the connection, too
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub async fn start_server<H, F, T, E>(target: impl ToSocketAddrs, handler: H) -> io::Result<Server>
where
    H: Fn(TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: fmt::Debug + Send + 'static,
{
    let listeners = listen::on_all(resolve(&target).await?)?;
    let server = Server {
        local_addrs: listeners.iter().map(|(_, address)| *address).collect(),
        staff: Arc::new(Staff::default()),
    };
    let handler = Arc::new(handler);
    for (listener, address) in listeners {
        Entrance::new(listener, address, handler.clone(), &server.staff).open();
    }
    Ok(server)
}

/// A server that accepts connections, from [`start_server`].
///
/// Dropping it stops that, as [`close`](Self::close) does. The connections there are go on.
///
/// # Examples
///
/// A server that runs until it is cancelled (by Ctrl-C, or as here by a timeout), and then sees its clients out:
///
/// ```
/// use std::time::Duration;
/// use tulipa::io::AsyncReadExt;
/// use tulipa::net::{TcpStream, start_server};
///
/// # tulipa::run(async {
/// let server = start_server("127.0.0.1:0", |mut stream: TcpStream| async move {
///     stream.read(&mut [0; 64]).await // from a client who says nothing
/// })
/// .await?;
/// let address = server.local_addrs()[0];
/// let _client = TcpStream::connect(address).await?;
///
/// let served = tulipa::timeout(Duration::from_millis(10), server.serve_forever()).await;
/// assert!(served.is_err());
/// assert_eq!(server.connections(), 0);
/// assert!(TcpStream::connect(address).await.is_err());
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[must_use = "a server that is dropped accepts no more connections"]
pub struct Server {
    local_addrs: Vec<SocketAddr>,
    staff: Arc<Staff>,
}

impl Server {
    /// The addresses that it listens on, or did, with the ports that were found if 0 was asked for.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::{TcpStream, start_server};
    /// # tulipa::run(async {
    /// let server = start_server("127.0.0.1:0", |_: TcpStream| async { std::io::Result::Ok(()) }).await?;
    /// assert!(server.local_addrs()[0].ip().is_loopback());
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.local_addrs
    }

    /// Whether it accepts connections: until it is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::{TcpStream, start_server};
    /// # tulipa::run(async {
    /// # let server = start_server("127.0.0.1:0", |_: TcpStream| async { std::io::Result::Ok(()) }).await?;
    /// assert!(server.is_serving());
    /// server.close();
    /// assert!(!server.is_serving());
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn is_serving(&self) -> bool {
        self.staff.is_serving()
    }

    /// How many connections are being served.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::{TcpStream, start_server};
    /// # tulipa::run(async {
    /// # let server = start_server("127.0.0.1:0", |_: TcpStream| async { std::io::Result::Ok(()) }).await?;
    /// assert_eq!(server.connections(), 0);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn connections(&self) -> usize {
        self.staff.connections()
    }

    /// Stops accepting. The connections there are go on. The addresses are free when [`wait_closed`](Self::wait_closed) ends,
    /// if not before.
    ///
    /// # Examples
    ///
    /// As [`start_server`].
    pub fn close(&self) {
        self.staff.close();
    }

    /// Requests every connection's task to cancel.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::io::AsyncReadExt;
    /// # use tulipa::net::{TcpStream, start_server};
    /// # tulipa::run(async {
    /// # let server = start_server("127.0.0.1:0", |mut stream: TcpStream| async move {
    /// #     stream.read(&mut [0; 64]).await
    /// # })
    /// # .await?;
    /// let _client = TcpStream::connect(server.local_addrs()[0]).await?;
    /// server.close();
    /// server.close_clients();
    /// server.wait_closed().await; // though the client does not hang up
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn close_clients(&self) {
        self.staff.close_clients();
    }

    /// Waits until the server is closed, by whomever, and every connection's task has ended.
    ///
    /// # Cancellation
    ///
    /// A request is left to the scopes around it. Dropped, it has done nothing.
    ///
    /// # Examples
    ///
    /// As [`start_server`].
    pub async fn wait_closed(&self) {
        self.staff.all_gone().await;
    }

    /// Waits as [`wait_closed`](Self::wait_closed) does, and if cancelled closes the server and its connections, and
    /// waits until they have ended.
    ///
    /// # Cancellation
    ///
    /// A request is caught, and passed on when the server is closed and its connections have ended, each after a
    /// request to cancel of its own.
    ///
    /// # Examples
    ///
    /// As [`Server`].
    pub async fn serve_forever(&self) {
        if let Err(cancelled) = cancel::catch(self.wait_closed()).await {
            self.close();
            self.close_clients();
            self.wait_closed().await;
            cancelled.resume().await
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("local_addrs", &self.local_addrs)
            .field("is_serving", &self.is_serving())
            .field("connections", &self.connections())
            .finish()
    }
}
