//! `as_completed`: IPv4 and IPv6 at once, and whichever connects first is used.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use futures::StreamExt;
use tulipa::net::{TcpListener, TcpStream};
use tulipa::{as_completed, task};

#[tulipa::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    // Nobody listens on the other one, if there is IPv6 here at all.
    let addresses = [
        ("IPv6", format!("[::1]:{port}")),
        ("IPv4", format!("127.0.0.1:{port}")),
    ];
    let attempts = addresses.map(|(family, address)| {
        task::Builder::new()
            .name(family)
            .spawn(async move { TcpStream::connect(address).await })
    });
    let mut attempts = as_completed(attempts);
    while let Some(attempt) = attempts.next().await {
        let family = attempt.name();
        match attempt.await.expect("an attempt does not panic") {
            Ok(_stream) => {
                println!("connected by {family}");
                break;
            }
            Err(_error) => println!("no connection by {family}"),
        }
    }
    Ok(())
}
