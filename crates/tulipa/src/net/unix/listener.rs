//! A socket with a path that accepts connections.

use super::UnixStream;
use crate::net::watch::watch;
use futures::Stream;
use std::io;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tulipa_reactor::Async;

/// A socket with a path that accepts connections. Dropping it leaves the path behind.
///
/// # Examples
///
/// ```
/// use tulipa::io::{AsyncReadExt, AsyncWriteExt};
/// use tulipa::net::{UnixListener, UnixStream};
///
/// # tulipa::run(async {
/// let path = std::env::temp_dir().join(format!("tulipa-listener-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let mut client = UnixStream::connect(&path).await?;
/// let (mut server, _) = listener.accept().await?;
/// std::fs::remove_file(&path)?;
///
/// client.write_all(b"tulip").await?;
/// let mut word = [0; 5];
/// server.read_exact(&mut word).await?;
/// assert_eq!(&word, b"tulip");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct UnixListener {
    pub(in crate::net) socket: Async<mio::net::UnixListener>,
}

impl UnixListener {
    /// Listens on a path, at which there must be nothing.
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if there is something, be it the socket of a process that is gone:
    /// remove that first. [`NoRuntime`](crate::net::NoRuntime) outside of a runtime. Else what the system says. The
    /// path is in the error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UnixListener;
    /// # tulipa::run(async {
    /// let error = UnixListener::bind("/no/such/folder/socket").unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// assert!(error.to_string().starts_with("cannot listen on /no/such/folder/socket: "));
    /// # }).unwrap();
    /// ```
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let listening = mio::net::UnixListener::bind(path)
            .and_then(|listener| watch("UnixListener::bind", listener));
        match listening {
            Ok(socket) => Ok(Self { socket }),
            Err(error) => {
                let text = format!("cannot listen on {}: {error}", path.display());
                Err(io::Error::new(error.kind(), text))
            }
        }
    }

    /// Takes over a listener of the standard library, and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`](crate::net::NoRuntime) outside of a runtime; else what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UnixListener;
    /// # tulipa::run(async {
    /// let path = std::env::temp_dir().join(format!("tulipa-from-std-{}", std::process::id()));
    /// let listener = std::os::unix::net::UnixListener::bind(&path)?;
    /// let listener = UnixListener::from_std(listener)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = mio::net::UnixListener::from_std(listener);
        let socket = watch("UnixListener::from_std", listener)?;
        Ok(Self { socket })
    }

    /// Waits for a connection: the stream, and the address at its other end, which is seldom more than nameless.
    ///
    /// # Errors
    ///
    /// Too many open files: wait, and go on. Else what the system says.
    ///
    /// # Cancellation
    ///
    /// A request is left to the scopes around it. Dropped, it has accepted nothing.
    ///
    /// # Examples
    ///
    /// As [`UnixListener`].
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        accepted(self.socket.read_with(|listener| listener.accept()).await?)
    }

    /// [`accept`](Self::accept) for use in a `poll` function.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::task::{Context, Waker};
    /// # use tulipa::net::UnixListener;
    /// # tulipa::run(async {
    /// let path = std::env::temp_dir().join(format!("tulipa-poll-accept-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// assert!(listener.poll_accept(&mut Context::from_waker(Waker::noop())).is_pending());
    /// std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let socket = &self.socket;
        let connection = ready!(socket.poll_read_with(cx, |listener| listener.accept()))?;
        Poll::Ready(accepted(connection))
    }

    /// The connections as a stream, which does not end. An error is one failed [`accept`](Self::accept).
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// # use tulipa::net::{UnixListener, UnixStream};
    ///
    /// # tulipa::run(async {
    /// let path = std::env::temp_dir().join(format!("tulipa-incoming-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// let _client = UnixStream::connect(&path).await?;
    /// let _server = listener.incoming().next().await.expect("it does not end")?;
    /// std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn incoming(&self) -> UnixIncoming<'_> {
        UnixIncoming { listener: self }
    }

    /// The address that it listens on.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa::net::UnixListener;
    /// # tulipa::run(async {
    /// let path = std::env::temp_dir().join(format!("tulipa-local-addr-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }
}

/// The connections of a [`UnixListener`]. From [`UnixListener::incoming`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct UnixIncoming<'a> {
    listener: &'a UnixListener,
}

impl Stream for UnixIncoming<'_> {
    type Item = io::Result<UnixStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let accepted = ready!(self.listener.poll_accept(cx));
        Poll::Ready(Some(accepted.map(|(stream, _)| stream)))
    }
}

fn accepted(
    (stream, address): (mio::net::UnixStream, SocketAddr),
) -> io::Result<(UnixStream, SocketAddr)> {
    Ok((
        UnixStream::watched("UnixListener::accept", stream)?,
        address,
    ))
}
