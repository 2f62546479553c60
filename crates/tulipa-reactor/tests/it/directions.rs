//! Two directions, and many who wait in each.

use crate::support::{Count, block_on, pair, settle, turn_until};
use futures::future::{join, join_all};
use futures::io::{AsyncReadExt, AsyncWriteExt};
use std::io::{Read, Write};
use std::sync::Arc;
use std::task::{Context, Poll};
use tulipa_reactor::mio::net::UnixStream;
use tulipa_reactor::{Async, Reactor};

/// Writes until there is no more room. Returns how much went out.
fn fill(socket: &Async<UnixStream>, cx: &mut Context<'_>) -> usize {
    let mut filled = 0;
    while let Poll::Ready(written) =
        socket.poll_write_with(cx, |mut socket| socket.write(&[7; 4096]))
    {
        filled += written.unwrap();
    }
    filled
}

#[test]
fn each_direction_wakes_its_own_waiter() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    settle(&reactor);
    let (reader, writer) = (Count::new(), Count::new());
    let (reader_waker, writer_waker) = (reader.waker(), writer.waker());
    let filled = fill(&socket, &mut Context::from_waker(&writer_waker));
    assert!(
        socket
            .poll_readable(&mut Context::from_waker(&reader_waker))
            .is_pending()
    );

    peer.read_exact(&mut vec![0; filled]).unwrap();
    turn_until(&reactor, || writer.get() == 1);
    assert_eq!(reader.get(), 0, "there is nothing to read");

    peer.write_all(b"tulip").unwrap();
    turn_until(&reactor, || reader.get() == 1);
    assert_eq!(
        writer.get(),
        1,
        "who was woken and has not asked again is not woken again"
    );
}

#[test]
fn two_tasks_share_a_socket_in_opposite_directions() {
    const SIZE: usize = 1 << 20;
    let reactor = Reactor::new().unwrap();
    let (socket, peer) = pair(&reactor);
    peer.set_nonblocking(true).unwrap();
    let peer = Async::with_reactor(&reactor, UnixStream::from_std(peer)).unwrap();
    let send =
        async |mut socket: &Async<UnixStream>| socket.write_all(&vec![1; SIZE]).await.unwrap();
    let receive =
        async |mut socket: &Async<UnixStream>| socket.read_exact(&mut vec![0; SIZE]).await.unwrap();
    let ours = join(send(&socket), receive(&socket));
    let theirs = join(receive(&peer), send(&peer));
    block_on(&reactor, join(ours, theirs));
}

#[test]
fn everybody_who_waits_for_a_direction_is_woken_once() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    settle(&reactor);
    let counts: Vec<Arc<Count>> = (0..100).map(|_| Count::new()).collect();
    let mut futures = Vec::new();
    for (number, count) in counts.iter().enumerate() {
        let waker = count.waker();
        let mut cx = Context::from_waker(&waker);
        if number % 4 == 0 {
            assert!(socket.poll_readable(&mut cx).is_pending());
        } else {
            futures.push(Box::pin(socket.readable()));
            assert!(
                futures
                    .last_mut()
                    .unwrap()
                    .as_mut()
                    .poll(&mut cx)
                    .is_pending()
            );
        }
    }
    peer.write_all(b"!").unwrap();
    turn_until(&reactor, || counts[0].get() > 0);
    assert!(counts.iter().all(|count| count.get() == 1));
}

#[test]
fn many_tasks_read_one_socket_and_each_byte_goes_to_one() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    let readers = (0..20).map(|_| async {
        let mut byte = [0];
        (&socket).read_exact(&mut byte).await.unwrap();
        usize::from(byte[0])
    });
    let with_futures = (0..20).map(|_| async {
        let mut byte = [0];
        socket
            .read_with(|mut socket| socket.read(&mut byte))
            .await
            .unwrap();
        usize::from(byte[0])
    });
    let write = async {
        for byte in 0..40 {
            peer.write_all(&[byte]).unwrap();
        }
    };
    let ((anonymous, ticketed), ()) = block_on(
        &reactor,
        join(join(join_all(readers), join_all(with_futures)), write),
    );
    let sum: usize = anonymous.into_iter().chain(ticketed).sum();
    assert_eq!(sum, (0..40).sum());
}

#[test]
fn many_tasks_accept_from_one_listener() {
    let reactor = Reactor::new().unwrap();
    let listener =
        tulipa_reactor::mio::net::TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let listener = Async::with_reactor(&reactor, listener).unwrap();
    let accepts = join_all((0..8).map(|_| listener.read_with(|listener| listener.accept())));
    let connect = async {
        (0..8)
            .map(|_| std::net::TcpStream::connect(address).unwrap())
            .collect::<Vec<_>>()
    };
    let (accepted, _clients) = block_on(&reactor, join(accepts, connect));
    assert!(accepted.iter().all(Result::is_ok));
}

/// What a task is said to wait for: the direction, and the descriptor where it is known.
#[test]
#[cfg(unix)]
fn a_task_that_waits_for_a_source_says_in_which_direction() {
    use std::os::fd::AsRawFd;
    use tulipa_task::{Builder, Leaf};

    let (scheduler, run) = tulipa_task::doctest::executor();
    let reactor = Reactor::new().unwrap();
    let (anonymous, _peer) = pair(&reactor);
    let (named, _other) = pair(&reactor);
    let named = named.with_descriptor();
    let descriptor = Some(named.as_raw_fd());
    let named = Arc::new(named);
    let writing = Builder::new().on(&scheduler).spawn({
        let named = named.clone();
        async move { named.writable().await.unwrap() }
    });
    let reading = Builder::new().on(&scheduler).spawn(async move {
        let mut byte = [0];
        (&*named).read_exact(&mut byte).await.unwrap();
    });
    let anonymous = Builder::new()
        .on(&scheduler)
        .spawn(async move { anonymous.readable().await.unwrap() });
    run();
    let leaf = |task: &tulipa_task::Task<()>| task.waits_for().unwrap().leaf();
    assert_eq!(leaf(&reading), Leaf::Readable(descriptor));
    assert_eq!(leaf(&writing), Leaf::Writable(descriptor));
    assert_eq!(leaf(&anonymous), Leaf::Readable(None));
    for task in [reading, writing, anonymous] {
        task.abort();
    }
    run();
}
