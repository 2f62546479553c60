//! Sockets and streams: TCP, UDP, and on Unix the sockets that have a path.
//!
//! asyncio's `open_connection` and `start_server` are [`open_connection`] and [`start_server`]. Below them are the
//! sockets, in the shape that Rust's standard library gives them, with `async` where one waits. Streams have the
//! traits of futures-io, so that whatever the ecosystem offers for those works here; the traits and what goes with
//! them are in [`tulipa::io`](crate::io).
//!
//! All of it belongs to a runtime: outside of one, making a socket fails with [`NoRuntime`].
//!
//! # Cancellation
//!
//! Sockets know nothing of requests to cancel. An operation that can complete does, even if its task is being
//! cancelled, so that no bytes are read and then lost; the request is met where the task next suspends, and if that
//! is in waiting for a socket, the operation has done nothing.
//!
//! # Examples
//!
//! ```
//! use tulipa::io::{AsyncReadExt, AsyncWriteExt};
//! use tulipa::net::{open_connection, start_server};
//!
//! # tulipa::run(async {
//! let server = start_server("127.0.0.1:0", |mut stream| async move {
//!     let mut line = String::new();
//!     stream.read_to_string(&mut line).await?;
//!     stream.write_all(line.to_uppercase().as_bytes()).await
//! })
//! .await?;
//!
//! let port = server.local_addrs()[0].port();
//! let mut stream = open_connection("127.0.0.1", port).await?;
//! stream.write_all(b"tulips").await?;
//! stream.close().await?; // the end of what we send; we can still read
//! let mut answer = String::new();
//! stream.read_to_string(&mut answer).await?;
//! assert_eq!(answer, "TULIPS");
//! # std::io::Result::Ok(())
//! # }).unwrap().unwrap();
//! ```

mod accept;
mod addr;
mod backoff;
mod connect;
mod error;
mod forward;
mod happy_eyeballs;
mod os;
mod server;
mod split;
mod tcp;
mod udp;
#[cfg(unix)]
mod unix;
mod watch;

pub use self::addr::{Target, ToSocketAddrs, lookup_host};
pub use self::connect::open_connection;
pub use self::error::{AddressError, NoRuntime};
pub use self::server::{Server, start_server};
pub use self::split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use self::tcp::{Incoming, TcpListener, TcpStream};
pub use self::udp::UdpSocket;
#[cfg(unix)]
pub use self::unix::{UnixIncoming, UnixListener, UnixStream};
/// Sockets with every option there is, for [`TcpStream::connect_from`] and for what `from_std` takes.
pub use socket2;
