//! Opening a connection to one address.

use super::TcpStream;
use crate::net::os::connect_has_begun;
use crate::net::watch::watch;
use socket2::{SockAddr, Socket};
use std::io;
use std::net::SocketAddr;

const CALL: &str = "TcpStream::connect";

/// Connects, and leaves the address out of the error.
pub(in crate::net) async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    finish(mio::net::TcpStream::connect(address)?).await
}

/// Connects a socket that exists already.
pub(super) async fn connect_from(socket: Socket, address: SocketAddr) -> io::Result<TcpStream> {
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::from(address)) {
        Err(error) if !connect_has_begun(&error) => return Err(error),
        Ok(()) | Err(_) => {}
    }
    finish(mio::net::TcpStream::from_std(socket.into())).await
}

/// Waits until a connection that has begun stands, or has failed.
async fn finish(stream: mio::net::TcpStream) -> io::Result<TcpStream> {
    let socket = watch(CALL, stream)?.trust_short_transfers();
    // An event alone does not say that it stands: one may come before `connect` has done anything.
    socket.write_with(is_connected).await?;
    Ok(TcpStream { socket })
}

fn is_connected(stream: &mio::net::TcpStream) -> io::Result<()> {
    if let Some(failed) = stream.take_error()? {
        return Err(failed);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        Err(error) => Err(error),
    }
}
