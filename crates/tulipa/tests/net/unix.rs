//! Sockets with a path.

use crate::{on_any_workers, pattern};
use futures::future::try_join;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use tulipa::io::{AsyncReadExt, AsyncWriteExt};
use tulipa::net::socket2::{Domain, SockAddr, Socket, Type};
use tulipa::net::{UnixListener, UnixStream};
use tulipa::{try_spawn, yield_now};

/// A path that is free, and is so again when this is dropped.
struct FreePath(PathBuf);

impl FreePath {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed); // only has to differ
        let name = format!("tulipa-net-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl AsRef<Path> for FreePath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for FreePath {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

#[test]
fn bytes_go_both_ways_through_a_path() {
    on_any_workers(async || {
        let path = FreePath::new();
        let listener = UnixListener::bind(&path)?;
        assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_ref()));
        let client = UnixStream::connect(&path).await?;
        assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_ref()));
        let (mut server, from) = listener.accept().await?;
        assert!(from.is_unnamed());
        let echo = try_spawn(async move {
            let (reader, mut writer) = server.halves();
            tulipa::io::copy(reader, &mut writer).await?;
            writer.close().await
        });

        let sent = pattern(2 << 20);
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
fn owned_halves_end_and_reunite_as_those_of_tcp() {
    on_any_workers(async || {
        let (one, mut another) = UnixStream::pair()?;
        let (mut reader, writer) = one.into_split();
        drop(writer);
        assert_eq!(another.read(&mut [0; 8]).await?, 0);
        another.write_all(b"tulip").await?;
        reader.read_exact(&mut [0; 5]).await?;

        let (reader, writer) = another.into_split();
        let another = reader.reunite(writer).unwrap();
        assert!(another.local_addr()?.is_unnamed());
        Ok(())
    });
}

#[test]
fn a_path_that_is_taken_or_missing_is_named() {
    on_any_workers(async || {
        let path = FreePath::new();
        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            error
                .to_string()
                .contains(&path.as_ref().display().to_string())
        );

        drop(UnixListener::bind(&path)?);
        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = UnixListener::bind(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(
            error
                .to_string()
                .contains(&path.as_ref().display().to_string())
        );
        Ok(())
    });
}

/// On Linux a connect is refused, with nothing to wait for, while a listener's queue is full.
#[cfg(target_os = "linux")]
#[test]
fn connect_waits_for_room_in_a_full_queue() {
    on_any_workers(async || {
        let path = FreePath::new();
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(&path)?)?;
        socket.listen(0)?;
        let listener = UnixListener::from_std(socket.into())?;

        let mut waiting = Vec::new();
        loop {
            let client = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            client.set_nonblocking(true)?;
            match client.connect(&SockAddr::unix(&path)?) {
                Ok(()) => waiting.push(client),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let late = try_spawn({
            let path = path.as_ref().to_owned();
            async move { UnixStream::connect(path).await }
        });
        yield_now().await;
        assert!(!late.is_done());

        for _ in 0..waiting.len() {
            listener.accept().await?;
        }
        let mut late = late.await.unwrap();
        let (mut server, _) = listener.accept().await?;
        late.write_all(b"at last").await?;
        server.read_exact(&mut [0; 7]).await?;
        Ok(())
    });
}
