//! Any descriptor as a source.

use super::Async;
use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::io::ioctl_fionbio;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// A descriptor that a reactor can watch: a pipe, a terminal, a socket of `std` or `socket2`, an `OwnedFd`.
///
/// [`Async::from_fd`](crate::Async::from_fd) makes one. It dereferences to what it wraps, which must go on to refer
/// to the same descriptor.
///
/// # Examples
///
/// ```
/// use futures::executor::block_on;
/// use futures::io::{AsyncReadExt, AsyncWriteExt};
/// use tulipa_reactor::{Async, Reactor};
///
/// let reactor = Reactor::new()?;
/// let _background = reactor.background()?;
/// let _entered = reactor.enter();
/// let (a, b) = std::os::unix::net::UnixStream::pair()?;
/// let (a, b) = (Async::from_fd(a)?, Async::from_fd(b)?);
/// block_on(async {
///     (&a).write_all(b"tulip").await?;
///     let mut word = [0; 5];
///     (&b).read_exact(&mut word).await?;
///     assert_eq!(&word, b"tulip");
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Fd<T>(T);

impl<T: AsFd> Fd<T> {
    /// Wraps a descriptor, and makes it non-blocking.
    ///
    /// That mode belongs to the open file, not to the descriptor: duplicates, in this process or another, have it
    /// too. For a standard stream this is seldom what one wants; read those on a thread that may block.
    ///
    /// # Errors
    ///
    /// When the descriptor cannot be made non-blocking.
    ///
    /// # Examples
    ///
    /// ```
    /// let (socket, _peer) = std::os::unix::net::UnixStream::pair()?;
    /// let socket = tulipa_reactor::Fd::new(socket)?;
    /// assert!(socket.peer_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(descriptor: T) -> io::Result<Self> {
        ioctl_fionbio(&descriptor, true)?;
        Ok(Self(descriptor))
    }

    /// What was wrapped. It stays non-blocking.
    ///
    /// # Examples
    ///
    /// ```
    /// let (socket, _peer) = std::os::unix::net::UnixStream::pair()?;
    /// let socket = tulipa_reactor::Fd::new(socket)?.into_inner();
    /// socket.set_nonblocking(false)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: AsFd> Async<Fd<T>> {
    /// Makes a descriptor non-blocking and registers it with the current reactor. See [`Fd`].
    ///
    /// # Errors
    ///
    /// As [`Async::new`], and when the descriptor is of a kind that cannot be waited for, such as a plain file.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::executor::block_on;
    /// use futures::io::AsyncReadExt;
    /// use std::io::Write;
    /// use tulipa_reactor::{Async, Reactor};
    ///
    /// let reactor = Reactor::new()?;
    /// let _background = reactor.background()?;
    /// let _entered = reactor.enter();
    /// let (socket, mut peer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut socket = Async::from_fd(socket)?;
    /// peer.write_all(b"tulip")?;
    /// let mut word = [0; 5];
    /// block_on(socket.read_exact(&mut word))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_fd(descriptor: T) -> io::Result<Self> {
        Ok(Self::new(Fd::new(descriptor)?)?.with_descriptor())
    }
}

impl<S: Source + AsRawFd> Async<S> {
    /// Has a task that waits for this source say so by the number of its descriptor, where it is asked what it waits for
    /// ([`TaskRef::waits_for`](tulipa_task::TaskRef::waits_for)). [`from_fd`](Async::from_fd) does it by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa_reactor::{Async, Reactor, mio};
    /// use tulipa_task::spawn;
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _scheduler_entered = scheduler.enter();
    ///
    /// let reactor = Reactor::new()?;
    /// let (socket, _peer) = mio::net::UnixStream::pair()?;
    /// let socket = Async::with_reactor(&reactor, socket)?.with_descriptor();
    /// let task = spawn(async move { socket.readable().await.unwrap() });
    /// run();
    /// let text = task.waits_for().unwrap().to_string();
    /// assert!(text.starts_with("descriptor ") && text.ends_with(" to be readable"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn with_descriptor(mut self) -> Self {
        let descriptor = self.get_ref().as_raw_fd();
        self.registration.name(descriptor);
        self
    }
}

impl<T: AsFd> Source for Fd<T> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.as_raw_fd()).register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.as_raw_fd()).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.as_raw_fd()).deregister(registry)
    }
}

impl<T> Deref for Fd<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Fd<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: AsFd> AsFd for Fd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl<T: AsFd> AsRawFd for Fd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl<T: Read> Read for Fd<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.read_vectored(bufs)
    }
}

impl<'a, T> Read for &'a Fd<T>
where
    &'a T: Read,
{
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&self.0).read_vectored(bufs)
    }
}

impl<T: Write> Write for Fd<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<'a, T> Write for &'a Fd<T>
where
    &'a T: Write,
{
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&self.0).write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.0).write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&self.0).flush()
    }
}

impl<S: Source + AsFd> AsFd for Async<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().as_fd()
    }
}

impl<S: Source + AsRawFd> AsRawFd for Async<S> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}
