//! A server that sends back what it is sent, on any number of connections.
//!
//! ```text
//! cargo run --release --example echo -- 127.0.0.1:7000
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use futures::{AsyncReadExt, io};
use tulipa::net::{TcpStream, start_server};

async fn echo(stream: TcpStream) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    io::copy(reader, &mut writer).await?;
    Ok(())
}

#[tulipa::main]
async fn main() -> io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let server = start_server(address, echo).await?;
    println!("listening on {}", server.local_addrs()[0]);
    server.serve_forever().await;
    Ok(())
}
