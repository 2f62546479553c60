//! S: sleeping.

use crate::support::{Log, secs, settle};
use std::time::Duration;
use tulipa::{cancel, sleep, spawn, time};

/// S-01
#[tulipa::test]
async fn a_sleep_ends_not_before_its_time_and_gives_its_value() {
    let began = time::now();
    let value = Box::new("tea");
    let place: *const &str = &raw const *value;
    let value = sleep(secs(5)).with(value).await;
    assert_eq!(time::now() - began, secs(5));
    assert!(std::ptr::eq(&raw const *value, place));
    assert_eq!(sleep(secs(1)).await, ());
}

/// S-02
#[tulipa::test(flavour = "current_thread")]
async fn a_sleep_of_nothing_lets_what_was_queued_go_first() {
    let (log, began) = (Log::new(), time::now());
    let say = |what| {
        let log = log.clone();
        spawn(async move { log.say(what) })
    };
    say("queued").detach();
    assert_eq!(sleep(Duration::ZERO).with("value").await, "value");
    log.say("slept");
    say("later").detach();
    settle().await;
    assert_eq!(log.take(), ["queued", "slept", "later"]);
    assert_eq!(time::now() - began, secs(1), "those of `settle`");
}

/// S-05
#[tulipa::test]
async fn a_cancelled_sleep_ends_at_once_and_its_timer_is_gone() {
    let began = time::now();
    let sleeper = spawn(async { cancel::catch(sleep(secs(60))).await.is_err() });
    settle().await;
    sleeper.cancel();
    assert_eq!(sleeper.await, Ok(true));
    assert_eq!(time::now() - began, secs(1));
}

/// S-07
#[tulipa::test]
async fn a_sleep_without_end_can_be_cancelled() {
    let sleeper = spawn(sleep(Duration::MAX));
    sleep(secs(1_000_000_000)).await;
    assert!(!sleeper.is_done());
    sleeper.cancel();
    assert!(sleeper.await.unwrap_err().is_cancelled());
}
