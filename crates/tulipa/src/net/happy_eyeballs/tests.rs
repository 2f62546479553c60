//! The order against its properties; the schedule under a virtual clock, with attempts that are scripts.

use super::{interleave, race};
use futures::task::noop_waker;
use proptest::collection::vec;
use proptest::prelude::*;
use std::cell::RefCell;
use std::future::pending;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tulipa_timers::{Clock, Timers};

fn v4(host: u8) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, host), 80).into()
}

fn v6(host: u16) -> SocketAddr {
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host), 80).into()
}

#[test]
fn families_take_turns_from_the_first_address_on() {
    let ordered = interleave(vec![v6(1), v6(2), v6(3), v4(1), v4(2)]);
    assert_eq!(ordered, [v6(1), v4(1), v6(2), v4(2), v6(3)]);
    let ordered = interleave(vec![v4(1), v4(2), v6(1)]);
    assert_eq!(ordered, [v4(1), v6(1), v4(2)]);
    assert_eq!(interleave(vec![]), []);
}

fn any_address() -> impl Strategy<Value = SocketAddr> {
    prop_oneof![(0..6_u8).prop_map(v4), (0..6_u16).prop_map(v6),]
}

fn family(addresses: &[SocketAddr], v6: bool) -> Vec<SocketAddr> {
    let of_family = |address: &&SocketAddr| matches!(address.ip(), IpAddr::V6(_)) == v6;
    addresses.iter().filter(of_family).copied().collect()
}

fn without_repeats(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut kept = Vec::new();
    for address in addresses {
        if !kept.contains(address) {
            kept.push(*address);
        }
    }
    kept
}

proptest! {
    #[test]
    fn the_order_keeps_each_family_and_alternates_while_both_last(given in vec(any_address(), 0..12)) {
        let ordered = interleave(given.clone());
        let once = without_repeats(&given);
        prop_assert_eq!(ordered.len(), once.len());
        prop_assert_eq!(ordered.first(), given.first());
        let (v4, v6) = (family(&once, false), family(&once, true));
        prop_assert_eq!(family(&ordered, false), &v4[..]);
        prop_assert_eq!(family(&ordered, true), &v6[..]);
        let both_last = 2 * v4.len().min(v6.len());
        for pair in ordered[..both_last].windows(2) {
            prop_assert_ne!(pair[0].is_ipv6(), pair[1].is_ipv6());
        }
    }
}

/// How an attempt goes, after how many milliseconds.
#[derive(Clone, Copy)]
enum Script {
    Connects(u64),
    Fails(u64, ErrorKind),
    NeverAnswers,
}

use Script::{Connects, Fails, NeverAnswers};

/// What happened, and when: milliseconds since the start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Began(u64, usize),
    GaveUp(u64, usize),
}

use Event::{Began, GaveUp};

struct Outcome {
    result: Result<usize, Vec<(SocketAddr, io::Error)>>,
    at: u64,
    events: Vec<Event>,
}

/// Says when it was dropped before its attempt ended.
struct Attempt {
    number: usize,
    timers: Timers,
    events: Rc<RefCell<Vec<Event>>>,
    ended: bool,
}

impl Attempt {
    async fn run(mut self, script: Script) -> io::Result<usize> {
        let millis = Duration::from_millis;
        let result = match script {
            Connects(after) => {
                self.timers.sleep(millis(after)).await;
                Ok(self.number)
            }
            Fails(after, kind) => {
                self.timers.sleep(millis(after)).await;
                Err(kind.into())
            }
            NeverAnswers => pending().await,
        };
        self.ended = true;
        result
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.ended {
            let event = GaveUp(now(&self.timers), self.number);
            self.events.borrow_mut().push(event);
        }
    }
}

fn now(timers: &Timers) -> u64 {
    timers.now().as_nanos() / 1_000_000
}

/// Races the scripts, one for each address, with 250 ms between them, on a clock that moves when nothing else can.
fn play(scripts: &[Script]) -> Outcome {
    let timers = Timers::new(Clock::virtual_(), 1);
    let events = Rc::new(RefCell::new(Vec::new()));
    let addresses: Vec<_> = (1..).take(scripts.len()).map(v4).collect();
    let mut number = 0;
    let connect = |_| {
        let attempt = Attempt {
            number,
            timers: timers.clone(),
            events: events.clone(),
            ended: false,
        };
        number += 1;
        events
            .borrow_mut()
            .push(Began(now(&timers), attempt.number));
        let script = scripts[attempt.number];
        attempt.run(script)
    };
    let delay = || timers.sleep(Duration::from_millis(250));
    let result = until_done(&timers, race(addresses, connect, delay));
    Outcome {
        result,
        at: now(&timers),
        events: events.take(),
    }
}

fn until_done<T>(timers: &Timers, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = noop_waker();
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        assert!(timers.advance_to_next(), "nothing will ever happen");
    }
}

#[test]
fn the_first_address_alone_is_tried_if_it_answers_in_time() {
    let outcome = play(&[Connects(249), Connects(0)]);
    assert_eq!(outcome.result.unwrap(), 0);
    assert_eq!(outcome.events, [Began(0, 0)]);
}

#[test]
fn an_answer_at_the_very_end_of_the_delay_still_counts() {
    let outcome = play(&[Connects(250), Connects(0)]);
    assert_eq!(outcome.result.unwrap(), 0);
    assert_eq!(outcome.events, [Began(0, 0)]);
}

#[test]
fn silent_addresses_get_company_after_the_delay_and_are_given_up() {
    let outcome = play(&[NeverAnswers, NeverAnswers, Connects(10), Connects(0)]);
    assert_eq!(outcome.result.unwrap(), 2);
    assert_eq!(outcome.at, 510);
    let (events, mut dropped) = (&outcome.events[..3], outcome.events[3..].to_vec());
    assert_eq!(events, [Began(0, 0), Began(250, 1), Began(500, 2)]);
    dropped.sort_unstable();
    assert_eq!(dropped, [GaveUp(510, 0), GaveUp(510, 1)]);
}

#[test]
fn a_failure_starts_the_next_attempt_at_once() {
    let outcome = play(&[
        Fails(10, ErrorKind::ConnectionRefused),
        Fails(5, ErrorKind::NetworkUnreachable),
        Connects(20),
    ]);
    assert_eq!(outcome.result.unwrap(), 2);
    assert_eq!(outcome.at, 35);
    assert_eq!(outcome.events, [Began(0, 0), Began(10, 1), Began(15, 2)]);
}

#[test]
fn the_delay_counts_from_the_last_attempt_that_began() {
    let outcome = play(&[
        Fails(100, ErrorKind::ConnectionRefused),
        NeverAnswers,
        Connects(0),
    ]);
    assert_eq!(
        outcome.events,
        [Began(0, 0), Began(100, 1), Began(350, 2), GaveUp(350, 1)]
    );
}

#[test]
fn a_late_answer_of_an_earlier_address_wins_over_those_begun_after_it() {
    let outcome = play(&[Connects(300), NeverAnswers]);
    assert_eq!(outcome.result.unwrap(), 0);
    assert_eq!(outcome.events, [Began(0, 0), Began(250, 1), GaveUp(300, 1)]);
}

#[test]
fn a_failure_with_nothing_left_to_try_waits_for_the_others() {
    let outcome = play(&[Connects(400), Fails(50, ErrorKind::ConnectionRefused)]);
    assert_eq!(outcome.result.unwrap(), 0);
    assert_eq!(outcome.at, 400);
}

#[test]
fn when_all_fail_every_failure_is_told() {
    let outcome = play(&[
        Fails(300, ErrorKind::TimedOut),
        Fails(10, ErrorKind::ConnectionRefused),
    ]);
    let failures = outcome.result.unwrap_err();
    let told: Vec<_> = failures
        .iter()
        .map(|(address, error)| (*address, error.kind()))
        .collect();
    assert_eq!(
        told,
        [
            (v4(2), ErrorKind::ConnectionRefused),
            (v4(1), ErrorKind::TimedOut)
        ]
    );
    assert_eq!(outcome.at, 300);
}

#[test]
fn no_address_fails_at_once() {
    let outcome = play(&[]);
    assert!(outcome.result.unwrap_err().is_empty());
    assert_eq!(outcome.at, 0);
}
