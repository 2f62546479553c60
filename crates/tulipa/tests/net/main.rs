//! Sockets over the loopback, on one, two and eight workers. Whatever waits here, waits for an event.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod cancellation;
mod connect;
mod descriptors;
mod halves;
mod server;
mod tcp;
mod udp;
#[cfg(unix)]
mod unix;

use std::future::Future;
use std::io;
use tulipa::Runtime;
use tulipa::net::{TcpListener, TcpStream};

/// Runs a test on each number of workers.
#[track_caller]
fn on_any_workers<M, F>(test: M)
where
    M: Fn() -> F,
    F: Future<Output = io::Result<()>> + 'static,
{
    for workers in [1, 2, 8] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let outcome = runtime.run(test()).unwrap();
        outcome.unwrap_or_else(|error| panic!("on {workers} workers: {error}"));
        let report = runtime.shutdown().unwrap();
        assert!(report.is_clean(), "on {workers} workers: {report}");
    }
}

/// A listener on a free port of the loopback.
async fn listener() -> io::Result<TcpListener> {
    TcpListener::bind("127.0.0.1:0").await
}

/// Two ends of one connection: who connected, who accepted.
async fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = listener().await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    Ok((client, server))
}

/// Bytes that tell when some are lost, doubled or swapped.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8)) as u8).collect()
}
