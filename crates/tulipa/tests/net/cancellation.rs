//! What a dropped or cancelled operation leaves behind: nothing.

use crate::{connection, listener, on_any_workers};
use futures::FutureExt;
use tulipa::io::{AsyncReadExt, AsyncWriteExt};
use tulipa::net::{TcpStream, UdpSocket};
use tulipa::{cancel, spawn, try_spawn, yield_now};

#[test]
fn a_dropped_accept_loses_no_connection() {
    on_any_workers(async || {
        let listener = listener().await?;
        assert!(listener.accept().now_or_never().is_none());
        let client = TcpStream::connect(listener.local_addr()?).await?;
        assert_eq!(listener.accept().await?.1, client.local_addr()?);
        Ok(())
    });
}

#[test]
fn a_dropped_read_loses_no_byte() {
    on_any_workers(async || {
        let (mut client, mut server) = connection().await?;
        assert!(server.read(&mut [0; 8]).now_or_never().is_none());
        client.write_all(b"tulip").await?;
        let mut word = [0; 5];
        server.read_exact(&mut word).await?;
        assert_eq!(&word, b"tulip");
        Ok(())
    });
}

#[test]
fn a_dropped_receive_loses_no_datagram() {
    on_any_workers(async || {
        let (a, b) = (
            UdpSocket::bind("127.0.0.1:0").await?,
            UdpSocket::bind("127.0.0.1:0").await?,
        );
        assert!(b.recv(&mut [0; 8]).now_or_never().is_none());
        a.send_to(b"tulip", b.local_addr()?).await?;
        assert_eq!(b.recv(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

#[test]
fn a_task_that_waits_for_a_socket_is_cancelled_there() {
    on_any_workers(async || {
        let (client, server) = connection().await?;
        let task = try_spawn(async move {
            let mut server = server;
            server.read(&mut [0; 8]).await
        });
        yield_now().await;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        let mut client = client;
        assert_eq!(
            client.read(&mut [0; 8]).await?,
            0,
            "the task's end is closed"
        );
        Ok(())
    });
}

#[test]
fn a_read_can_be_caught_and_taken_up_again() {
    on_any_workers(async || {
        let (mut client, server) = connection().await?;
        let started = tulipa::Deferred::<()>::new();
        let caught = tulipa::Deferred::<()>::new();
        let task = try_spawn({
            let (started, caught) = (started.clone(), caught.clone());
            async move {
                let mut server = server;
                let mut word = [0; 5];
                started.set_result(()).unwrap();
                let refused = cancel::catch(server.read(&mut word)).await;
                assert!(refused.is_err());
                caught.set_result(()).unwrap();
                server.read_exact(&mut word).await?;
                std::io::Result::Ok(word)
            }
        });
        started.await.unwrap();
        task.cancel();
        caught.await.unwrap();
        client.write_all(b"tulip").await?;
        assert_eq!(&task.await.unwrap(), b"tulip");
        Ok(())
    });
}

#[test]
fn a_dropped_connect_gives_up_the_attempt() {
    on_any_workers(async || {
        let listener = listener().await?;
        let address = listener.local_addr()?;
        let attempt = spawn(async move { TcpStream::connect(address).await.map(drop) });
        attempt.cancel();
        // Whether it came through or not, the listener serves on.
        drop(attempt.await);
        let client = TcpStream::connect(address).await?;
        loop {
            if listener.accept().await?.1 == client.local_addr()? {
                return Ok(());
            }
        }
    });
}
