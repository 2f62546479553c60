//! Waiting for a source, and running its operations when it is ready.

use super::{Async, Ready};
use crate::readiness::Direction;
use mio::event::Source;
use std::io;
use std::task::{Context, Poll};

impl<S: Source> Async<S> {
    /// Waits until the source can be read, as far as the kernel has said; it may turn out otherwise.
    ///
    /// # Errors
    ///
    /// [`ReactorGone`](crate::ReactorGone) if the reactor is closed.
    ///
    /// # Cancellation
    ///
    /// Dropped, it has done nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// # use std::io::Write;
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// # let _background = reactor.background()?;
    /// let (socket, mut peer) = mio::net::UnixStream::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// peer.write_all(b"tulip")?;
    /// block_on(socket.readable())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn readable(&self) -> Ready<'_> {
        Ready::new(&self.registration, Direction::Read)
    }

    /// Waits until the source can be written, as far as the kernel has said. For a stream that connects, this is the
    /// moment to ask how it went.
    ///
    /// # Errors
    ///
    /// [`ReactorGone`](crate::ReactorGone) if the reactor is closed.
    ///
    /// # Cancellation
    ///
    /// Dropped, it has done nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// # let _background = reactor.background()?;
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = mio::net::TcpStream::connect(listener.local_addr()?)?;
    /// let stream = Async::with_reactor(&reactor, stream)?;
    /// block_on(stream.writable())?;
    /// assert!(stream.get_ref().take_error()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn writable(&self) -> Ready<'_> {
        Ready::new(&self.registration, Direction::Write)
    }

    /// [`readable`](Self::readable) for use in a `poll` function.
    ///
    /// # Errors
    ///
    /// [`ReactorGone`](crate::ReactorGone) if the reactor is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::task::{Context, Waker};
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// assert!(socket.poll_readable(&mut Context::from_waker(Waker::noop())).is_pending());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration.poll_ready(Direction::Read, cx)
    }

    /// [`writable`](Self::writable) for use in a `poll` function.
    ///
    /// # Errors
    ///
    /// [`ReactorGone`](crate::ReactorGone) if the reactor is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::task::{Context, Waker};
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// reactor.turn(None)?; // hears that there is room
    /// assert!(socket.poll_writable(&mut Context::from_waker(Waker::noop())).is_ready());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration.poll_ready(Direction::Write, cx)
    }

    /// Runs an operation of the source that waits for something to read: receive, accept, peek.
    ///
    /// `operation` is called when the source is ready, again when it was interrupted, and again after the next event
    /// when it would have blocked. It must report that only if the source did, or the event that it asks for may
    /// never come.
    ///
    /// # Errors
    ///
    /// Those of `operation`; [`ReactorGone`](crate::ReactorGone) if it must be waited for and the reactor is closed.
    ///
    /// # Cancellation
    ///
    /// Dropped while it waits, it has done nothing: it never suspends after `operation` succeeded.
    ///
    /// # Examples
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// # let _background = reactor.background()?;
    /// let listener = mio::net::TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// let client = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// let listener = Async::with_reactor(&reactor, listener)?;
    /// let (_server, address) = block_on(listener.read_with(|listener| listener.accept()))?;
    /// assert_eq!(address, client.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn read_with<R>(&self, operation: impl FnMut(&S) -> io::Result<R>) -> io::Result<R> {
        self.io_with(Direction::Read, operation).await
    }

    /// Runs an operation of the source that waits for room to write, as [`read_with`](Self::read_with) does.
    ///
    /// # Errors
    ///
    /// Those of `operation`; [`ReactorGone`](crate::ReactorGone) if it must be waited for and the reactor is closed.
    ///
    /// # Cancellation
    ///
    /// Dropped while it waits, it has done nothing: it never suspends after `operation` succeeded.
    ///
    /// # Examples
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// let (socket, peer) = mio::net::UnixDatagram::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// block_on(socket.write_with(|socket| socket.send(b"tulip")))?; // there is room: need not wait
    /// assert_eq!(peer.recv(&mut [0; 16])?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn write_with<R>(&self, operation: impl FnMut(&S) -> io::Result<R>) -> io::Result<R> {
        self.io_with(Direction::Write, operation).await
    }

    /// [`read_with`](Self::read_with) for use in a `poll` function.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::task::{Context, Waker};
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// let (socket, peer) = mio::net::UnixDatagram::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// peer.send(b"tulip")?;
    /// reactor.turn(None)?;
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let received = socket.poll_read_with(&mut cx, |socket| socket.recv(&mut [0; 16]));
    /// assert!(received.is_ready());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_read_with<R>(
        &self,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let (source, registration) = self.parts();
        registration.poll_io(Direction::Read, cx, || operation(source))
    }

    /// [`write_with`](Self::write_with) for use in a `poll` function.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::task::{Context, Waker};
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixDatagram::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let sent = socket.poll_write_with(&mut cx, |socket| socket.send(b"tulip"));
    /// assert!(sent.is_ready());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_write_with<R>(
        &self,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let (source, registration) = self.parts();
        registration.poll_io(Direction::Write, cx, || operation(source))
    }

    /// Runs a reading operation if the source is ready, and does not wait. For taking more of what just arrived: a
    /// second connection, the next datagram.
    ///
    /// # Errors
    ///
    /// Those of `operation`; [`WouldBlock`](io::ErrorKind::WouldBlock) also if it was not worth trying.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// let (socket, peer) = mio::net::UnixDatagram::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// peer.send(b"tulip")?;
    /// let receive = |socket: &mio::net::UnixDatagram| socket.recv(&mut [0; 16]);
    /// assert!(socket.try_read_with(receive).is_err(), "no turn has told of it yet");
    /// reactor.turn(None)?;
    /// assert_eq!(socket.try_read_with(receive)?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_read_with<R>(&self, operation: impl FnMut(&S) -> io::Result<R>) -> io::Result<R> {
        self.try_io_with(Direction::Read, operation)
    }

    /// Runs a writing operation if the source may be ready, and does not wait.
    ///
    /// # Errors
    ///
    /// Those of `operation`; [`WouldBlock`](io::ErrorKind::WouldBlock) also if it was not worth trying.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// # let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixDatagram::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// assert_eq!(socket.try_write_with(|socket| socket.send(b"tulip"))?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_write_with<R>(&self, operation: impl FnMut(&S) -> io::Result<R>) -> io::Result<R> {
        self.try_io_with(Direction::Write, operation)
    }

    async fn io_with<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let (source, registration) = self.parts();
        loop {
            if let Some(outcome) = registration.attempt(direction, || operation(source)) {
                return outcome;
            }
            Ready::new(registration, direction).await?;
        }
    }

    fn try_io_with<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let (source, registration) = self.parts();
        let outcome = registration.attempt(direction, || operation(source));
        outcome.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
    }
}
