//! Fetching one URL: connect, ask, read, and try again where that may help.

use crate::hyper_rt::Io;
use crate::options::Options;
use crate::permits::Permits;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Uri, header};
use std::fmt;
use std::io;
use std::time::{Duration, Instant};
use tulipa::{net, sleep, timeout};

/// Fetches URLs, so many at once.
#[derive(Clone)]
pub(crate) struct Client {
    permits: Permits,
    timeout: Duration,
    retries: u32,
    max_body: usize,
}

/// What came of one URL.
pub(crate) struct Fetched {
    pub(crate) url: String,
    pub(crate) outcome: Result<Page, FetchError>,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// From the permit to the end.
    pub(crate) took: Duration,
}

/// A page that arrived whole.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) bytes: usize,
}

/// Why a page did not arrive.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// The text is no `http://` URL.
    BadUrl(String),
    /// No connection.
    Connect(io::Error),
    /// The server ended the connection, or sent what is no HTTP.
    Broken(&'static str),
    /// It says that it went wrong.
    Status(u16),
    /// More bytes than were allowed.
    TooLarge(usize),
    /// Nothing, or not everything, in the time that was given.
    TimedOut(Duration),
}

impl FetchError {
    /// Whether another attempt may go better.
    fn may_pass(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Broken(_) | Self::TimedOut(_) => true,
            Self::Status(status) => *status >= 500,
            Self::BadUrl(_) | Self::TooLarge(_) => false,
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadUrl(why) => write!(f, "bad URL: {why}"),
            Self::Connect(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                f.write_str("connection refused")
            }
            Self::Connect(error) => write!(f, "cannot connect: {error}"),
            Self::Broken(what) => f.write_str(what),
            Self::Status(status) => write!(f, "status {status}"),
            Self::TooLarge(limit) => write!(f, "the body is larger than {limit} bytes"),
            Self::TimedOut(limit) => write!(f, "no answer within {limit:?}"),
        }
    }
}

impl Client {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            permits: Permits::new(options.concurrency),
            timeout: options.timeout,
            retries: options.retries,
            max_body: options.max_body,
        }
    }

    /// Fetches `url`, with retries and growing pauses between them.
    pub(crate) async fn fetch(&self, url: String) -> Fetched {
        let _permit = self.permits.take().await;
        let began = Instant::now();
        let mut pause = Duration::from_millis(10);
        let mut attempts = 1;
        let outcome = loop {
            let attempt = match timeout(self.timeout, self.attempt(&url)).await {
                Ok(attempt) => attempt,
                Err(_elapsed) => Err(FetchError::TimedOut(self.timeout)),
            };
            match attempt {
                Err(error) if error.may_pass() && attempts <= self.retries => {
                    sleep(pause).await;
                    pause *= 2;
                    attempts += 1;
                }
                ended => break ended,
            }
        };
        Fetched {
            url,
            outcome,
            attempts,
            took: began.elapsed(),
        }
    }

    async fn attempt(&self, url: &str) -> Result<Page, FetchError> {
        let (uri, host, port) = parse(url)?;
        let stream = net::open_connection(&host, port)
            .await
            .map_err(|error| FetchError::Connect(error.into()))?;
        let (mut requests, connection) = http1::handshake(Io(stream))
            .await
            .map_err(|error| FetchError::Broken(reason(&error)))?;
        // The connection needs somebody to drive it while the request waits. It ends with this attempt, however that ends.
        let driver = tulipa::spawn(connection);
        let driver = EndWith(driver.task_ref().clone());
        let request = Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
            .header(
                header::HOST,
                uri.authority()
                    .map_or(host.as_str(), |authority| authority.as_str()),
            )
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(|error| FetchError::BadUrl(error.to_string()))?;
        let response = requests
            .send_request(request)
            .await
            .map_err(|error| FetchError::Broken(reason(&error)))?;
        let status = response.status().as_u16();
        let bytes = self.read(response.into_body()).await?;
        drop(driver);
        if status >= 400 {
            Err(FetchError::Status(status))
        } else {
            Ok(Page { status, bytes })
        }
    }

    /// Counts the bytes of a body, up to the limit.
    async fn read(&self, mut body: Incoming) -> Result<usize, FetchError> {
        if body.size_hint().lower() > self.max_body as u64 {
            return Err(FetchError::TooLarge(self.max_body));
        }
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| FetchError::Broken(reason(&error)))?;
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > self.max_body {
                return Err(FetchError::TooLarge(self.max_body));
            }
        }
        Ok(bytes)
    }
}

/// Aborts a task when it goes out of scope.
struct EndWith(tulipa::task::TaskRef);

impl Drop for EndWith {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Host and port of an `http://` URL.
fn parse(url: &str) -> Result<(Uri, String, u16), FetchError> {
    let uri: Uri = url
        .parse()
        .map_err(|error| FetchError::BadUrl(format!("{error}")))?;
    match uri.scheme_str() {
        Some("http") => {}
        Some(other) => {
            return Err(FetchError::BadUrl(format!(
                "{other}:// is not spoken here, only http://"
            )));
        }
        None => {
            return Err(FetchError::BadUrl(
                "it does not begin with http://".to_owned(),
            ));
        }
    }
    let host = uri.host().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| FetchError::BadUrl("it names no host".to_owned()))?;
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let port = uri.port_u16().unwrap_or(80);
    Ok((uri, host, port))
}

/// hyper's error in a few words.
fn reason(error: &hyper::Error) -> &'static str {
    let reset = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
    if reset {
        "the connection was reset"
    } else if error.is_incomplete_message() {
        "the answer was cut off"
    } else if error.is_body_write_aborted() || error.is_closed() || error.is_canceled() {
        "the connection was closed"
    } else if error.is_parse() {
        "the answer is not HTTP"
    } else {
        "the connection broke"
    }
}
