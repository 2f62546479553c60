//! Ending a turn from outside.

use crate::support::{Count, block_on, pair, settle};
use std::io::Write;
use std::sync::mpsc;
use std::task::Context;
use std::thread;
use std::time::Duration;
use tulipa_reactor::Reactor;

#[test]
fn an_interrupt_before_a_turn_ends_it() {
    let reactor = Reactor::new().unwrap();
    reactor.interrupt();
    assert_eq!(reactor.turn(None).unwrap(), 0);
}

#[test]
fn an_interrupt_ends_a_turn_of_another_thread() {
    let reactor = Reactor::new().unwrap();
    let (begin, begun) = mpsc::channel();
    let turner = thread::spawn({
        let reactor = reactor.clone();
        move || {
            for _ in 0..1000 {
                begin.send(()).unwrap();
                reactor.turn(None).unwrap();
            }
        }
    });
    for () in begun {
        reactor.interrupt(); // before the turn, between its steps, or while it waits: whatever the schedulers like
    }
    turner.join().unwrap();
}

#[test]
fn a_turn_that_only_looks_uses_up_no_interrupt() {
    let reactor = Reactor::new().unwrap();
    reactor.interrupt();
    reactor.turn(Some(Duration::ZERO)).unwrap();
    reactor.turn(None).unwrap();
}

#[test]
fn a_turn_that_was_interrupted_still_tells_of_events() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    settle(&reactor);
    let count = Count::new();
    let waker = count.waker();
    assert!(
        socket
            .poll_readable(&mut Context::from_waker(&waker))
            .is_pending()
    );
    peer.write_all(b"!").unwrap();
    reactor.interrupt();
    assert_eq!(reactor.turn(None).unwrap(), 1);
    assert_eq!(count.get(), 1);
}

#[test]
fn a_turn_ends_when_its_time_is_up() {
    let reactor = Reactor::new().unwrap();
    for timeout in [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_micros(300),
        Duration::from_millis(2),
    ] {
        assert_eq!(reactor.turn(Some(timeout)).unwrap(), 0);
    }
}

#[test]
fn the_longest_timeout_is_no_error() {
    let reactor = Reactor::new().unwrap();
    reactor.interrupt();
    reactor.turn(Some(Duration::MAX)).unwrap();
}

#[test]
fn an_alarm_that_was_not_waited_out_does_no_harm() {
    let reactor = Reactor::new().unwrap();
    for _ in 0..3 {
        reactor.interrupt();
        reactor.turn(Some(Duration::from_millis(1))).unwrap();
        let (socket, mut peer) = pair(&reactor);
        peer.write_all(b"!").unwrap();
        block_on(&reactor, socket.readable()).unwrap();
    }
}
