//! `start_server`: a task for every connection, and what becomes of it.

use crate::on_any_workers;
use futures::channel::mpsc;
use futures::{FutureExt, StreamExt};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use tulipa::io::{AsyncReadExt, AsyncWriteExt};
use tulipa::net::{TcpStream, open_connection, start_server};
use tulipa::{Runtime, TaskError, all_tasks, cancel, current_task, spawn};

/// Reads until the client closes, and answers with as many bytes.
async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let (reader, mut writer) = stream.halves();
    tulipa::io::copy(reader, &mut writer).await.map(drop)
}

async fn connect(server: &tulipa::net::Server) -> io::Result<TcpStream> {
    TcpStream::connect(server.local_addrs()[0]).await
}

/// Asks for an echo, so that the connection is known to be served.
async fn is_served(client: &mut TcpStream) -> io::Result<()> {
    client.write_all(b"tulip").await?;
    let mut answer = [0; 5];
    client.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"tulip");
    Ok(())
}

#[test]
fn every_connection_has_a_task_with_a_name_that_is_listed() {
    on_any_workers(async || {
        let server = start_server("127.0.0.1:0", |mut stream: TcpStream| async move {
            let name = current_task().unwrap().name();
            stream.write_all(name.as_bytes()).await
        })
        .await?;
        let mut client = connect(&server).await?;
        let mut name = String::new();
        client.read_to_string(&mut name).await?;
        assert_eq!(name, format!("connection from {}", client.local_addr()?));
        let doorkeeper = format!("server on {}", server.local_addrs()[0]);
        assert!(all_tasks().iter().any(|task| task.name() == doorkeeper));
        Ok(())
    });
}

#[test]
fn a_closed_server_refuses_newcomers_and_serves_those_it_has() {
    on_any_workers(async || {
        let server = start_server("127.0.0.1:0", echo).await?;
        let mut client = connect(&server).await?;
        is_served(&mut client).await?;
        assert_eq!((server.is_serving(), server.connections()), (true, 1));

        server.close();
        server.close(); // again: nothing
        assert!(!server.is_serving());
        is_served(&mut client).await?;
        client.close().await?;
        server.wait_closed().await;
        assert_eq!(server.connections(), 0);
        let error = connect(&server).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        Ok(())
    });
}

#[test]
fn waiting_for_a_closed_server_waits_for_its_connections() {
    on_any_workers(async || {
        let server = Arc::new(start_server("127.0.0.1:0", echo).await?);
        let mut client = connect(&server).await?;
        is_served(&mut client).await?;
        server.close();
        let waiting = spawn({
            let server = server.clone();
            async move { server.wait_closed().await }
        });
        is_served(&mut client).await?; // a round trip for it to go wrong in
        assert!(!waiting.is_done());
        drop(client);
        waiting.await.unwrap();
        Ok(())
    });
}

#[test]
fn a_wait_that_is_cancelled_as_it_could_end_is_cancelled() {
    on_any_workers(async || {
        let server = start_server("127.0.0.1:0", echo).await?;
        let mut waiting = pin!(server.wait_closed());
        assert!(waiting.as_mut().now_or_never().is_none());
        server.close();
        server.wait_closed().await;
        let request = current_task().unwrap();
        request.cancel();
        assert!(cancel::catch(waiting).await.is_err());
        request.uncancel();
        Ok(())
    });
}

#[test]
fn closed_clients_clean_up_before_the_wait_ends() {
    on_any_workers(async || {
        let server = start_server("127.0.0.1:0", |mut stream: TcpStream| async move {
            let (mut reader, mut writer) = stream.halves();
            writer.write_all(b"hello").await?;
            let farewell = cancel::catch(reader.read(&mut [0; 8])).await;
            let cancelled = farewell.expect_err("the client says nothing");
            assert_eq!(
                cancelled.message(),
                Some("the server closed its connections")
            );
            writer.write_all(b"goodbye").await
        })
        .await?;
        let mut client = connect(&server).await?;
        client.read_exact(&mut [0; 5]).await?;
        server.close();
        server.close_clients();
        server.wait_closed().await;
        let mut farewell = String::new();
        client.read_to_string(&mut farewell).await?;
        assert_eq!(farewell, "goodbye");
        Ok(())
    });
}

#[test]
fn serve_forever_ends_when_somebody_closes_the_server() {
    on_any_workers(async || {
        let server = Arc::new(start_server("127.0.0.1:0", echo).await?);
        let serving = spawn({
            let server = server.clone();
            async move { server.serve_forever().await }
        });
        server.close();
        serving.await.unwrap();
        Ok(())
    });
}

#[test]
fn serve_forever_closes_everything_when_cancelled_and_lets_it_through() {
    on_any_workers(async || {
        let server = Arc::new(start_server("127.0.0.1:0", echo).await?);
        let mut client = connect(&server).await?;
        is_served(&mut client).await?;
        let serving = spawn({
            let server = server.clone();
            async move { server.serve_forever().await }
        });
        while serving.waits_for().is_none() {
            tulipa::yield_now().await; // until it serves
        }
        serving.cancel_with("closing time");
        let error = serving.await.unwrap_err();
        assert!(
            matches!(error, TaskError::Cancelled(why) if why.message() == Some("closing time"))
        );
        assert_eq!((server.is_serving(), server.connections()), (false, 0));
        assert_eq!(client.read(&mut [0; 8]).await?, 0);
        Ok(())
    });
}

#[test]
fn a_dropped_server_is_closed() {
    on_any_workers(async || {
        let server = start_server("127.0.0.1:0", echo).await?;
        let address = server.local_addrs()[0];
        let mut client = connect(&server).await?;
        is_served(&mut client).await?;
        drop(server);
        is_served(&mut client).await?;
        // The listener goes when its task has heard of it.
        while all_tasks()
            .iter()
            .any(|task| task.name().starts_with("server on"))
        {
            tulipa::yield_now().await;
        }
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        Ok(())
    });
}

#[test]
fn a_server_listens_on_every_address_of_its_target() {
    on_any_workers(async || {
        let addresses: [SocketAddr; 2] = [([127, 0, 0, 1], 0).into(), ([127, 0, 0, 1], 0).into()];
        let server = start_server(addresses, echo).await?;
        assert_eq!(server.local_addrs().len(), 2);
        for address in server.local_addrs() {
            is_served(&mut TcpStream::connect(address).await?).await?;
        }
        let server = start_server("localhost:0", echo).await?;
        let port = server.local_addrs()[0].port();
        is_served(&mut open_connection("localhost", port).await?).await?;
        Ok(())
    });
}

#[test]
fn both_families_are_listened_on_at_one_port() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return; // there is no IPv6 here
    }
    on_any_workers(async || {
        let any_v4: SocketAddr = (Ipv4Addr::UNSPECIFIED, 0).into();
        let probe = start_server(any_v4, echo).await?;
        let port = probe.local_addrs()[0].port();
        probe.close();
        probe.wait_closed().await;

        // IPv6 first, which would take all of IPv4 along if it was let.
        let both: [SocketAddr; 2] = [
            (Ipv6Addr::UNSPECIFIED, port).into(),
            (Ipv4Addr::UNSPECIFIED, port).into(),
        ];
        let server = start_server(both, echo).await?;
        is_served(&mut open_connection("127.0.0.1", port).await?).await?;
        is_served(&mut open_connection("::1", port).await?).await?;
        assert_eq!(server.local_addrs(), both);
        Ok(())
    });
}

#[test]
fn an_address_that_is_taken_is_named_and_nothing_is_left_behind() {
    on_any_workers(async || {
        let first = start_server("127.0.0.1:0", echo).await?;
        let taken = first.local_addrs()[0];
        let free: SocketAddr = ([127, 0, 0, 1], 0).into();
        let error = start_server([free, taken], echo).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot listen on {taken}: "))
        );
        let servers = all_tasks()
            .into_iter()
            .filter(|task| task.name().starts_with("server on"));
        assert_eq!(servers.count(), 1);
        Ok(())
    });
}

#[test]
fn an_address_of_another_machine_fails_the_server() {
    on_any_workers(async || {
        let loopback: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        let elsewhere: SocketAddr = (Ipv4Addr::new(192, 0, 2, 1), 80).into(); // reserved for documentation
        let error = start_server([loopback, elsewhere], echo).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
        Ok(())
    });
}

/// What the exception handler of a runtime was told.
fn reporting(workers: usize) -> (Runtime, mpsc::UnboundedReceiver<String>) {
    let (told, hears) = mpsc::unbounded();
    let runtime = Runtime::builder()
        .workers(workers)
        .exception_handler(move |report| drop(told.unbounded_send(report.to_string())))
        .build()
        .unwrap();
    (runtime, hears)
}

#[test]
fn a_failing_handler_costs_its_connection_and_is_reported() {
    for workers in [1, 2, 8] {
        let (runtime, mut reports) = reporting(workers);
        let served = runtime.run(async move {
            let server = start_server("127.0.0.1:0", |mut stream: TcpStream| async move {
                let mut order = [0];
                stream.read_exact(&mut order).await?;
                match &order {
                    b"f" => Err(io::Error::other("out of tulips")),
                    b"p" => panic!("out of roses"),
                    _ => stream.write_all(b"here you are").await,
                }
            })
            .await?;
            for (order, complaint) in [(b"f", "out of tulips"), (b"p", "out of roses")] {
                let mut client = connect(&server).await?;
                client.write_all(order).await?;
                assert_eq!(client.read(&mut [0; 8]).await?, 0);
                let report = reports.next().await.unwrap();
                let task = format!("`connection from {}`", client.local_addr()?);
                assert!(
                    report.contains(complaint) && report.contains(&task),
                    "{report}"
                );
            }
            let mut client = connect(&server).await?;
            client.write_all(b"?").await?;
            let mut answer = String::new();
            client.read_to_string(&mut answer).await?;
            assert_eq!(answer, "here you are");
            io::Result::Ok(())
        });
        served.unwrap().unwrap();
    }
}

#[test]
fn a_handler_that_panics_before_its_future_costs_its_connection_only() {
    let (runtime, mut reports) = reporting(2);
    let served = runtime.run(async move {
        let server = start_server("127.0.0.1:0", |stream: TcpStream| {
            assert!(!stream.nodelay().unwrap(), "sent at once");
            async { io::Result::Ok(()) }
        })
        .await?;
        for _ in 0..2 {
            let mut client = connect(&server).await?;
            assert_eq!(client.read(&mut [0; 8]).await?, 0);
            assert!(reports.next().await.unwrap().contains("sent at once"));
        }
        io::Result::Ok(())
    });
    served.unwrap().unwrap();
}

#[test]
fn a_runtime_ends_with_servers_and_clients_still_there() {
    on_any_workers(async || {
        let server = start_server("127.0.0.1:0", echo).await?;
        let mut client = connect(&server).await?;
        is_served(&mut client).await?;
        std::mem::forget(server);
        std::mem::forget(client);
        Ok(())
    });
}
