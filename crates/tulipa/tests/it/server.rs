//! Servers, with a thousand connections held open at once.

#![cfg(unix)]

use crate::process::{Running, program};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream as StdStream};
use tulipa::io::{AsyncReadExt, AsyncWriteExt, copy};
use tulipa::net::{TcpStream, start_server};
use tulipa::{Runtime, TaskGroup};

const CONNECTIONS: usize = 1000;

/// Both ends of each connection are ours, and other tests run beside this one.
const DESCRIPTORS: u64 = 2 * CONNECTIONS as u64 + 500;

#[test]
fn a_thousand_connections_held_open_are_all_answered() {
    allow_descriptors();
    for workers in [1, 2, 8] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let held = runtime.run(hold_a_thousand()).unwrap();
        held.unwrap_or_else(|error| panic!("on {workers} workers: {error}"));
        let report = runtime.shutdown().unwrap();
        assert!(report.is_clean(), "on {workers} workers: {report}");
    }
}

async fn hold_a_thousand() -> io::Result<()> {
    let server = start_server("127.0.0.1:0", async |mut stream: TcpStream| {
        let (reader, mut writer) = stream.halves();
        copy(reader, &mut writer).await
    })
    .await?;
    let address = server.local_addrs()[0];

    let all = TaskGroup::try_scope(async |group| {
        let connecting = (0..CONNECTIONS).map(|_| group.try_spawn(TcpStream::connect(address)));
        let mut clients = Vec::new();
        for client in connecting.collect::<Vec<_>>() {
            clients.push(client.await.expect("the system lets it connect"));
        }
        Ok(clients)
    });
    let mut clients = all.await.expect("all are connected");
    for round in 0..3_u64 {
        clients = everybody_asks(clients, round).await;
        assert_eq!(server.connections(), CONNECTIONS);
    }
    drop(clients);
    server.close();
    server.wait_closed().await;
    Ok(())
}

/// Each asks while all others are connected too, and gets what it sent.
async fn everybody_asks(clients: Vec<TcpStream>, round: u64) -> Vec<TcpStream> {
    let asking = clients
        .into_iter()
        .zip(round..)
        .map(|(mut client, number)| {
            tulipa::try_spawn(async move {
                client.write_all(&number.to_ne_bytes()).await?;
                let mut answer = [0; 8];
                client.read_exact(&mut answer).await?;
                assert_eq!(u64::from_ne_bytes(answer), number);
                io::Result::Ok(client)
            })
        });
    tulipa::gather(asking).await.expect("all are answered")
}

#[test]
fn a_web_server_keeps_a_thousand_connections_alive() {
    allow_descriptors();
    for workers in ["1", "2", "8"] {
        let mut server = Running::start(program("http_server").env("TULIPA_WORKERS", workers));
        let address = address_of(&server.line());
        let mut clients: Vec<StdStream> = (0..CONNECTIONS)
            .map(|_| StdStream::connect(address).unwrap())
            .collect();
        for _round in 0..2 {
            for client in &mut clients {
                client
                    .write_all(b"GET / HTTP/1.1\r\nHost: tulip\r\n\r\n")
                    .unwrap();
            }
            for client in &mut clients {
                let answer = answer(client);
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
                assert!(answer.ends_with("\r\n\r\nHello, world!\n"), "{answer}");
            }
        }

        server.interrupt();
        for client in &mut clients {
            assert_eq!(client.read(&mut [0; 8]).unwrap(), 0, "it was let go");
        }
        let output = server.finish();
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

/// hyper's timeouts go by the runtime's clock. A virtual one moves on while nothing comes.
#[test]
fn a_web_server_lets_a_silent_client_go() {
    let mut server = Running::start(program("http_server").env("TULIPA_TIME", "virtual"));
    let address = address_of(&server.line());
    let mut client = StdStream::connect(address).unwrap();
    assert_eq!(client.read(&mut [0; 8]).unwrap(), 0);
}

/// Of a line such as `listening on http://127.0.0.1:8080/`.
fn address_of(line: &str) -> SocketAddr {
    let url = line.strip_prefix("listening on http://").unwrap();
    url.trim_end_matches('/').parse().unwrap()
}

/// One answer of the server.
fn answer(client: &mut StdStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"Hello, world!\n") {
        let mut part = [0; 512];
        let read = client.read(&mut part).unwrap();
        assert_ne!(
            read,
            0,
            "it ended after {:?}",
            String::from_utf8_lossy(&answer)
        );
        answer.extend_from_slice(&part[..read]);
    }
    String::from_utf8(answer).unwrap()
}

/// Systems allow as few as 256 to begin with, and more to those who ask.
fn allow_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < DESCRIPTORS) {
        let raised = Rlimit {
            current: Some(DESCRIPTORS),
            ..limit
        };
        setrlimit(Resource::Nofile, raised)
            .unwrap_or_else(|error| panic!("this test needs {DESCRIPTORS} descriptors: {error}"));
    }
}
