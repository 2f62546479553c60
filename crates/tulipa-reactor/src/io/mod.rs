//! A source together with its registration: what users hold.

#[cfg(unix)]
mod fd;
mod operations;
mod ready;
mod registration;
mod streams;

#[cfg(unix)]
pub use self::fd::Fd;
pub use self::ready::Ready;
pub(crate) use self::registration::Registration;

use crate::error::NoReactor;
use crate::reactor::Reactor;
use mio::Interest;
use mio::event::Source;
use std::io;

/// A source that can be waited for: anything that mio can register, or ([`from_fd`](Async::from_fd)) a descriptor.
///
/// An operation is first tried when the reactor has heard that it will not block, and a write also before anything
/// was heard; so no system call is made that is known to be in vain. All operations go through `&self` if the
/// source's do. The two directions are independent, and any number of tasks may wait in each: all of them are
/// woken, and who comes too late waits again.
///
/// Operations on the source itself ([`get_ref`](Self::get_ref)) go unseen: what would have blocked there still
/// counts as ready here. Use [`read_with`](Self::read_with) and its like for them.
///
/// # Cancellation
///
/// Waiting here knows nothing of cancellation requests; they are delivered where the task next suspends. A future
/// that is dropped while it waits has read or written nothing.
///
/// # Examples
///
/// ```
/// use futures::executor::block_on;
/// use futures::io::{AsyncReadExt, AsyncWriteExt};
/// use tulipa_reactor::{Async, Reactor, mio};
///
/// let reactor = Reactor::new()?;
/// let _background = reactor.background()?;
/// let listener = mio::net::TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// let address = listener.local_addr()?;
/// let listener = Async::with_reactor(&reactor, listener)?;
///
/// block_on(async {
///     let mut client = Async::with_reactor(&reactor, mio::net::TcpStream::connect(address)?)?;
///     let (server, _) = listener.read_with(|listener| listener.accept()).await?;
///     let mut server = Async::with_reactor(&reactor, server)?;
///     client.writable().await?; // connected
///     client.write_all(b"tulip").await?;
///     let mut word = [0; 5];
///     server.read_exact(&mut word).await?;
///     assert_eq!(&word, b"tulip");
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Async<S: Source> {
    /// `None` only once `into_inner` or `drop` has taken it.
    source: Option<S>,
    registration: Registration,
}

impl<S: Source> Async<S> {
    /// Registers `source` with the [current](Reactor::current) reactor. The source must be in non-blocking mode, as
    /// mio's own sockets are.
    ///
    /// # Errors
    ///
    /// [`NoReactor`] if no reactor is current on this thread, [`ReactorGone`](crate::ReactorGone) if it is closed; else what the
    /// system says. The source is dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_reactor::{Async, Reactor, mio};
    ///
    /// let reactor = Reactor::new()?;
    /// let _entered = reactor.enter();
    /// let socket = Async::new(mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?)?;
    /// assert!(socket.get_ref().local_addr()?.port() > 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(source: S) -> io::Result<Self> {
        let reactor = Reactor::current().ok_or(NoReactor)?;
        Self::with_reactor(&reactor, source)
    }

    /// Registers `source` with `reactor`.
    ///
    /// # Errors
    ///
    /// [`ReactorGone`](crate::ReactorGone) if it is closed; else what the system says. The source is dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_reactor::{Async, Reactor, mio};
    ///
    /// let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let _socket = Async::with_reactor(&reactor, socket)?;
    /// assert_eq!(reactor.sources(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_reactor(reactor: &Reactor, source: S) -> io::Result<Self> {
        Self::with_interest(reactor, source, Interest::READABLE | Interest::WRITABLE)
    }

    /// Registers `source` with `reactor` for less than both directions, or for more. A pipe has only one, and some
    /// systems refuse to watch it for the other.
    ///
    /// Waiting for a direction that is not watched fails at once.
    ///
    /// # Errors
    ///
    /// As [`with_reactor`](Self::with_reactor).
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::executor::block_on;
    /// use tulipa_reactor::{Async, Reactor, mio};
    ///
    /// let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let socket = Async::with_interest(&reactor, socket, mio::Interest::READABLE)?;
    /// let error = block_on(socket.writable()).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_interest(reactor: &Reactor, mut source: S, interest: Interest) -> io::Result<Self> {
        let registration = reactor.core().watch(&mut source, interest)?;
        Ok(Self {
            source: Some(source),
            registration,
        })
    }

    /// Takes a read or write that moved fewer bytes than it was given room for as proof that the source is empty, or
    /// full, and so saves the system call that would find this out.
    ///
    /// It holds for pipes and for TCP streams, unless the other side sends urgent data, at whose mark a read ends too.
    /// It does not hold where a read ends with a message (datagrams, terminals, event descriptors), and not quite for
    /// Unix streams, where it also ends at a message that carries descriptors: what comes behind would be noticed only
    /// with the next arrival. On systems where mio needs to see an operation refused before it reports another event,
    /// this changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_reactor::{Async, Reactor, mio};
    ///
    /// let reactor = Reactor::new()?;
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = mio::net::TcpStream::connect(listener.local_addr()?)?;
    /// let _stream = Async::with_reactor(&reactor, stream)?.trust_short_transfers();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn trust_short_transfers(mut self) -> Self {
        self.registration.trust_short_transfers();
        self
    }

    /// The source.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// assert!(socket.get_ref().peer_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn get_ref(&self) -> &S {
        self.parts().0
    }

    /// The source, for operations that change it. Putting another in its place makes this useless: the new one is
    /// not registered, and waiting for it waits in vain.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::io::Write;
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let mut socket = Async::with_reactor(&reactor, socket)?;
    /// assert_eq!(socket.get_mut().write(b"tulip")?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn get_mut(&mut self) -> &mut S {
        self.parts_mut().0
    }

    /// Takes the source out of its reactor.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let (one, another) = (Reactor::new()?, Reactor::new()?);
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let socket = Async::with_reactor(&one, socket)?;
    /// let _socket = Async::with_reactor(&another, socket.into_inner())?;
    /// assert_eq!((one.sources(), another.sources()), (0, 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[allow(clippy::missing_panics_doc, reason = "PRESENT says why it never does")]
    pub fn into_inner(mut self) -> S {
        self.unwatch().expect(PRESENT)
    }

    fn parts(&self) -> (&S, &Registration) {
        (self.source.as_ref().expect(PRESENT), &self.registration)
    }

    fn parts_mut(&mut self) -> (&mut S, &Registration) {
        (self.source.as_mut().expect(PRESENT), &self.registration)
    }

    fn unwatch(&mut self) -> Option<S> {
        let mut source = self.source.take()?;
        self.registration.unwatch(&mut source);
        Some(source)
    }
}

impl<S: Source> Drop for Async<S> {
    fn drop(&mut self) {
        // Before the descriptor closes: afterwards its number may be another's.
        drop(self.unwatch());
    }
}

/// The source is never pinned.
impl<S: Source> Unpin for Async<S> {}

const PRESENT: &str = "only into_inner and drop take the source, and they end the Async";
