//! The end of a source or of a reactor, while somebody waits. Nobody waits for ever.

use crate::support::{Count, block_on, pair, poll_once, settle};
use futures::io::AsyncReadExt;
use std::io::{self, Write};
use std::task::Context;
use std::thread;
use tulipa_reactor::{Async, Reactor, ReactorGone};

fn is_gone(error: io::Error) -> bool {
    error.downcast::<ReactorGone>().is_ok()
}

#[test]
fn a_source_that_leaves_wakes_who_waits_for_it() {
    let reactor = Reactor::new().unwrap();
    let (socket, _peer) = pair(&reactor);
    settle(&reactor);
    let count = Count::new();
    let waker = count.waker();
    assert!(
        socket
            .poll_readable(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(socket);
    assert_eq!(count.get(), 1);
}

#[test]
fn a_source_that_is_taken_out_wakes_who_waits_for_it() {
    let reactor = Reactor::new().unwrap();
    let (socket, _peer) = pair(&reactor);
    let count = Count::new();
    let waker = count.waker();
    assert!(
        socket
            .poll_readable(&mut Context::from_waker(&waker))
            .is_pending()
    );
    let _socket = socket.into_inner();
    assert_eq!(count.get(), 1);
}

#[test]
fn closing_the_reactor_fails_those_who_wait() {
    let reactor = Reactor::new().unwrap();
    let (socket, _peer) = pair(&reactor);
    let count = Count::new();
    let waker = count.waker();
    let mut cx = Context::from_waker(&waker);
    assert!(socket.poll_readable(&mut cx).is_pending());
    let mut waits = socket.readable();
    assert!(poll_once(&mut waits).is_pending());
    reactor.close();
    assert_eq!(count.get(), 1);
    assert!(is_gone(block_on(&reactor, waits).unwrap_err()));
    assert!(is_gone(
        block_on(&reactor, socket.read_with(|_| io::Result::<()>::Ok(()))).unwrap_err()
    ));
}

#[test]
fn closing_from_another_thread_ends_a_blocked_wait() {
    let reactor = Reactor::new().unwrap();
    let (mut socket, _peer) = pair(&reactor);
    let waits = thread::spawn(move || futures::executor::block_on(socket.read(&mut [0; 8])));
    reactor.close();
    assert!(is_gone(waits.join().unwrap().unwrap_err()));
}

#[test]
fn the_last_handle_closes_the_reactor() {
    let reactor = Reactor::new().unwrap();
    let (socket, _peer) = pair(&reactor);
    let clone = reactor.clone();
    drop(reactor);
    let mut waits = socket.readable();
    assert!(poll_once(&mut waits).is_pending());
    drop(clone);
    assert!(is_gone(futures::executor::block_on(waits).unwrap_err()));
}

#[test]
fn what_had_arrived_can_be_read_after_the_reactor_closed() {
    let reactor = Reactor::new().unwrap();
    let (mut socket, mut peer) = pair(&reactor);
    peer.write_all(b"tulip").unwrap();
    settle(&reactor);
    reactor.close();
    let mut word = [0; 5];
    block_on(&reactor, socket.read_exact(&mut word)).unwrap();
    assert_eq!(&word, b"tulip");
    assert!(is_gone(
        block_on(&reactor, socket.read(&mut word)).unwrap_err()
    ));
}

#[test]
fn a_closed_reactor_takes_no_sources() {
    let reactor = Reactor::new().unwrap();
    let (socket, _peer) = pair(&reactor);
    reactor.close();
    assert!(is_gone(
        Async::with_reactor(&reactor, socket.into_inner()).unwrap_err()
    ));
    assert_eq!(reactor.sources(), 0);
}
