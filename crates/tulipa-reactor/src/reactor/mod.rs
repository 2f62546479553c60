//! The reactor: one poll, a table of sources, and an interrupt.

mod background;
mod core;
mod current;
mod driver;
pub(crate) mod interrupt;
pub(crate) mod seat;
mod shelf;
mod table;

pub use self::background::Background;
pub(crate) use self::core::Core;
pub use self::current::Entered;
pub(crate) use self::shelf::Place;

use crate::sync::Arc;
use std::fmt;
use std::io;
use std::time::Duration;

/// Watches sources and wakes the tasks that wait for them, whenever somebody gives it a [`turn`](Self::turn).
///
/// Clones are handles to the same reactor. When the last one goes, the reactor is [closed](Self::close).
///
/// # Examples
///
/// Two sockets and a loop that turns the reactor between polls:
///
/// ```
/// use futures::io::{AsyncReadExt, AsyncWriteExt};
/// use futures::task::noop_waker;
/// use std::pin::pin;
/// use std::task::{Context, Poll};
/// use tulipa_reactor::{Async, Reactor, mio};
///
/// let reactor = Reactor::new()?;
/// let (here, there) = mio::net::UnixStream::pair()?;
/// let mut here = Async::with_reactor(&reactor, here)?;
/// let mut there = Async::with_reactor(&reactor, there)?;
///
/// let mut talk = pin!(async {
///     here.write_all(b"tulip").await?;
///     let mut word = [0; 5];
///     there.read_exact(&mut word).await?;
///     std::io::Result::Ok(word)
/// });
/// let waker = noop_waker(); // there is one task: after a turn, it is its turn
/// let word = loop {
///     match talk.as_mut().poll(&mut Context::from_waker(&waker)) {
///         Poll::Ready(word) => break word?,
///         Poll::Pending => reactor.turn(None)?,
///     };
/// };
/// assert_eq!(&word, b"tulip");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Reactor {
    handle: Arc<Handle>,
}

impl Reactor {
    /// Opens a reactor. Nothing happens until somebody calls [`turn`](Self::turn), or [`background`](Self::background).
    ///
    /// # Errors
    ///
    /// When the process has no descriptors left: it takes four on Linux. None of them leaks.
    ///
    /// # Examples
    ///
    /// ```
    /// let reactor = tulipa_reactor::Reactor::new()?;
    /// assert_eq!(reactor.sources(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            handle: Arc::new(Handle {
                core: Arc::new(Core::new()?),
            }),
        })
    }

    /// Waits for events until `timeout` has passed (`None`: as long as it takes), records them, and wakes the tasks
    /// they concern. Returns how many wakers it called.
    ///
    /// It may return early and empty-handed: after [`interrupt`](Self::interrupt), on a signal, or for no reason; so
    /// call it in a loop that asks for what it waits for. It returns at most a small fraction of a millisecond late
    /// on Linux if the timeout is under 100 ms, and a millisecond late otherwise.
    ///
    /// One thread at a time turns a reactor; another that comes waits for its place first, and leaves without a turn
    /// if its time is up before. A waker that panics is reported by the panic hook and costs neither the caller nor
    /// the other wakers.
    ///
    /// # Errors
    ///
    /// What the system's poll reports. It has no error that a correct process meets.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let reactor = tulipa_reactor::Reactor::new()?;
    /// let woken = reactor.turn(Some(Duration::from_micros(50)))?;
    /// assert_eq!(woken, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn turn(&self, timeout: Option<Duration>) -> io::Result<usize> {
        self.core().turn(timeout, || true)
    }

    /// Ends the turn that waits now, or else the next one that would. From any thread.
    ///
    /// Writes to the kernel only if a thread waits, and only once per wait; otherwise it is one atomic swap. A turn
    /// with a timeout of zero does not wait: it neither needs an interrupt nor uses one up.
    ///
    /// # Examples
    ///
    /// ```
    /// let reactor = tulipa_reactor::Reactor::new()?;
    /// reactor.interrupt();
    /// reactor.turn(None)?; // returns at once
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn interrupt(&self) {
        self.core().interrupt();
    }

    /// Makes this reactor the current one of this thread, until the guard is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_reactor::{Async, Reactor, mio};
    ///
    /// let reactor = Reactor::new()?;
    /// let entered = reactor.enter();
    /// let _socket = Async::new(mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?)?;
    /// assert_eq!(reactor.sources(), 1);
    /// drop(entered);
    /// assert!(Reactor::current().is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> Entered {
        current::enter(self)
    }

    /// The reactor entered last on this thread.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(tulipa_reactor::Reactor::current().is_none());
    /// ```
    pub fn current() -> Option<Self> {
        current::current()
    }

    /// Starts a thread that turns this reactor, for programs without a runtime.
    ///
    /// # Errors
    ///
    /// When the system gives no more threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::executor::block_on;
    /// use tulipa_reactor::{Async, Reactor, mio};
    ///
    /// let reactor = Reactor::new()?;
    /// let _background = reactor.background()?;
    /// let (socket, peer) = mio::net::UnixDatagram::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// peer.send(b"tulip")?;
    /// let length = block_on(socket.read_with(|socket| socket.recv(&mut [0; 16])))?;
    /// assert_eq!(length, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn background(&self) -> io::Result<Background> {
        Background::start(self)
    }

    /// Ends all waiting on this reactor, now and for good: it fails with [`ReactorGone`](crate::ReactorGone), and so
    /// does registering. Operations that need not wait still work.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::executor::block_on;
    /// use tulipa_reactor::{Async, Reactor, ReactorGone, mio};
    ///
    /// let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// reactor.close();
    /// let error = block_on(socket.readable()).unwrap_err();
    /// assert!(error.downcast::<ReactorGone>().is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn close(&self) {
        self.core().close();
    }

    /// How many sources are registered.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_reactor::{Async, Reactor, mio};
    ///
    /// let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?;
    /// assert_eq!(reactor.sources(), 1);
    /// drop(socket);
    /// assert_eq!(reactor.sources(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn sources(&self) -> usize {
        self.core().sources()
    }

    /// How many handles there are to this reactor, with this one.
    ///
    /// # Examples
    ///
    /// ```
    /// let reactor = tulipa_reactor::Reactor::new()?;
    /// assert_eq!(reactor.handles(), 1);
    /// let _entered = reactor.enter();
    /// assert_eq!(reactor.handles(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn handles(&self) -> usize {
        Arc::strong_count(&self.handle)
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.handle.core
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("sources", &self.sources())
            .finish_non_exhaustive()
    }
}

/// What the clones of a [`Reactor`] share. Sources share the [`Core`] instead, so that they do not keep a reactor
/// from being closed that nobody can turn any more.
struct Handle {
    core: Arc<Core>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.core.close();
    }
}
