//! Streams and listeners: bytes, ends, errors.

use crate::{connection, listener, on_any_workers, pattern};
use futures::StreamExt;
use futures::future::try_join;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::time::Duration;
use tulipa::io::{AsyncReadExt, AsyncWriteExt};
use tulipa::net::TcpStream;
use tulipa::{try_spawn, yield_now};

/// More than the kernel takes at once, in both directions.
const MUCH: usize = 8 << 20;

#[test]
fn bytes_go_both_ways_at_once_through_full_buffers() {
    on_any_workers(async || {
        let (client, server) = connection().await?;
        let echo = try_spawn(async move {
            let mut buf = vec![0; 10_000];
            loop {
                let length = (&server).read(&mut buf).await?;
                if length == 0 {
                    return (&server).close().await;
                }
                (&server).write_all(&buf[..length]).await?;
            }
        });
        let sent = pattern(MUCH);
        let mut received = Vec::new();
        let send = async {
            (&client).write_all(&sent).await?;
            (&client).close().await
        };
        try_join(send, (&client).read_to_end(&mut received)).await?;
        assert!(received == sent);
        echo.await.unwrap();
        Ok(())
    });
}

#[test]
fn closing_one_direction_leaves_the_other() {
    on_any_workers(async || {
        let (mut client, mut server) = connection().await?;
        client.write_all(b"question").await?;
        client.close().await?;
        let mut question = String::new();
        server.read_to_string(&mut question).await?;
        assert_eq!(question, "question");

        server.write_all(b"answer").await?;
        server.close().await?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        assert_eq!(answer, "answer");

        let error = client.write(b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

/// The end may come in one event with the last bytes, and a short read must not make it unheard.
#[test]
fn the_end_is_seen_after_a_short_read() {
    on_any_workers(async || {
        for _ in 0..200 {
            let (mut client, mut server) = connection().await?;
            let reader = try_spawn(async move {
                let mut buf = [0; 64];
                assert_eq!(server.read(&mut buf).await?, 4);
                server.read(&mut buf).await
            });
            client.write_all(b"last").await?;
            drop(client);
            assert_eq!(reader.await.unwrap(), 0);
        }
        Ok(())
    });
}

#[test]
fn ping_and_pong_lose_no_wakeup() {
    on_any_workers(async || {
        let (mut client, mut server) = connection().await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        const ROUNDS: u32 = 500;
        let pong = try_spawn(async move {
            let mut number = [0; 4];
            for _ in 0..ROUNDS {
                server.read_exact(&mut number).await?;
                server.write_all(&number).await?;
            }
            std::io::Result::Ok(())
        });
        let mut number = [0; 4];
        for round in 0..ROUNDS {
            client.write_all(&round.to_be_bytes()).await?;
            client.read_exact(&mut number).await?;
            assert_eq!(u32::from_be_bytes(number), round);
        }
        pong.await.unwrap();
        Ok(())
    });
}

#[test]
fn vectors_are_read_and_written_in_one_piece() {
    on_any_workers(async || {
        let (mut client, mut server) = connection().await?;
        let written = client
            .write_vectored(&[IoSlice::new(b"tul"), IoSlice::new(b"ip")])
            .await?;
        assert_eq!(written, 5);
        server.peek(&mut [0; 5]).await?;
        let (mut head, mut tail) = ([0; 2], [0; 9]);
        let read = server
            .read_vectored(&mut [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)])
            .await?;
        assert_eq!((read, &head, &tail[..3]), (5, b"tu", &b"lip"[..]));
        Ok(())
    });
}

#[test]
fn a_reset_fails_reads_and_then_writes() {
    on_any_workers(async || {
        let (client, mut server) = connection().await?;
        let reader = try_spawn(async move {
            let error = server.read(&mut [0; 8]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            let error = server.write(b"anybody there?").await.unwrap_err();
            assert!(matches!(
                error.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ));
            server.close().await // it is closed: that is what was wanted
        });
        yield_now().await; // on one worker the reader waits by now, on several it may
        client.set_linger(Some(Duration::ZERO))?;
        drop(client);
        reader.await.unwrap();
        Ok(())
    });
}

#[test]
fn shutting_down_reads_ends_a_read_that_waits() {
    on_any_workers(async || {
        let (client, _server) = connection().await?;
        let (mut reader, writer) = client.into_split();
        let read = async {
            assert_eq!(reader.read(&mut [0; 8]).await?, 0);
            Ok(())
        };
        let shut = async {
            yield_now().await;
            writer.as_ref().shutdown(Shutdown::Read)
        };
        try_join(read, shut).await?;
        Ok(())
    });
}

#[test]
fn a_peek_leaves_what_it_sees() {
    on_any_workers(async || {
        let (mut client, mut server) = connection().await?;
        client.write_all(b"tulip").await?;
        let mut seen = [0; 3];
        for _ in 0..2 {
            server.peek(&mut seen).await?;
            assert_eq!(&seen, b"tul");
        }
        let mut word = [0; 5];
        server.read_exact(&mut word).await?;
        assert_eq!(&word, b"tulip");
        Ok(())
    });
}

#[test]
fn two_tasks_share_a_stream_by_reference() {
    on_any_workers(async || {
        let (client, mut server) = connection().await?;
        let client = std::sync::Arc::new(client);
        let readers = [client.clone(), client.clone()].map(|client| {
            try_spawn(async move {
                let mut byte = [0];
                (&*client).read_exact(&mut byte).await?;
                std::io::Result::Ok(byte[0])
            })
        });
        yield_now().await;
        server.write_all(&[1]).await?;
        server.write_all(&[2]).await?;
        let mut sum = 0;
        for reader in readers {
            sum += reader.await.unwrap();
        }
        assert_eq!(sum, 3);
        Ok(())
    });
}

#[test]
fn streams_go_to_the_standard_library_and_back() {
    on_any_workers(async || {
        let (client, server) = connection().await?;
        let (mut client, mut server) = (client.into_std()?, server.into_std()?);
        // Blocking: the read waits for the thread that writes.
        let writer = std::thread::spawn(move || {
            client.write_all(b"tulip")?;
            std::io::Result::Ok(client)
        });
        let mut word = [0; 5];
        server.read_exact(&mut word)?;
        assert_eq!(&word, b"tulip");

        let client = TcpStream::from_std(writer.join().unwrap()?)?;
        let mut server = TcpStream::from_std(server)?;
        drop(client);
        assert_eq!(server.read(&mut [0; 8]).await?, 0);
        Ok(())
    });
}

#[test]
fn many_connections_are_served_at_once() {
    const CONNECTIONS: usize = 150;
    on_any_workers(async || {
        let listener = listener().await?;
        let address = listener.local_addr()?;
        let server = try_spawn(async move {
            let mut served = Vec::new();
            let mut incoming = listener.incoming().take(CONNECTIONS);
            while let Some(stream) = incoming.next().await {
                let mut stream = stream?;
                served.push(try_spawn(async move {
                    let mut word = [0; 8];
                    stream.read_exact(&mut word).await?;
                    stream.write_all(&word).await
                }));
            }
            for task in served {
                task.await.unwrap();
            }
            std::io::Result::Ok(())
        });
        // All connect before the first says anything.
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(TcpStream::connect(address).await?);
        }
        let asked = clients.into_iter().enumerate().map(|(number, mut client)| {
            try_spawn(async move {
                client.write_all(&(number as u64).to_be_bytes()).await?;
                let mut word = [0; 8];
                client.read_exact(&mut word).await?;
                assert_eq!(u64::from_be_bytes(word), number as u64);
                std::io::Result::Ok(())
            })
        });
        for client in asked.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        server.await.unwrap();
        Ok(())
    });
}
