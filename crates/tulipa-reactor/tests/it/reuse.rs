//! Events of sources that are no longer there, and places and descriptors that are taken again.

use crate::support::{Count, block_on, pair, settle};
use futures::io::{AsyncReadExt, AsyncWriteExt};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Context;
use tulipa_reactor::mio::event::Source;
use tulipa_reactor::mio::net::UnixStream;
use tulipa_reactor::mio::{Interest, Registry, Token};
use tulipa_reactor::{Async, Reactor};

/// A socket that never leaves the poll, as if a duplicate of its descriptor outlived it in another process. Counts how
/// often it should have left.
struct Clinging(UnixStream, Arc<AtomicUsize>);

impl Source for Clinging {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.0.register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.0.reregister(registry, token, interests)
    }

    fn deregister(&mut self, _registry: &Registry) -> io::Result<()> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn an_event_of_a_source_that_left_does_not_reach_the_next_in_its_place() {
    let reactor = Reactor::new().unwrap();
    let (ours, mut old_peer) = std::os::unix::net::UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let _duplicate = ours.try_clone().unwrap();
    let left = Arc::default();
    let old = Async::with_reactor(&reactor, Clinging(UnixStream::from_std(ours), left)).unwrap();
    drop(old);
    settle(&reactor);

    let (new, _peer) = pair(&reactor);
    settle(&reactor);
    let count = Count::new();
    let waker = count.waker();
    let mut cx = Context::from_waker(&waker);
    assert!(new.poll_readable(&mut cx).is_pending());
    old_peer.write_all(b"for the dead").unwrap();
    settle(&reactor);
    assert_eq!(count.get(), 0);
    assert!(new.poll_readable(&mut cx).is_pending());
}

#[test]
fn a_descriptor_that_is_used_again_starts_afresh() {
    let reactor = Reactor::new().unwrap();
    let mut last = None;
    let mut reused = 0;
    for round in 0..200_u8 {
        let (mut socket, mut peer) = pair(&reactor);
        let number = socket.as_raw_fd();
        reused += usize::from(last.replace(number) == Some(number));

        settle(&reactor);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(
            socket.poll_readable(&mut cx).is_pending(),
            "readable before anything was sent"
        );
        peer.write_all(&[round]).unwrap();
        let mut byte = [0];
        block_on(&reactor, socket.read_exact(&mut byte)).unwrap();
        assert_eq!(byte, [round]);
        peer.write_all(b"an event that will find nobody").unwrap();
    }
    assert!(reused > 0, "the test did not get to its point");
    assert_eq!(reactor.sources(), 0);
}

#[test]
fn a_source_leaves_the_poll_once() {
    let reactor = Reactor::new().unwrap();
    let left = Arc::new(AtomicUsize::new(0));
    let clinging = || {
        let (ours, _) = UnixStream::pair().unwrap();
        Async::with_reactor(&reactor, Clinging(ours, left.clone())).unwrap()
    };
    drop(clinging());
    assert_eq!(left.load(Ordering::Relaxed), 1);
    drop(clinging().into_inner());
    assert_eq!(left.load(Ordering::Relaxed), 2);
}

#[test]
fn a_source_may_move_to_another_reactor() {
    let (first, second) = (Reactor::new().unwrap(), Reactor::new().unwrap());
    let (socket, mut peer) = pair(&first);
    peer.write_all(b"tulip").unwrap();
    settle(&first);
    let mut socket = Async::with_reactor(&second, socket.into_inner()).unwrap();
    let mut word = [0; 5];
    block_on(&second, socket.read_exact(&mut word)).unwrap();
    block_on(&second, socket.write_all(&word)).unwrap();
    assert_eq!((first.sources(), second.sources()), (0, 1));
}
