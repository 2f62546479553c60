//! Wakers that do what wakers may do: anything.

use crate::support::{Count, pair, settle, turn_until};
use futures::task::{ArcWake, waker};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;
use tulipa_reactor::Reactor;

/// Runs a closure when woken.
struct Runs<F>(F);

impl<F: Fn() + Send + Sync + 'static> Runs<F> {
    fn waker(run: F) -> Waker {
        waker(Arc::new(Self(run)))
    }
}

impl<F: Fn() + Send + Sync + 'static> ArcWake for Runs<F> {
    fn wake_by_ref(arc_self: &Arc<Self>) {
        (arc_self.0)();
    }
}

#[test]
fn a_waker_may_use_the_reactor_that_calls_it() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    settle(&reactor);
    let kept = Arc::new(Mutex::new(vec![pair(&reactor)]));
    let waker = Runs::waker({
        let (reactor, kept) = (reactor.clone(), kept.clone());
        move || {
            reactor.interrupt();
            reactor.turn(Some(Duration::ZERO)).unwrap();
            reactor.turn(None).unwrap(); // ended by the interrupt
            let mut kept = kept.lock().unwrap();
            kept.clear();
            kept.extend([pair(&reactor), pair(&reactor)]);
        }
    });
    assert!(
        socket
            .poll_readable(&mut Context::from_waker(&waker))
            .is_pending()
    );
    peer.write_all(b"!").unwrap();
    turn_until(&reactor, || reactor.sources() == 3);
    drop(kept);
}

#[test]
fn a_waker_may_drop_the_source_it_waited_for() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    let kept = Arc::new(Mutex::new(Some(socket)));
    let waker = Runs::waker({
        let kept = kept.clone();
        move || drop(kept.lock().unwrap().take())
    });
    let pending = kept
        .lock()
        .unwrap()
        .as_ref()
        .unwrap()
        .poll_readable(&mut Context::from_waker(&waker));
    assert!(pending.is_pending());
    peer.write_all(b"!").unwrap();
    turn_until(&reactor, || reactor.sources() == 0);
}

/// A waker whose clones drop a source when they are dropped, as that of a task does which nobody holds any more.
#[test]
fn a_waker_may_drop_a_source_when_it_is_dropped() {
    struct Holds(#[expect(dead_code, reason = "held to be dropped")] Box<dyn Send + Sync>);
    impl ArcWake for Holds {
        fn wake_by_ref(_: &Arc<Self>) {}
    }
    let reactor = Reactor::new().unwrap();
    let (socket, _peer) = pair(&reactor);
    let (other, _other_peer) = pair(&reactor);
    let waker = waker(Arc::new(Holds(Box::new(other))));
    let mut waits = Box::pin(socket.readable());
    assert!(
        waits
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(waker);
    assert_eq!(reactor.sources(), 2);
    assert!(
        waits
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    assert_eq!(reactor.sources(), 1);
}

#[test]
fn a_waker_that_panics_costs_neither_the_turn_nor_the_other_wakers() {
    let reactor = Reactor::new().unwrap();
    let (socket, mut peer) = pair(&reactor);
    settle(&reactor);
    let panics = Runs::waker(|| panic!("as it may"));
    let counts = [Count::new(), Count::new()];
    for waker in [counts[0].waker(), panics, counts[1].waker()] {
        assert!(
            socket
                .poll_readable(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    peer.write_all(b"!").unwrap();
    turn_until(&reactor, || counts[0].get() == 1);
    assert_eq!(counts[1].get(), 1);
}
