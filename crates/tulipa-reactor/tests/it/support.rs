//! What the tests share: an executor that is one reactor, wakers that count, a source that counts.

use futures::task::{ArcWake, waker};
use mio::event::Source;
use mio::net::UnixStream;
use std::io::{self, Read, Write};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use tulipa_reactor::mio::{self, Interest, Registry, Token};
use tulipa_reactor::{Async, Reactor};

/// Runs `future` on this thread, turning `reactor` whenever there is nothing else to do.
pub(crate) fn block_on<F: Future>(reactor: &Reactor, future: F) -> F::Output {
    let count = Count::new();
    let waker = count.waker();
    let mut future = pin!(future);
    loop {
        let before = count.get();
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while count.get() == before {
            reactor.turn(None).unwrap();
        }
    }
}

/// Counts how often its waker was woken.
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(0)))
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        waker(self.clone())
    }
}

impl ArcWake for Count {
    fn wake_by_ref(arc_self: &Arc<Self>) {
        arc_self.0.fetch_add(1, Ordering::Release);
    }
}

/// Polls once, with a waker that nobody listens to.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A registered socket and its peer, which is not registered and blocks.
pub(crate) fn pair(reactor: &Reactor) -> (Async<UnixStream>, std::os::unix::net::UnixStream) {
    let (ours, peer) = std::os::unix::net::UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (
        Async::with_reactor(reactor, UnixStream::from_std(ours)).unwrap(),
        peer,
    )
}

/// The same over TCP.
pub(crate) fn tcp_pair(reactor: &Reactor) -> (Async<mio::net::TcpStream>, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    ours.set_nonblocking(true).unwrap();
    let (peer, _) = listener.accept().unwrap();
    (
        Async::with_reactor(reactor, mio::net::TcpStream::from_std(ours)).unwrap(),
        peer,
    )
}

/// Turns `reactor` until `done` says so.
pub(crate) fn turn_until(reactor: &Reactor, mut done: impl FnMut() -> bool) {
    while !done() {
        reactor.turn(None).unwrap();
    }
}

/// Turns `reactor` until no event is left.
///
/// Loopback delivers before the sender's call returns, so what was sent before is known after this.
pub(crate) fn settle(reactor: &Reactor) {
    for _ in 0..2 {
        reactor.turn(Some(std::time::Duration::ZERO)).unwrap();
    }
}

/// A socket that counts the calls that reach the kernel.
pub(crate) struct Counted<S> {
    pub(crate) source: S,
    pub(crate) reads: usize,
    pub(crate) writes: usize,
}

impl<S> Counted<S> {
    pub(crate) fn new(source: S) -> Self {
        Self {
            source,
            reads: 0,
            writes: 0,
        }
    }
}

impl<S: Source> Source for Counted<S> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.source.register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.source.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.source.deregister(registry)
    }
}

impl<S: Read> Read for Counted<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        self.source.read(buf)
    }
}

impl<S: Write> Write for Counted<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.writes += 1;
        self.source.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.source.flush()
    }
}
