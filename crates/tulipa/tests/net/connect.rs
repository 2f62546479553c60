//! Getting a connection, and what is said when there is none.

use crate::{listener, on_any_workers};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use tulipa::net::socket2::{Domain, Socket, Type};
use tulipa::net::{AddressError, NoRuntime, TcpListener, TcpStream, UdpSocket};
use tulipa::net::{lookup_host, open_connection, start_server};

/// An address where nobody listens, and nobody will while this lives.
struct Nobody(Socket);

impl Nobody {
    fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())
            .unwrap();
        Self(socket)
    }

    fn address(&self) -> SocketAddr {
        let address = self.0.local_addr().unwrap();
        address.as_socket().unwrap()
    }
}

#[test]
fn a_refused_connection_names_the_address() {
    on_any_workers(async || {
        let nobody = Nobody::new();
        let address = nobody.address();
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("cannot connect to {address}: ")),
            "{text}"
        );
        Ok(())
    });
}

#[test]
fn connect_goes_on_to_the_next_address() {
    on_any_workers(async || {
        let listener = listener().await?;
        let there = listener.local_addr()?;
        let nobody = Nobody::new();
        let stream = TcpStream::connect([nobody.address(), there]).await?;
        assert_eq!(stream.peer_addr()?, there);
        Ok(())
    });
}

#[test]
fn connect_tells_of_every_address_when_all_fail() {
    on_any_workers(async || {
        let (nobody, no_other) = (Nobody::new(), Nobody::new());
        let addresses = [nobody.address(), no_other.address()];
        let error = TcpStream::connect(addresses).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = error.downcast::<AddressError>().unwrap();
        let tried: Vec<_> = error
            .failures()
            .iter()
            .map(|(address, _)| *address)
            .collect();
        assert_eq!(tried, addresses);
        Ok(())
    });
}

#[test]
fn connect_without_an_address_is_refused_as_invalid() {
    on_any_workers(async || {
        let error = TcpStream::connect(&[] as &[SocketAddr]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

#[test]
fn a_socket_keeps_the_options_it_was_given_before_it_connects() {
    on_any_workers(async || {
        let listener = listener().await?;
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_tcp_nodelay(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let bound_to = socket.local_addr()?.as_socket();
        let stream = TcpStream::connect_from(socket, listener.local_addr()?).await?;
        assert!(stream.nodelay()?);
        assert_eq!(Some(stream.local_addr()?), bound_to);
        assert_eq!(Some(listener.accept().await?.1), bound_to);
        Ok(())
    });
}

#[test]
fn a_socket_with_options_is_refused_with_the_address_too() {
    on_any_workers(async || {
        let nobody = Nobody::new();
        let address = nobody.address();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        let error = TcpStream::connect_from(socket, address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains(&address.to_string()));
        Ok(())
    });
}

#[test]
fn an_address_in_use_is_named() {
    on_any_workers(async || {
        let listener = listener().await?;
        let taken = listener.local_addr()?;
        let error = TcpListener::bind(taken).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot listen on {taken}: "))
        );
        Ok(())
    });
}

#[test]
fn open_connection_finds_the_family_that_answers() {
    on_any_workers(async || {
        let listener = listener().await?;
        let stream = open_connection("localhost", listener.local_addr()?.port()).await?;
        assert_eq!(stream.peer_addr()?, listener.local_addr()?);
        assert!(stream.nodelay()?);
        Ok(())
    });
}

#[test]
fn open_connection_names_host_and_addresses_when_all_fail() {
    on_any_workers(async || {
        let nobody = Nobody::new();
        let port = nobody.address().port();
        let error = open_connection("localhost", port).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("cannot connect to localhost:{port}: ")),
            "{text}"
        );
        assert!(text.contains(&format!("127.0.0.1:{port}: ")), "{text}");
        Ok(())
    });
}

#[test]
fn addresses_are_their_own_answer() {
    on_any_workers(async || {
        let address: SocketAddr = "[2001:db8::1]:80".parse().unwrap();
        assert_eq!(lookup_host(address).await?, [address]);
        assert_eq!(lookup_host(("2001:db8::1", 80)).await?, [address]);
        Ok(())
    });
}

#[test]
fn names_are_looked_up() {
    on_any_workers(async || {
        let addresses = lookup_host("localhost:80").await?;
        assert!(!addresses.is_empty());
        for address in addresses {
            assert!(
                address.ip().is_loopback() && address.port() == 80,
                "{address}"
            );
        }
        Ok(())
    });
}

/// The resolver refuses it without asking anybody.
const IMPOSSIBLE: &str = "no host has a nul \0 in its name";

#[test]
fn a_name_that_has_no_address_is_in_the_error() {
    on_any_workers(async || {
        let errors = [
            lookup_host((IMPOSSIBLE, 80)).await.unwrap_err(),
            open_connection(IMPOSSIBLE, 80).await.unwrap_err(),
            TcpListener::bind((IMPOSSIBLE, 80)).await.unwrap_err(),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(
                text.starts_with(&format!("cannot look up {IMPOSSIBLE}:80: ")),
                "{text}"
            );
        }
        Ok(())
    });
}

#[test]
fn outside_of_a_runtime_every_call_says_so() {
    use futures::FutureExt;
    let nobody = Nobody::new();
    let address = nobody.address();
    let std_udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let unmet = [
        (
            "TcpStream::connect",
            TcpStream::connect(address).now_or_never().unwrap().err(),
        ),
        (
            "TcpListener::bind",
            TcpListener::bind("127.0.0.1:0")
                .now_or_never()
                .unwrap()
                .err(),
        ),
        (
            "UdpSocket::bind",
            UdpSocket::bind("127.0.0.1:0").now_or_never().unwrap().err(),
        ),
        ("UdpSocket::from_std", UdpSocket::from_std(std_udp).err()),
        (
            "looking a name up",
            lookup_host("localhost:80").now_or_never().unwrap().err(),
        ),
        (
            "looking a name up",
            open_connection("localhost", 80)
                .now_or_never()
                .unwrap()
                .err(),
        ),
        (
            "start_server",
            start_server("127.0.0.1:0", |_| async { std::io::Result::Ok(()) })
                .now_or_never()
                .unwrap()
                .err(),
        ),
    ];
    for (call, error) in unmet {
        let text = error.unwrap().to_string();
        assert!(
            text.contains(&format!("{call} outside of a runtime: ")),
            "{text}"
        );
        assert!(text.contains("`tulipa::run`"), "{text}");
    }
    let std_udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let error = UdpSocket::from_std(std_udp).unwrap_err();
    assert!(error.downcast::<NoRuntime>().is_ok());
}

#[test]
fn every_wait_can_be_moved_to_another_thread() {
    fn is_send(_: impl Send) {}
    is_send(TcpStream::connect("localhost:80"));
    is_send(open_connection("localhost", 80));
    is_send(lookup_host("localhost:80"));
    is_send(TcpListener::bind("localhost:80"));
    is_send(UdpSocket::bind("localhost:80"));
    is_send(start_server("localhost:80", |_| async {
        std::io::Result::Ok(())
    }));
}
