//! A server that sends back what it is sent, on any number of connections, until Ctrl-C.
//!
//! ```text
//! cargo run --release --example echo -- 127.0.0.1:7000
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::io;
use tulipa::io::copy;
use tulipa::net::{TcpStream, start_server};

async fn echo(mut stream: TcpStream) -> io::Result<u64> {
    let (reader, mut writer) = stream.halves();
    copy(reader, &mut writer).await
}

#[tulipa::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let server = start_server(address.as_deref().unwrap_or("127.0.0.1:0"), echo).await?;
    println!("listening on {}", server.local_addrs()[0]);
    server.serve_forever().await;
    Ok(())
}
