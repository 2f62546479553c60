//! A small web server on the loopback: fast, slow, failing and silent pages to try a client on.

use crate::hyper_rt::{Io, Timer};
use bytes::Bytes;
use futures::AsyncWriteExt;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tulipa::net::{Server, TcpStream, start_server};
use tulipa::sleep;

/// A server that runs until it is dropped.
pub(crate) struct Running {
    server: Server,
}

impl Running {
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.local_addrs()[0]
    }
}

pub(crate) async fn start() -> io::Result<Running> {
    let server = start_server("127.0.0.1:0", serve).await?;
    Ok(Running { server })
}

/// `count` URLs of it: most of them fast, some slow, a few of each kind of trouble.
pub(crate) fn urls(address: SocketAddr, count: usize) -> Vec<String> {
    let page = |n: usize| match n % 20 {
        3 | 13 => "slow",
        7 => "fail",
        11 if n % 40 == 11 => "never",
        11 => "cut",
        17 if n % 40 == 17 => "reset",
        17 => "huge",
        _ => "fast",
    };
    (0..count)
        .map(|n| format!("http://{address}/{}/{n}", page(n)))
        .collect()
}

async fn serve(stream: TcpStream) -> io::Result<()> {
    if let Some(raw) = raw_page(&stream).await? {
        return raw.answer(stream).await;
    }
    let connection = http1::Builder::new()
        .timer(Timer)
        .serve_connection(Io(stream), service_fn(answer));
    connection.await.or(Ok(())) // a client that goes away is none of our errors
}

/// Pages that no HTTP library would send.
enum Raw {
    /// An answer that promises more than it has.
    Cut,
    /// A connection that is reset.
    Reset,
}

/// Looks at the request line without taking it.
async fn raw_page(stream: &TcpStream) -> io::Result<Option<Raw>> {
    let mut line = [0; 16];
    let seen = stream.peek(&mut line).await?;
    Ok(match &line[..seen] {
        seen if seen.starts_with(b"GET /cut") => Some(Raw::Cut),
        seen if seen.starts_with(b"GET /reset") => Some(Raw::Reset),
        _ => None,
    })
}

impl Raw {
    async fn answer(self, mut stream: TcpStream) -> io::Result<()> {
        match self {
            Self::Cut => {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
                    .await?;
                stream.close().await
            }
            Self::Reset => {
                stream.set_linger(Some(Duration::ZERO))?; // closing then resets
                Ok(())
            }
        }
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut path = request.uri().path().split('/').skip(1);
    let kind = path.next().unwrap_or_default();
    let number: usize = path
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    let (status, body) = match kind {
        "fast" => (StatusCode::OK, vec![b'.'; 100 + number]),
        "slow" => {
            sleep(Duration::from_millis(20 + (number % 10) as u64 * 20)).await;
            (StatusCode::OK, vec![b'~'; 1000])
        }
        "fail" => (StatusCode::INTERNAL_SERVER_ERROR, b"broken\n".to_vec()),
        "huge" => (StatusCode::OK, vec![b'#'; 2 << 20]),
        "never" => pending().await,
        _ => (StatusCode::NOT_FOUND, b"no such page\n".to_vec()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    Ok(response)
}
