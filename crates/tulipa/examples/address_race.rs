//! `as_completed`: a server is asked by IPv4 and by IPv6, and the answers are taken as they come, in both of its styles.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use futures::StreamExt;
use std::io;
use tulipa::net::{TcpListener, TcpStream, open_connection};
use tulipa::{Task, as_completed, task};

/// Begins to connect by both families.
fn connect(port: u16) -> [Task<TcpStream, io::Error>; 2] {
    [("IPv4", "127.0.0.1"), ("IPv6", "::1")].map(|(family, host)| {
        let connection = async move { open_connection(host, port).await };
        task::Builder::new().name(family).try_spawn(connection)
    })
}

#[tulipa::main]
async fn main() -> io::Result<()> {
    // Nobody listens by IPv6, if there is IPv6 here at all.
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();

    // A stream of the tasks themselves, so one knows which it is.
    let mut connections = as_completed(connect(port));
    while let Some(earliest) = connections.next().await {
        let family = earliest.name();
        match earliest.await {
            Ok(_stream) => println!("{family} connection established"),
            Err(_error) => println!("no {family} connection"),
        }
    }

    // Futures of the results, of which one knows only that the earliest comes first.
    for earliest in as_completed(connect(port)).awaitables() {
        if let Ok(stream) = earliest.await {
            println!("connected to {}", stream.peer_addr()?.ip());
        }
    }
    Ok(())
}
