//! Registrations that fail, and a process without descriptors.

use crate::support::pair;
use std::env;
use std::fs::File;
use std::process::Command;
use tulipa_reactor::{Async, Fd, Reactor};

#[test]
fn a_source_that_cannot_be_watched_is_an_error_and_leaves_nothing() {
    let reactor = Reactor::new().unwrap();
    let _entered = reactor.enter();
    let plain = File::open(env::current_exe().unwrap()).unwrap();
    #[cfg(target_os = "linux")]
    assert!(
        Async::from_fd(plain).is_err(),
        "epoll watches no plain files"
    );
    assert_eq!(reactor.sources(), 0);
}

#[test]
fn a_source_that_is_watched_already_is_an_error_and_leaves_the_first() {
    let reactor = Reactor::new().unwrap();
    let (socket, _peer) = pair(&reactor);
    let again = Fd::new(&socket).unwrap();
    assert!(Async::with_reactor(&reactor, again).is_err());
    assert_eq!(reactor.sources(), 1);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    while socket.poll_writable(&mut cx).is_pending() {
        reactor.turn(None).unwrap();
    }
}

const LIMITED: &str = "TULIPA_REACTOR_LIMITED";

/// Runs the test below in a process that may open few descriptors.
#[test]
fn a_process_without_descriptors_gets_an_error_and_loses_none() {
    let command = "ulimit -n 24 && exec \"$0\" --exact exhaustion::limited --nocapture";
    let exe = env::current_exe().unwrap();
    let output = Command::new("sh")
        .args(["-c", command])
        .arg(exe)
        .env(LIMITED, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn limited() {
    if env::var_os(LIMITED).is_none() {
        return; // only makes sense in the process started above
    }
    let count_free = || {
        std::iter::from_fn(|| File::open("/dev/null").ok())
            .collect::<Vec<_>>()
            .len()
    };
    let free = count_free();
    for spare in 0..=free {
        let taken: Vec<File> = (spare..free)
            .map(|_| File::open("/dev/null").unwrap())
            .collect();
        let reactors: Vec<Reactor> = std::iter::from_fn(|| Reactor::new().ok()).collect();
        assert_eq!(
            reactors.is_empty(),
            spare < 4,
            "with {spare} descriptors to spare"
        );
        drop((taken, reactors));
        assert_eq!(count_free(), free, "with {spare} descriptors to spare");
    }
}
