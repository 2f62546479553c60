//! The errors of this crate. They travel inside an [`io::Error`], because that is what every caller of a socket
//! already handles; [`io::Error::downcast`] gets them out again.

use std::error::Error;
use std::fmt;
use std::io;

/// There is no current reactor on this thread.
///
/// # Examples
///
/// ```
/// use tulipa_reactor::{Async, NoReactor, mio};
///
/// let (socket, _peer) = mio::net::UnixStream::pair()?;
/// let error = Async::new(socket).unwrap_err();
/// assert!(error.downcast::<NoReactor>().is_ok());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoReactor;

impl fmt::Display for NoReactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "Async::new: no reactor on this thread; call it inside a runtime that has one, call Reactor::enter \
             first, or name the reactor with Async::with_reactor",
        )
    }
}

impl Error for NoReactor {}

/// The reactor that watched this source was closed, as it is when its runtime ends: no event will ever come.
///
/// # Examples
///
/// ```
/// use tulipa_reactor::{Async, Reactor, ReactorGone, mio};
///
/// let reactor = Reactor::new()?;
/// reactor.close();
/// let (socket, _peer) = mio::net::UnixStream::pair()?;
/// let error = Async::with_reactor(&reactor, socket).unwrap_err();
/// assert!(error.downcast::<ReactorGone>().is_ok());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReactorGone;

impl fmt::Display for ReactorGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the reactor of this source is closed (its runtime has ended), so nothing can be waited for; take the \
             source out with Async::into_inner and register it with a reactor that runs",
        )
    }
}

impl Error for ReactorGone {}

impl From<NoReactor> for io::Error {
    fn from(error: NoReactor) -> Self {
        Self::other(error)
    }
}

impl From<ReactorGone> for io::Error {
    fn from(error: ReactorGone) -> Self {
        Self::other(error)
    }
}
