//! A small web server on the loopback: fast, slow, failing and silent pages to try a client on.

use crate::hyper_rt::{Io, Timer};
use crate::job::{Ending, Job};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::convert::Infallible;
use std::future::{pending, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tulipa::net::{Server, TcpStream, start_server};
use tulipa::{sleep, yield_now};

/// Begins to serve.
pub(crate) async fn start() -> io::Result<PageServer> {
    let asked_before = Arc::new(Mutex::new(HashSet::new()));
    let server = start_server("127.0.0.1:0", move |stream| {
        serve(stream, asked_before.clone())
    });
    Ok(PageServer(server.await?))
}

/// Serves until it is dropped.
pub(crate) struct PageServer(Server);

/// What a page does.
#[derive(Clone, Copy)]
enum Kind {
    Fast,
    Slow,
    /// It fails when it is asked for the first time.
    Flaky,
    Fail,
    /// The connection ends before the page does.
    Cut,
    /// The connection is reset.
    Reset,
    /// More than a client should want.
    Huge,
    Never,
}

/// Twenty pages as they come.
const MIX: [(Kind, &str, Ending); 20] = {
    let fast = (Kind::Fast, "fast", Ending::Arrived);
    let slow = (Kind::Slow, "slow", Ending::Arrived);
    let mut mix = [fast; 20];
    mix[3] = slow;
    mix[5] = (Kind::Reset, "reset", Ending::Failed);
    mix[7] = (Kind::Fail, "fail", Ending::Failed);
    mix[9] = (Kind::Huge, "huge", Ending::Failed);
    mix[11] = (Kind::Never, "never", Ending::TimedOut);
    mix[13] = slow;
    mix[15] = (Kind::Cut, "cut", Ending::Failed);
    mix[17] = (Kind::Flaky, "flaky", Ending::Arrived);
    mix
};

impl PageServer {
    /// So many pages: most of them good, some of each kind of trouble.
    pub(crate) fn jobs(&self, count: usize) -> Vec<Job> {
        let address = self.0.local_addrs()[0];
        let pages = MIX.iter().cycle().zip(0..count);
        let jobs = pages.map(|((_, name, meant), number)| Job {
            url: format!("http://{address}/{name}/{number}"),
            meant: Some(*meant),
        });
        jobs.collect()
    }
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Serves a connection. What goes wrong with it is the client's concern.
async fn serve(
    stream: TcpStream,
    asked_before: Arc<Mutex<HashSet<String>>>,
) -> Result<(), Infallible> {
    let connection = http1::Builder::new().timer(Timer::new()).serve_connection(
        Io(&stream),
        service_fn(|request| answer(request, &stream, &asked_before)),
    );
    let _ = connection.await;
    Ok(())
}

async fn answer(
    request: Request<Incoming>,
    stream: &TcpStream,
    asked_before: &Mutex<HashSet<String>>,
) -> io::Result<Response<Body>> {
    let path = request.uri().path();
    let (name, number) = path[1..].split_once('/').unwrap_or_default();
    let number: usize = number.parse().unwrap_or_default();
    let Some((kind, ..)) = MIX.iter().find(|(_, kind, _)| *kind == name) else {
        return page(StatusCode::NOT_FOUND, "no such page\n");
    };
    match kind {
        Kind::Fast => page(StatusCode::OK, vec![b'.'; 100 + number]),
        Kind::Slow => {
            sleep(Duration::from_millis(10 + number as u64)).await;
            page(StatusCode::OK, vec![b'~'; 1000])
        }
        Kind::Flaky if asked_before.lock().insert(path.to_owned()) => {
            page(StatusCode::SERVICE_UNAVAILABLE, "ask again\n")
        }
        Kind::Flaky => page(StatusCode::OK, "well, if you insist\n"),
        Kind::Fail => page(StatusCode::INTERNAL_SERVER_ERROR, "broken\n"),
        Kind::Cut => cut(),
        Kind::Reset => {
            stream.set_linger(Some(Duration::ZERO))?; // closing it is a reset then
            Err(io::Error::other("this page resets the connection"))
        }
        Kind::Huge => page(StatusCode::OK, vec![b'#'; 2 << 20]),
        Kind::Never => pending().await,
    }
}

fn page(status: StatusCode, body: impl Into<Bytes>) -> io::Result<Response<Body>> {
    let body = Full::new(body.into()).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    Ok(response)
}

/// A page that promises a thousand bytes, has ten, and then fails.
fn cut() -> io::Result<Response<Body>> {
    let part = Frame::data(Bytes::from_static(b"only these"));
    let failure = async {
        yield_now().await; // hyper sends the part meanwhile
        Err(io::Error::other("this page ends early"))
    };
    let frames = stream::once(ready(Ok(part))).chain(stream::once(failure));
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    let length = header::HeaderValue::from_static("1000");
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    Ok(response)
}
