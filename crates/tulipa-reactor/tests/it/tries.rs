//! When the kernel is asked, and when it need not be.

use crate::support::{Counted, block_on, poll_once, settle};
use futures::io::{AsyncReadExt, AsyncWriteExt};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream as StdStream;
use std::task::{Context, Poll, Waker};
use tulipa_reactor::mio::net::{UdpSocket, UnixStream};
use tulipa_reactor::{Async, Reactor};

fn counted(reactor: &Reactor) -> (Async<Counted<UnixStream>>, StdStream) {
    let (ours, peer) = StdStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (
        Async::with_reactor(reactor, Counted::new(UnixStream::from_std(ours))).unwrap(),
        peer,
    )
}

#[test]
fn nothing_is_read_before_there_is_something() {
    let reactor = Reactor::new().unwrap();
    let (mut socket, mut peer) = counted(&reactor);
    assert!(poll_once(&mut socket.read(&mut [0; 8])).is_pending());
    settle(&reactor);
    assert!(poll_once(&mut socket.read(&mut [0; 8])).is_pending());
    assert_eq!(socket.get_ref().reads, 0);
    peer.write_all(b"tulip").unwrap();
    settle(&reactor);
    assert_eq!(block_on(&reactor, socket.read(&mut [0; 8])).unwrap(), 5);
    assert_eq!(socket.get_ref().reads, 1);
}

#[test]
fn the_first_write_does_not_wait_for_an_event() {
    let reactor = Reactor::new().unwrap();
    let (mut socket, _peer) = counted(&reactor);
    assert!(poll_once(&mut socket.write(b"tulip")).is_ready());
    assert!(poll_once(&mut socket.write(b"tulip")).is_ready());
    assert!(
        poll_once(&mut socket.writable()).is_pending(),
        "that it worked is no word of the kernel"
    );
}

#[test]
fn a_short_read_that_is_trusted_saves_the_one_that_would_fail() {
    for (trusts, reads) in [(false, 2), (true, 1)] {
        let reactor = Reactor::new().unwrap();
        let (socket, mut peer) = counted(&reactor);
        let mut socket = if trusts {
            socket.trust_short_transfers()
        } else {
            socket
        };
        peer.write_all(b"tulip").unwrap();
        settle(&reactor);
        assert_eq!(block_on(&reactor, socket.read(&mut [0; 8])).unwrap(), 5);
        assert!(poll_once(&mut socket.read(&mut [0; 8])).is_pending());
        assert_eq!(socket.get_ref().reads, reads);
    }
}

#[test]
fn a_full_buffer_is_no_sign_of_an_empty_socket() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = counted(&reactor);
    let mut socket = socket.trust_short_transfers();
    peer.write_all(b"tulipa").unwrap();
    settle(&reactor);
    for _ in 0..2 {
        let Poll::Ready(Ok(3)) = poll_once(&mut socket.read(&mut [0; 3])) else {
            panic!("there was more")
        };
    }
}

#[test]
fn a_short_write_that_is_trusted_saves_the_one_that_would_fail() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = counted(&reactor);
    let mut socket = socket.trust_short_transfers();
    let much = vec![0; 16 << 20];
    let Poll::Ready(Ok(written)) = poll_once(&mut socket.write(&much)) else {
        panic!("the socket was empty")
    };
    assert!(written < much.len());
    assert!(poll_once(&mut socket.write(&much)).is_pending());
    assert_eq!(socket.get_ref().writes, 1);
    peer.read_exact(&mut vec![0; written]).unwrap();
    block_on(&reactor, socket.write(&much)).unwrap();
    assert_eq!(socket.get_ref().writes, 2);
}

#[test]
fn an_interrupted_operation_is_tried_again() {
    let reactor = Reactor::new().unwrap();
    let (socket, _peer) = counted(&reactor);
    let mut errors = [
        ErrorKind::Interrupted,
        ErrorKind::Interrupted,
        ErrorKind::ConnectionAborted,
    ]
    .into_iter();
    let outcome =
        socket.try_write_with(|_| std::io::Result::<()>::Err(errors.next().unwrap().into()));
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ConnectionAborted);
}

/// The error of a datagram socket looks like a hang-up on Linux (error and writable at once). Taken for one, it
/// would keep the socket ready for ever, and who waits for the next datagram would spin.
#[cfg(target_os = "linux")]
#[test]
fn an_error_that_was_reported_is_over() {
    let reactor = Reactor::new().unwrap();
    let closed = std::net::UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.connect(closed).unwrap();
    let socket = Async::with_reactor(&reactor, socket).unwrap();
    block_on(
        &reactor,
        socket.write_with(|socket| socket.send(b"anybody?")),
    )
    .unwrap();

    let receive = |socket: &UdpSocket| socket.recv(&mut [0; 16]);
    let error = block_on(&reactor, socket.read_with(receive)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    settle(&reactor);
    let mut cx = Context::from_waker(Waker::noop());
    let mut tried = 0;
    let mut blocks = |_: &UdpSocket| {
        tried += 1;
        std::io::Result::<()>::Err(ErrorKind::WouldBlock.into())
    };
    for _ in 0..2 {
        assert!(socket.poll_read_with(&mut cx, &mut blocks).is_pending());
        assert!(socket.poll_write_with(&mut cx, &mut blocks).is_pending());
    }
    assert!(tried <= 2, "tried again without an event");
}
