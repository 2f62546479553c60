//! A reactor with a thread of its own, under an executor that knows nothing of it.

use crate::support::{pair, tcp_pair};
use futures::executor::block_on;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use futures::task::{ArcWake, waker};
use std::io::{Read, Write};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Context;
use std::thread;
use tulipa_reactor::{Background, Reactor};

#[test]
fn any_block_on_will_do() {
    let reactor = Reactor::new().unwrap();
    let _background = reactor.background().unwrap();
    let tasks = [(); 4].map(|()| {
        let (mut socket, mut peer) = tcp_pair(&reactor);
        let echo = thread::spawn(move || {
            let mut buffer = [0; 64];
            loop {
                match peer.read(&mut buffer).unwrap() {
                    0 => break,
                    length => peer.write_all(&buffer[..length]).unwrap(),
                }
            }
        });
        let ask = thread::spawn(move || {
            for round in 0..200_u8 {
                let mut answer = [0; 3];
                block_on(socket.write_all(&[round; 3])).unwrap();
                block_on(socket.read_exact(&mut answer)).unwrap();
                assert_eq!(answer, [round; 3]);
            }
        });
        [ask, echo]
    });
    for thread in tasks.into_iter().flatten() {
        thread.join().unwrap();
    }
}

#[test]
fn a_background_thread_ends_with_its_guard() {
    let reactor = Reactor::new().unwrap();
    for _ in 0..50 {
        drop(reactor.background().unwrap());
    }
    let (socket, mut peer) = pair(&reactor);
    peer.write_all(b"!").unwrap();
    crate::support::block_on(&reactor, socket.readable()).unwrap();
}

#[test]
fn two_threads_may_drive_one_reactor_and_end_in_any_order() {
    let reactor = Reactor::new().unwrap();
    for newest_first in [true, false].into_iter().cycle().take(100) {
        let mut both = [reactor.background().unwrap(), reactor.background().unwrap()];
        if newest_first {
            both.reverse();
        }
        let [first, second] = both;
        drop(first);
        let (socket, mut peer) = pair(&reactor);
        peer.write_all(b"!").unwrap();
        block_on(socket.readable()).unwrap();
        drop(second);
    }
}

/// Drops the guard of the thread it is called on.
struct DropsGuard {
    guard: Mutex<Option<Background>>,
    done: Sender<()>,
}

impl ArcWake for DropsGuard {
    fn wake_by_ref(arc_self: &Arc<Self>) {
        drop(arc_self.guard.lock().unwrap().take());
        arc_self.done.send(()).unwrap();
    }
}

#[test]
fn a_guard_that_is_dropped_on_its_own_thread_does_not_wait_for_itself() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    let (done, is_done) = channel();
    let drops = Arc::new(DropsGuard {
        guard: Mutex::new(None),
        done,
    });
    assert!(
        socket
            .poll_readable(&mut Context::from_waker(&waker(drops.clone())))
            .is_pending()
    );
    *drops.guard.lock().unwrap() = Some(reactor.background().unwrap());
    peer.write_all(b"!").unwrap();
    is_done.recv().unwrap();
}
