//! Streams end to end: much data, half a connection, a broken one.

use crate::support::{block_on, pair, settle, tcp_pair};
use futures::future::{join, join4};
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, SocketAddr};
use tulipa_reactor::mio::net::TcpStream;
use tulipa_reactor::{Async, Fd, Reactor};

/// Byte `index` of a stream that repeats nowhere near its buffers' sizes.
fn byte(index: usize) -> u8 {
    (index % 251) as u8
}

async fn send(mut stream: impl AsyncWrite + Unpin, size: usize) {
    let data: Vec<u8> = (0..size).map(byte).collect();
    stream.write_all(&data).await.unwrap();
    stream.flush().await.unwrap();
}

async fn receive(mut stream: impl AsyncRead + Unpin, size: usize) {
    let mut index = 0;
    let mut buffer = [0; 10_007];
    while index < size {
        let length = stream.read(&mut buffer).await.unwrap();
        assert!(length > 0, "ended after {index} bytes");
        assert!(
            buffer[..length]
                .iter()
                .enumerate()
                .all(|(offset, got)| *got == byte(index + offset))
        );
        index += length;
    }
    assert_eq!(index, size);
}

#[test]
fn much_data_passes_both_ways_at_once() {
    const SIZE: usize = 8 << 20;
    for trusts in [false, true] {
        let reactor = Reactor::new().unwrap();
        let (ours, theirs) = tcp_pair(&reactor);
        theirs.set_nonblocking(true).unwrap();
        let theirs = Async::with_reactor(&reactor, TcpStream::from_std(theirs)).unwrap();
        let (ours, theirs) = if trusts {
            (ours.trust_short_transfers(), theirs.trust_short_transfers())
        } else {
            (ours, theirs)
        };
        let all = join4(
            send(&ours, SIZE),
            receive(&ours, SIZE),
            send(&theirs, SIZE),
            receive(&theirs, SIZE),
        );
        block_on(&reactor, all);
    }
}

#[test]
fn much_data_passes_through_a_pipe() {
    const SIZE: usize = 4 << 20;
    let reactor = Reactor::new().unwrap();
    let _entered = reactor.enter();
    let (reader, writer) = io::pipe().unwrap();
    let reader = Async::from_fd(reader).unwrap().trust_short_transfers();
    let writer = Async::from_fd(writer).unwrap().trust_short_transfers();
    block_on(&reactor, join(send(&writer, SIZE), receive(&reader, SIZE)));
    drop(writer);
    assert_eq!(block_on(&reactor, (&reader).read(&mut [0; 8])).unwrap(), 0);
}

#[test]
fn a_peer_that_finished_sending_still_receives() {
    for trusts in [false, true] {
        let reactor = Reactor::new().unwrap();
        let (socket, mut peer) = tcp_pair(&reactor);
        let mut socket = if trusts {
            socket.trust_short_transfers()
        } else {
            socket
        };
        peer.write_all(b"last words").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        let mut words = Vec::new();
        block_on(&reactor, socket.read_to_end(&mut words)).unwrap();
        assert_eq!(words, b"last words");
        assert_eq!(
            block_on(&reactor, socket.read(&mut [0; 8])).unwrap(),
            0,
            "the end stays readable"
        );

        block_on(&reactor, socket.write_all(b"heard")).unwrap();
        drop(socket);
        let mut answer = Vec::new();
        peer.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, b"heard");
    }
}

#[test]
fn an_end_that_was_known_before_a_short_read_is_not_forgotten() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = tcp_pair(&reactor);
    let mut socket = socket.trust_short_transfers();
    peer.write_all(b"bye").unwrap();
    drop(peer);
    settle(&reactor); // bytes and end in one event
    let mut buffer = [0; 64];
    assert_eq!(block_on(&reactor, socket.read(&mut buffer)).unwrap(), 3);
    assert_eq!(block_on(&reactor, socket.read(&mut buffer)).unwrap(), 0);
}

#[test]
fn a_reset_reaches_the_reader_that_waits() {
    let reactor = Reactor::new().unwrap();
    let (mut socket, peer) = tcp_pair(&reactor);
    settle(&reactor);
    let mut buffer = [0; 8];
    let reset = async move {
        socket2::SockRef::from(&peer)
            .set_linger(Some(std::time::Duration::ZERO))
            .unwrap();
        drop(peer);
    };
    let (read, ()) = block_on(&reactor, join(socket.read(&mut buffer), reset));
    assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_reset_reaches_the_writer_that_waits() {
    let reactor = Reactor::new().unwrap();
    let (mut socket, peer) = tcp_pair(&reactor);
    let reset = async move {
        socket2::SockRef::from(&peer)
            .set_linger(Some(std::time::Duration::ZERO))
            .unwrap();
        drop(peer);
    };
    let endless = async {
        loop {
            if let Err(error) = socket.write_all(&[0; 1 << 16]).await {
                break error;
            }
        }
    };
    let (error, ()) = block_on(&reactor, join(endless, reset));
    assert!(
        matches!(
            error.kind(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
        ),
        "{error}"
    );
}

#[test]
fn a_refused_connection_is_told_to_who_waits_for_it() {
    let reactor = Reactor::new().unwrap();
    // Bound and not listening: refuses, and nobody else gets its port.
    let deaf = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    deaf.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let closed = deaf.local_addr().unwrap().as_socket().unwrap();
    let stream = Async::with_reactor(&reactor, TcpStream::connect(closed).unwrap()).unwrap();
    block_on(&reactor, stream.writable()).unwrap();
    let error = stream.get_ref().take_error().unwrap().unwrap();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn several_buffers_move_in_one_call() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    let bufs = [
        IoSlice::new(b"tu"),
        IoSlice::new(b"li"),
        IoSlice::new(b"pa"),
    ];
    assert_eq!(
        block_on(&reactor, (&socket).write_vectored(&bufs)).unwrap(),
        6
    );
    let mut word = [0; 6];
    peer.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"tulipa");

    peer.write_all(&word).unwrap();
    let (mut head, mut tail) = ([0; 4], [0; 4]);
    let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
    assert_eq!(
        block_on(&reactor, (&socket).read_vectored(&mut bufs)).unwrap(),
        6
    );
    assert_eq!((&head, &tail), (b"tuli", b"pa\0\0"));
}

#[test]
fn flush_and_close_do_not_wait_for_room() {
    let reactor = Reactor::new().unwrap();
    let (mut socket, _peer) = pair(&reactor);
    while socket
        .try_write_with(|mut socket| socket.write(&[0; 4096]))
        .is_ok()
    {}
    block_on(&reactor, socket.flush()).unwrap();
    block_on(&reactor, socket.close()).unwrap();
    block_on(&reactor, (&socket).close()).unwrap();
}

#[test]
fn a_file_object_of_std_or_socket2_is_a_stream_too() {
    let reactor = Reactor::new().unwrap();
    let _entered = reactor.enter();
    let (a, b) = socket2::Socket::pair(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    let (mut a, b): (Async<Fd<socket2::Socket>>, _) =
        (Async::from_fd(a).unwrap(), Async::from_fd(b).unwrap());
    block_on(
        &reactor,
        join(a.write_all(b"tulip"), receive_exactly(&b, b"tulip")),
    )
    .0
    .unwrap();
}

async fn receive_exactly(mut stream: impl AsyncRead + Unpin, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(got, expected);
}
