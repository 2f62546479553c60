//! Futures that are dropped while they wait.

use crate::support::{Count, block_on, pair, poll_once, settle};
use futures::io::AsyncReadExt;
use std::io::{Read, Write};
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use tulipa_reactor::Reactor;

#[test]
fn a_read_that_is_dropped_while_it_waits_has_taken_nothing() {
    let reactor = Reactor::new().unwrap();
    let (mut socket, mut peer) = pair(&reactor);
    let mut buffer = [0; 16];
    assert!(poll_once(&mut socket.read(&mut buffer)).is_pending());
    peer.write_all(b"tulip").unwrap();
    assert!(
        poll_once(&mut socket.read(&mut buffer)).is_pending(),
        "no turn has told of it yet"
    );
    settle(&reactor);
    assert_eq!(block_on(&reactor, socket.read(&mut buffer)).unwrap(), 5);
    assert_eq!(&buffer[..5], b"tulip");
}

#[test]
fn a_read_that_is_dropped_after_its_event_leaves_it_to_the_next() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    {
        let mut dropped = pin!(socket.read_with(|mut socket| socket.read(&mut [0; 16])));
        assert!(poll_once(&mut dropped).is_pending());
        peer.write_all(b"tulip").unwrap();
        settle(&reactor);
    }
    assert_eq!(
        block_on(
            &reactor,
            socket.read_with(|mut socket| socket.read(&mut [0; 16]))
        )
        .unwrap(),
        5
    );
}

#[test]
fn a_future_that_is_dropped_takes_its_waker_along() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    let (gone, stays) = (Count::new(), Count::new());
    let (gone_waker, stays_waker) = (gone.waker(), stays.waker());
    let mut waits = pin!(socket.readable());
    {
        let mut dropped = pin!(socket.readable());
        assert!(
            dropped
                .as_mut()
                .poll(&mut Context::from_waker(&gone_waker))
                .is_pending()
        );
        assert!(
            waits
                .as_mut()
                .poll(&mut Context::from_waker(&stays_waker))
                .is_pending()
        );
    }
    drop(gone_waker);
    assert_eq!(
        Arc::strong_count(&gone),
        1,
        "the reactor keeps a task alive that nobody waits in"
    );
    peer.write_all(b"!").unwrap();
    settle(&reactor);
    assert_eq!((gone.get(), stays.get()), (0, 1));
}

#[test]
fn a_future_that_moves_to_another_task_is_woken_there() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    let (before, after) = (Count::new(), Count::new());
    let mut waits = pin!(socket.readable());
    for count in [&before, &after, &after] {
        assert!(
            waits
                .as_mut()
                .poll(&mut Context::from_waker(&count.waker()))
                .is_pending()
        );
    }
    peer.write_all(b"!").unwrap();
    settle(&reactor);
    assert_eq!((before.get(), after.get()), (0, 1));
}
