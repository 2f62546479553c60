//! The watchdog costs those nothing who behave.

use crate::count::alone;
use crate::net::{ROUND_TRIPS, connect_to_echo, talk};
use std::time::Instant;
use tulipa::{Builder, Handle, spawn};

#[path = "../support/switches.rs"]
mod switches;
use switches::switches;

/// The watchdog's.
const THREAD: &str = "tulipa-watchdog";

/// What round trips between two tasks took, on two workers.
#[derive(Debug)]
struct Cost {
    wakes: u64,
    sleeps: u64,
    /// How often the watchdog's thread went to sleep.
    looks: u64,
    /// How often it may have: it looks a hundred times a second.
    ticks: u64,
}

fn cost_of_round_trips(watchdog: bool) -> Cost {
    let builder = Builder::new()
        .workers(2)
        .watchdog(watchdog)
        .thread_name("echo");
    let echo = async {
        let mut client = connect_to_echo().await;
        talk(&mut client).await; // whatever happens once
        let looks = || switches(THREAD);
        let stats = || Handle::current().unwrap().stats();
        let began = Instant::now();
        let (looks_before, before) = (looks(), stats());
        talk(&mut client).await;
        let (after, looks) = (stats(), looks() - looks_before);
        let ticks = began.elapsed().as_millis() as u64 / 10; // last: it allows for all of the above
        Cost {
            wakes: after.wakes() - before.wakes(),
            sleeps: after.sleeps() - before.sleeps(),
            looks,
            ticks,
        }
    };
    let _alone = alone();
    builder
        .run(async move { spawn(echo).await.unwrap() })
        .unwrap()
}

/// Two wakes, of the one who waits for the socket: it is woken by that, and runs on. Where a worker is stuck, as on a machine
/// that gives it no core, the watchdog may wake another for each worker at each of its looks.
#[test]
fn a_round_trip_takes_two_wakes_with_the_watchdog_and_without() {
    for watchdog in [true, false] {
        let cost = cost_of_round_trips(watchdog);
        let extra = if watchdog { 4 * (cost.ticks + 1) } else { 4 };
        assert!(
            cost.wakes.max(cost.sleeps) <= 2 * ROUND_TRIPS as u64 + extra,
            "{watchdog}: {cost:?}"
        );
    }
}

#[test]
fn nobody_wakes_the_watchdog_in_a_round_trip() {
    let cost = cost_of_round_trips(true);
    let goes_to_sleep = || switches(THREAD) > 0;
    assert!(
        (0..10_000).any(|_| {
            std::thread::yield_now();
            goes_to_sleep()
        }),
        "no thread of that name is there to be counted"
    );
    assert!(cost.looks <= 2 * cost.ticks + 10, "{cost:?}");
}
