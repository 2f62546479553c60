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

/// A socket for each address. Of those that were found under a name, some may not be this machine's, as `::1` is not
/// where there is no IPv6: they are left out if there are others.
pub(super) fn on_all(resolved: Resolved) -> io::Result<Vec<(TcpListener, SocketAddr)>> {
    let Resolved { name, addresses } = resolved;
    let looked_up = name.is_some();
    // A socket for all of IPv6 takes IPv4 along by default, and would be in the way of the one for IPv4.
    let only_v6 = addresses.iter().any(SocketAddr::is_ipv4);
    let mut failed = AddressError::new("listen on", name);
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        match listen(address, only_v6) {
            Ok(listener) => listeners.push(listener),
            Err(error) => {
                let fatal = !(looked_up && family_is_missing(&error));
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

#[cfg(test)]
mod tests {
    use super::on_all;
    use crate::net::addr::Resolved;
    use std::io::ErrorKind;
    use std::net::SocketAddr;

    /// Reserved for documentation: no machine has it.
    const ELSEWHERE: [u8; 4] = [192, 0, 2, 1];

    fn listen_on(hosts: &'static [[u8; 4]]) -> std::io::Result<Vec<SocketAddr>> {
        let listening = crate::run(async {
            let resolved = Resolved {
                name: Some("tulip.test:0".into()),
                addresses: hosts.iter().map(|host| (*host, 0).into()).collect(),
            };
            let listeners = on_all(resolved)?;
            Ok(listeners.into_iter().map(|(_, address)| address).collect())
        });
        listening.unwrap()
    }

    #[test]
    fn of_a_names_addresses_those_of_no_use_here_are_left_out() {
        let addresses = listen_on(&[ELSEWHERE, [127, 0, 0, 1]]).unwrap();
        assert!(addresses.len() == 1 && addresses[0].ip().is_loopback());
    }

    #[test]
    fn a_name_with_no_address_of_use_here_fails() {
        let error = listen_on(&[ELSEWHERE]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        assert!(
            error
                .to_string()
                .starts_with("cannot listen on tulip.test:0: 192.0.2.1:0: ")
        );
    }
}
