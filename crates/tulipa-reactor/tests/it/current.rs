//! The current reactor of a thread.

use crate::support::pair;
use tulipa_reactor::{Async, Background, NoReactor, Reactor, Ready, mio};

#[test]
fn without_a_reactor_the_error_names_the_remedies() {
    let reactor = Reactor::new().unwrap();
    let (socket, _peer) = pair(&reactor);
    let error = Async::new(socket.into_inner()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("Reactor::enter") && text.contains("Async::with_reactor"),
        "{text}"
    );
    assert_eq!(error.downcast::<NoReactor>().unwrap(), NoReactor);
}

#[test]
fn entered_reactors_nest_and_may_leave_in_any_order() {
    let [outer, inner] = [(); 2].map(|()| Reactor::new().unwrap());
    let (socket, _peer) = pair(&outer);
    let socket = socket.into_inner();

    let outer_guard = outer.enter();
    let inner_guard = inner.enter();
    let socket = Async::new(socket).unwrap();
    assert_eq!((outer.sources(), inner.sources()), (0, 1));
    drop(outer_guard);
    let socket = Async::new(socket.into_inner()).unwrap();
    assert_eq!((outer.sources(), inner.sources()), (0, 1));
    drop(inner_guard);
    drop(socket);
    assert!(Reactor::current().is_none());
}

#[test]
fn the_current_reactor_is_that_of_this_thread_only() {
    let reactor = Reactor::new().unwrap();
    let _entered = reactor.enter();
    assert!(Reactor::current().is_some());
    let elsewhere = std::thread::spawn(|| Reactor::current().is_some());
    assert!(!elsewhere.join().unwrap());
}

#[test]
fn reactors_and_sources_may_go_to_any_thread() {
    fn may_go_and_be_shared<T: Send + Sync>() {}
    may_go_and_be_shared::<Reactor>();
    may_go_and_be_shared::<Background>();
    may_go_and_be_shared::<Async<mio::net::TcpStream>>();
    may_go_and_be_shared::<Ready<'static>>();
}
