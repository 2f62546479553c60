//! Sockets in steady state.

use crate::count::{allocations, fewest, on_each};
use tulipa::io::{AsyncReadExt, AsyncWriteExt};
use tulipa::net::{TcpListener, TcpStream, UdpSocket};
use tulipa::spawn;

pub(crate) const ROUND_TRIPS: usize = 500;

#[test]
fn a_round_trip_over_tcp_allocates_nothing() {
    on_each(|| async {
        let mut client = connect_to_echo().await;
        let mut fewest = usize::MAX;
        for _ in 0..4 {
            let count = allocations(talk(&mut client)).await;
            fewest = fewest.min(count);
        }
        assert_eq!(fewest, 0);
    });
}

/// A stream whose other end sends back what it gets, until it is closed.
pub(crate) async fn connect_to_echo() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    spawn(async move {
        let mut buffer = [0; 64];
        while server.read_exact(&mut buffer).await.is_ok() {
            server.write_all(&buffer).await.unwrap();
        }
    })
    .detach();
    client
}

pub(crate) async fn talk(client: &mut TcpStream) {
    let mut buffer = [7; 64];
    for _ in 0..ROUND_TRIPS {
        client.write_all(&buffer).await.unwrap();
        client.read_exact(&mut buffer).await.unwrap();
    }
}

#[test]
fn a_datagram_allocates_nothing() {
    on_each(|| async {
        let bind = || UdpSocket::bind("127.0.0.1:0");
        let (one, other) = (bind().await.unwrap(), bind().await.unwrap());
        let (to_one, to_other) = (one.local_addr().unwrap(), other.local_addr().unwrap());
        let to_and_fro = || async {
            let mut buffer = [7; 64];
            for _ in 0..ROUND_TRIPS {
                one.send_to(&buffer, to_other).await.unwrap();
                other.recv_from(&mut buffer).await.unwrap();
                other.send_to(&buffer, to_one).await.unwrap();
                one.recv_from(&mut buffer).await.unwrap();
            }
        };
        assert_eq!(fewest(|| allocations(to_and_fro())).await, 0);
    });
}
