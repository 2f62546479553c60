//! Datagrams.

use crate::on_any_workers;
use futures::future::try_join;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tulipa::net::UdpSocket;
use tulipa::try_spawn;

async fn socket() -> std::io::Result<UdpSocket> {
    UdpSocket::bind("127.0.0.1:0").await
}

#[test]
fn datagrams_are_echoed_to_where_they_came_from() {
    on_any_workers(async || {
        let server = socket().await?;
        let address = server.local_addr()?;
        let echo = try_spawn(async move {
            let mut buf = [0; 64];
            for _ in 0..100 {
                let (length, from) = server.recv_from(&mut buf).await?;
                server.send_to(&buf[..length], from).await?;
            }
            std::io::Result::Ok(())
        });
        let client = socket().await?;
        let mut buf = [0; 64];
        for number in 0..100_u8 {
            client.send_to(&[number; 3], address).await?;
            let (length, from) = client.recv_from(&mut buf).await?;
            assert_eq!((&buf[..length], from), (&[number; 3][..], address));
        }
        echo.await.unwrap();
        Ok(())
    });
}

#[test]
fn connected_sockets_talk_to_each_other_only() {
    on_any_workers(async || {
        let (a, b, stranger) = (socket().await?, socket().await?, socket().await?);
        a.connect(b.local_addr()?).await?;
        b.connect(a.local_addr()?).await?;
        assert_eq!(a.peer_addr()?, b.local_addr()?);
        stranger.send_to(b"psst", b.local_addr()?).await?;
        a.send(b"tulip").await?;
        let mut buf = [0; 64];
        assert_eq!(b.recv(&mut buf).await?, 5);
        assert_eq!(&buf[..5], b"tulip");
        Ok(())
    });
}

#[test]
fn what_does_not_fit_is_lost_with_its_datagram() {
    on_any_workers(async || {
        let (a, b) = (socket().await?, socket().await?);
        a.send_to(b"tulip", b.local_addr()?).await?;
        a.send_to(b"rose", b.local_addr()?).await?;
        let mut buf = [0; 3];
        assert_eq!(b.recv(&mut buf).await?, 3);
        assert_eq!(&buf, b"tul");
        assert_eq!(b.peek_from(&mut buf).await?.0, 3);
        let mut buf = [0; 8];
        assert_eq!(b.recv(&mut buf).await?, 4);
        Ok(())
    });
}

#[cfg(target_os = "linux")] // others do not tell
#[test]
fn a_connected_socket_hears_that_nobody_is_there() {
    on_any_workers(async || {
        let client = socket().await?;
        // All of this net is the loopback, and nobody here binds to any other address of it.
        let nobody = (Ipv4Addr::new(127, 0, 0, 2), client.local_addr()?.port());
        client.connect(nobody).await?;
        client.send(b"hello?").await?;
        let error = client.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        Ok(())
    });
}

#[test]
fn a_datagram_too_long_fails_with_the_address() {
    on_any_workers(async || {
        let (a, b) = (socket().await?, socket().await?);
        let error = a.send_to(&[0; 70_000], b.local_addr()?).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("cannot send to {}: ", b.local_addr()?)),
            "{text}"
        );
        Ok(())
    });
}

#[test]
fn one_socket_sends_and_receives_in_two_tasks() {
    on_any_workers(async || {
        let (a, b) = (Arc::new(socket().await?), socket().await?);
        a.connect(b.local_addr()?).await?;
        b.connect(a.local_addr()?).await?;
        let receiver = try_spawn({
            let a = a.clone();
            async move { a.recv(&mut [0; 8]).await }
        });
        let (sent, received) = try_join(a.send(b"tulip"), b.recv(&mut [0; 8])).await?;
        assert_eq!((sent, received), (5, 5));
        b.send(b"rose").await?;
        assert_eq!(receiver.await.unwrap(), 4);
        Ok(())
    });
}
