//! The listening sockets of a server.

use crate::net::addr::Resolved;
use crate::net::error::AddressError;
use crate::net::os::family_is_missing;
use crate::net::tcp::TcpListener;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;

/// How many connections may wait to be accepted, if the system lets so many.
const BACKLOG: i32 = 4096;

/// A socket for each address; those of a family that this machine does not have are left out if there are others.
pub(super) fn on_all(resolved: Resolved) -> io::Result<Vec<(TcpListener, SocketAddr)>> {
    let Resolved { name, addresses } = resolved;
    // A socket for all of IPv6 takes IPv4 along by default, and would be in the way of the one for IPv4.
    let only_v6 = addresses.iter().any(SocketAddr::is_ipv4);
    let mut failed = AddressError::new("listen on", name);
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        match listen(address, only_v6) {
            Ok(listener) => listeners.push(listener),
            Err(error) => {
                let fatal = !family_is_missing(&error);
                failed.add(address, error);
                if fatal {
                    return Err(failed.into());
                }
            }
        }
    }
    if listeners.is_empty() {
        return Err(failed.into());
    }
    Ok(listeners)
}

fn listen(address: SocketAddr, only_v6: bool) -> io::Result<(TcpListener, SocketAddr)> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() && only_v6 {
        socket.set_only_v6(true)?;
    }
    if cfg!(unix) {
        // Not elsewhere: Windows would let two servers listen on one address.
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::adopt("start_server", socket.into())?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
