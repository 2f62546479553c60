//! `Sleep`: when it is armed, ready, moved and disarmed.

use crate::support::{Log, armed, poll, poll_idly, secs, timers};
use std::task::Poll;
use std::time::Duration;
use tulipa_timers::{Clock, Instant, Sleep, Timers};

#[test]
fn a_sleep_is_small() {
    assert!(size_of::<Sleep>() <= 24);
}

#[test]
fn a_sleep_costs_no_timer_before_its_first_poll() {
    let timers = timers();
    let mut sleep = timers.sleep(secs(1));
    assert_eq!(timers.count(), 0);
    assert!(poll_idly(&mut sleep).is_pending());
    assert_eq!(timers.count(), 1);
}

#[test]
fn the_deadline_counts_from_the_call_not_from_the_first_poll() {
    let timers = timers();
    let mut sleep = timers.sleep(secs(5));
    timers.advance(secs(4));
    assert!(poll_idly(&mut sleep).is_pending());
    assert_eq!(timers.advance(secs(1)), 1);
    assert!(poll_idly(&mut sleep).is_ready());
}

#[test]
fn a_sleep_is_ready_when_its_timer_has_fired_and_stays_so() {
    let timers = timers();
    let mut sleep = timers.sleep(secs(1));
    assert!(poll_idly(&mut sleep).is_pending());
    timers.clock().advance(secs(1));
    assert!(sleep.is_elapsed());
    assert!(poll_idly(&mut sleep).is_pending(), "nobody has fired it");
    timers.fire();
    assert!(poll_idly(&mut sleep).is_ready());
    assert!(poll_idly(&mut sleep).is_ready());
    assert_eq!(timers.count(), 0);
}

/// S-02
#[test]
fn a_sleep_of_nothing_yields_exactly_once() {
    let (timers, log) = (timers(), Log::default());
    let mut sleep = timers.sleep(Duration::ZERO);
    assert!(poll(&mut sleep, &log.waker(7)).is_pending());
    assert_eq!(log.take(), [7], "it wakes itself");
    assert_eq!(timers.count(), 0, "and needs no timer");
    assert!(poll(&mut sleep, &log.waker(7)).is_ready());
    assert_eq!(log.take(), []);
}

#[test]
fn an_overdue_sleep_waits_for_the_next_fire() {
    let (timers, log) = (timers(), Log::default());
    timers.advance(secs(10));
    let mut sleep = timers.sleep_until(Instant::START);
    assert!(poll(&mut sleep, &log.waker(0)).is_pending());
    assert!(timers.next_deadline() <= Some(timers.now()));
    assert_eq!(timers.fire(), 1);
    assert!(poll(&mut sleep, &log.waker(0)).is_ready());
}

/// S-07
#[test]
fn an_endless_sleep_is_nothing_to_wait_for() {
    let (timers, log) = (timers(), Log::default());
    let mut sleep = timers.sleep(Duration::MAX);
    assert!(poll(&mut sleep, &log.waker(0)).is_pending());
    assert_eq!(timers.next_deadline(), None);
    assert!(!timers.advance_to_next());
    assert_eq!(timers.advance(Duration::MAX), 0);
    assert!(poll(&mut sleep, &log.waker(0)).is_pending());
}

#[test]
fn dropping_a_sleep_disarms_its_timer() {
    let (timers, log) = (timers(), Log::default());
    let sleep = armed(&timers, 1, &log, 0);
    drop(sleep);
    assert_eq!(timers.count(), 0);
    assert_eq!(timers.advance(secs(1)), 0);
    assert_eq!(log.take(), []);
}

#[test]
fn dropping_a_sleep_that_has_fired_gives_its_memory_back() {
    let (timers, log) = (timers(), Log::default());
    let sleep = armed(&timers, 1, &log, 0);
    timers.advance(secs(1));
    assert_eq!(timers.count(), 1);
    drop(sleep);
    assert_eq!(timers.count(), 0);
}

#[test]
fn cancelled_timers_take_no_memory_however_many() {
    let (timers, log) = (timers(), Log::default());
    let _long = armed(&timers, 1_000, &log, 0);
    for _ in 0..10_000 {
        drop(armed(&timers, 30, &log, 1));
        assert_eq!(timers.count(), 1);
    }
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let (timers, log) = (timers(), Log::default());
    let mut sleep = armed(&timers, 1, &log, 0);
    assert!(poll(&mut sleep, &log.waker(1)).is_pending());
    timers.advance(secs(1));
    assert_eq!(log.take(), [1]);
}

/// What a reset can meet.
#[derive(Clone, Copy, Debug)]
enum Before {
    NotPolled,
    Armed,
    Fired,
    Done,
}

/// Where a reset can go.
#[derive(Clone, Copy, Debug)]
enum To {
    Sooner,
    Later,
    Past,
}

#[test]
fn reset_moves_the_deadline_whatever_the_sleep_was_doing() {
    for before in [
        Before::NotPolled,
        Before::Armed,
        Before::Fired,
        Before::Done,
    ] {
        for to in [To::Sooner, To::Later, To::Past] {
            let (timers, log) = (timers(), Log::default());
            let mut sleep = prepare(&timers, &log, before);
            log.take();
            let deadline = match to {
                To::Sooner => timers.now() + secs(1),
                To::Later => timers.now() + secs(100),
                To::Past => timers.now() - secs(1),
            };
            sleep.reset(deadline);
            assert_eq!(sleep.deadline(), deadline);
            assert!(
                poll(&mut sleep, &log.waker(3)).is_pending(),
                "{before:?}, {to:?}"
            );
            assert!(timers.advance_to_next(), "{before:?}, {to:?}");
            assert!(timers.now() >= deadline);
            assert_eq!(log.take(), [3], "{before:?}, {to:?}");
            assert!(
                poll(&mut sleep, &log.waker(3)).is_ready(),
                "{before:?}, {to:?}"
            );
            assert_eq!(timers.count(), 0);
        }
    }
}

fn prepare(timers: &Timers, log: &Log, before: Before) -> Sleep {
    let mut sleep = timers.sleep(secs(10));
    if !matches!(before, Before::NotPolled) {
        assert!(poll(&mut sleep, &log.waker(0)).is_pending());
    }
    if matches!(before, Before::Fired | Before::Done) {
        timers.advance(secs(10));
    }
    if matches!(before, Before::Done) {
        assert!(poll(&mut sleep, &log.waker(0)).is_ready());
    }
    sleep
}

#[test]
fn an_armed_sleep_that_is_reset_wakes_its_task_without_another_poll() {
    let (timers, log) = (timers(), Log::default());
    let mut sleep = armed(&timers, 10, &log, 4);
    sleep.reset_after(secs(2));
    assert_eq!(timers.advance(secs(2)), 1);
    assert_eq!(log.take(), [4]);
}

#[test]
fn a_reset_to_nothing_yields_once() {
    let (timers, log) = (timers(), Log::default());
    let mut sleep = timers.sleep(secs(1));
    sleep.reset_after(Duration::ZERO);
    assert!(poll(&mut sleep, &log.waker(0)).is_pending());
    assert!(poll(&mut sleep, &log.waker(0)).is_ready());
    assert_eq!(log.take(), [0]);
}

/// S-01
#[test]
fn a_sleep_with_a_value_gives_it() {
    let timers = timers();
    let mut sleep = timers.sleep(secs(1)).with(String::from("tea"));
    assert!(poll_idly(&mut sleep).is_pending());
    timers.advance(secs(1));
    assert_eq!(poll_idly(&mut sleep), Poll::Ready(String::from("tea")));
}

#[test]
#[should_panic(expected = "polled after it gave the value: await it once")]
fn a_sleep_with_a_value_gives_it_once() {
    let mut sleep = timers().sleep(Duration::ZERO).with(());
    let _ = [
        poll_idly(&mut sleep),
        poll_idly(&mut sleep),
        poll_idly(&mut sleep),
    ];
}

#[test]
fn a_sleep_may_be_polled_and_dropped_on_any_thread() {
    let timers = Timers::new(Clock::virtual_(), 2);
    let sleeps: Vec<_> = (0..4)
        .map(|id| {
            let timers = timers.clone();
            let made = move || {
                let _entered = timers.enter(id);
                armed(&timers, 1, &Log::default(), id)
            };
            std::thread::spawn(made).join().unwrap()
        })
        .collect();
    assert_eq!(timers.advance(secs(1)), 4);
    for mut sleep in sleeps {
        std::thread::spawn(move || assert!(poll_idly(&mut sleep).is_ready()))
            .join()
            .unwrap();
    }
    assert_eq!(timers.count(), 0);
}

/// What a task is said to wait for, whenever it was polled.
#[test]
fn a_task_that_sleeps_waits_for_a_timer_of_that_deadline() {
    let (scheduler, run) = tulipa_task::doctest::executor();
    let timers = timers();
    let task = tulipa_task::Builder::new().on(&scheduler).spawn({
        let timers = timers.clone();
        async move {
            timers.sleep(Duration::ZERO).await;
            timers.sleep(secs(1)).await;
            timers.sleep(Duration::MAX).await;
        }
    });
    run();
    let due = || task.waits_for().map(|waits| waits.to_string());
    assert_eq!(due().as_deref(), Some("a timer, due at 1s"));
    task.cancel();
    task.uncancel();
    run();
    assert_eq!(
        due().as_deref(),
        Some("a timer, due at 1s"),
        "it was polled again"
    );
    timers.advance(secs(1));
    run();
    assert_eq!(due().as_deref(), Some("a timer that never fires"));
    task.abort();
    run();
}
