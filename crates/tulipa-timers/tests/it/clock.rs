//! Clocks and instants.

use crate::support::secs;
use proptest::prelude::*;
use std::time::Duration;
use tulipa_timers::{Clock, Instant};

#[test]
fn a_virtual_clock_stands_still_until_it_is_moved() {
    let clock = Clock::virtual_();
    let same = clock.clone();
    assert_eq!((clock.now(), clock.now()), (Instant::START, Instant::START));
    same.advance(secs(3));
    assert_eq!(clock.now(), Instant::START + secs(3));
}

#[test]
fn a_virtual_clock_does_not_go_back() {
    let clock = Clock::virtual_();
    clock.advance_to(Instant::START + secs(3));
    clock.advance_to(Instant::START + secs(2));
    assert_eq!(clock.now(), Instant::START + secs(3));
}

#[test]
fn a_virtual_clock_stops_short_of_never() {
    let clock = Clock::virtual_();
    clock.advance_to(Instant::NEVER);
    assert!(clock.now() < Instant::NEVER);
    clock.advance(Duration::MAX);
    assert!(clock.now() < Instant::NEVER);
}

#[test]
fn a_real_clock_starts_at_its_start_and_does_not_go_back() {
    let clock = Clock::real();
    let first = clock.now();
    assert!(clock.now() >= first);
}

#[test]
#[should_panic(
    expected = "Clock::advance called on a real clock, which nobody can move: give the timers `Clock::virtual_()`"
)]
fn moving_a_real_clock_panics() {
    Clock::real().advance(secs(1));
}

#[test]
fn instants_say_how_long_after_the_start_they_are() {
    assert_eq!(
        format!("{:?}", Instant::START + Duration::from_millis(1_500)),
        "Instant(1.5s)"
    );
    assert_eq!(format!("{:?}", Instant::NEVER), "Instant(never)");
}

proptest! {
    #[test]
    fn instants_count_as_wide_numbers_do_until_they_saturate(start: u64, secs: u64, nanos in 0..1_000_000_000_u32) {
        let (instant, duration) = (Instant::from_nanos(start), Duration::new(secs, nanos));
        let later = u128::from(start) + duration.as_nanos();
        prop_assert_eq!((instant + duration).as_nanos(), u64::try_from(later).unwrap_or(u64::MAX));
        let earlier = u128::from(start).saturating_sub(duration.as_nanos());
        prop_assert_eq!(u128::from((instant - duration).as_nanos()), earlier);
    }

    #[test]
    fn the_distance_of_two_instants_is_never_negative(one: u64, other: u64) {
        let distance = Instant::from_nanos(one) - Instant::from_nanos(other);
        prop_assert_eq!(distance, Duration::from_nanos(one.saturating_sub(other)));
    }
}

#[test]
fn adding_in_place_saturates_too() {
    let mut instant = Instant::START;
    instant += Duration::MAX;
    assert_eq!(instant, Instant::NEVER);
}
