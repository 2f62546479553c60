//! A web server: hyper on tulipa's sockets and timer. "Hello, world", on any number of connections that are kept alive.
//!
//! Ctrl-C lets each connection finish the answer that it is at.
//!
//! ```text
//! cargo run --release --example http_server -- 127.0.0.1:8080
//! curl http://127.0.0.1:8080/
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

#[path = "fetch/hyper_rt.rs"]
#[allow(dead_code, reason = "a connection runs nothing in the background")]
mod hyper_rt;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_rt::{Io, Timer};
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;
use tulipa::cancel;
use tulipa::net::{TcpStream, start_server};

/// How long a client may take to ask, for the first page or for the next.
const PATIENCE: Duration = Duration::from_secs(300);

async fn hello(_request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("Hello, world!\n")))
}

/// Serves a connection for as long as the client keeps it. A client that breaks off is no error of ours.
async fn serve(stream: TcpStream) -> Result<(), Infallible> {
    let mut connection = pin!(
        http1::Builder::new()
            .timer(Timer::new())
            .header_read_timeout(PATIENCE)
            .serve_connection(Io(stream), service_fn(hello))
    );
    if let Err(cancelled) = cancel::catch(connection.as_mut()).await {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
        cancelled.resume().await
    }
    Ok(())
}

#[tulipa::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let server = start_server(address.as_deref().unwrap_or("127.0.0.1:0"), serve).await?;
    println!("listening on http://{}/", server.local_addrs()[0]);
    server.serve_forever().await;
    Ok(())
}
