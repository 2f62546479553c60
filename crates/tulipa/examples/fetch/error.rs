//! Why a page did not arrive, in words that somebody who asked for it understands.

use hyper::StatusCode;
use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

/// Why a page did not arrive.
pub(crate) enum FetchError {
    /// The text is no `http://` URL.
    BadUrl(String),
    /// There was no connection.
    Connect(io::Error),
    /// The other end, or somebody between, reset the connection.
    Reset,
    /// The connection ended before the answer did.
    CutOff,
    /// What came is no HTTP.
    NotHttp(hyper::Error),
    /// Anything else that hyper or the system has against it.
    Broken(hyper::Error),
    /// The page is elsewhere.
    Moved(String),
    /// The server does not have it, or says that something went wrong.
    Status(StatusCode),
    /// The body has more bytes than were allowed.
    TooLarge(usize),
    /// Nothing, or not everything, in the time that was given.
    TimedOut(Duration),
}

impl FetchError {
    /// Whether another attempt may go better.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Connect(_)
            | Self::Reset
            | Self::CutOff
            | Self::NotHttp(_)
            | Self::Broken(_)
            | Self::TimedOut(_) => true,
            Self::Status(status) => status.is_server_error(),
            Self::BadUrl(_) | Self::Moved(_) | Self::TooLarge(_) => false,
        }
    }
}

impl From<hyper::Error> for FetchError {
    fn from(error: hyper::Error) -> Self {
        match system_error(&error) {
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => Self::Reset,
            Some(io::ErrorKind::UnexpectedEof) => Self::CutOff,
            _ if error.is_incomplete_message() => Self::CutOff,
            _ if error.is_parse() => Self::NotHttp(error),
            _ => Self::Broken(error),
        }
    }
}

/// What the system said, if hyper only passes it on.
fn system_error(error: &hyper::Error) -> Option<io::ErrorKind> {
    let io_error = error.source()?.downcast_ref::<io::Error>()?;
    Some(io_error.kind())
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadUrl(why) => write!(f, "bad URL: {why}"),
            Self::Connect(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                f.write_str("connection refused")
            }
            Self::Connect(error) => write!(f, "no connection: {error}"),
            Self::Reset => f.write_str("connection reset"),
            Self::CutOff => f.write_str("connection closed before the answer was complete"),
            Self::NotHttp(error) => write!(f, "the answer is not HTTP: {error}"),
            Self::Broken(error) => write!(f, "connection broken: {error}"),
            Self::Moved(to) => write!(f, "moved to {to}"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::TooLarge(limit) => write!(f, "body larger than {limit} bytes"),
            Self::TimedOut(limit) => write!(f, "no answer within {limit:?}"),
        }
    }
}
