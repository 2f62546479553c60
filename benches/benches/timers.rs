//! Arming, cancelling and firing timers.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;
use support::{scenario, settings};
use tulipa::{gather, sleep, spawn, timeout, yield_now};

fn timeout_never_fires(criterion: &mut Criterion) {
    scenario(criterion, "timeout_around_a_yield", async |operations| {
        for _ in 0..operations {
            timeout(Duration::from_secs(10), yield_now())
                .await
                .expect("ten seconds are enough");
        }
    });
}

fn sleeps_at_once(criterion: &mut Criterion) {
    scenario(criterion, "sleep_10_ms_all_at_once", async |operations| {
        let sleeps = (0..operations).map(|n| spawn(sleep(Duration::from_micros(10_000 + n % 100))));
        gather(sleeps).await.expect("they end");
    });
}

criterion_group! {
    name = benches;
    config = settings();
    targets = timeout_never_fires, sleeps_at_once
}
criterion_main!(benches);
