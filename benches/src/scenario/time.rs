//! Timers: those that fire, those that never do, and how late they are.

use super::{Load, Workload};
use crate::meter::{Meter, Outcome};
use crate::rt::Whole;
use futures::poll;
use std::time::{Duration, Instant};

/// Longer than any run.
const NEVER: Duration = Duration::from_secs(3600);
const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) fn workloads<R: Whole>() -> Vec<Workload> {
    vec![
        Workload::new("timers_fire", 500_000, |Load { n, workers }| {
            R::run(workers, timers_fire::<R>(n))
        })
        .what("n tasks sleep, spread evenly over one second (processor time per sleep)")
        .unit("cpu ns/op"),
        Workload::new("timers_churn", 500_000, |Load { n, workers }| {
            R::run(workers, timers_churn::<R>(n))
        })
        .what("1,000 tasks put a timeout around a yield that never runs out, n times together"),
        Workload::new("timers_many", 100_000, |Load { n, workers }| {
            R::run(workers, timers_many::<R>(n))
        })
        .what("arm n timers that are all there at once, and give them up")
        .curve(&[1_000, 10_000, 100_000, 1_000_000]),
        Workload::new("sleep_lateness", 500, |Load { n, workers }| {
            R::run(workers, sleep_lateness::<R>(n))
        })
        .what("sleep for 1 ms, n times: how late, in the middle")
        .unit("us late")
        .quick(100)
        .fixed(),
    ]
}

async fn timers_fire<R: Whole>(n: u64) -> Outcome {
    let spread = Duration::from_secs(1);
    let meter = Meter::start();
    let tasks: Vec<_> = (0..n)
        .map(|i| spread.mul_f64(i as f64 / n as f64))
        .map(|time| R::spawn(R::sleep(time)))
        .collect();
    for task in tasks {
        R::join(task).await;
    }
    meter.stop(n).by_cpu()
}

async fn timers_churn<R: Whole>(n: u64) -> Outcome {
    let each = n.div_ceil(1000);
    let meter = Meter::start();
    let churn = || async move {
        for _ in 0..each {
            R::timeout(NEVER, R::yield_now())
                .await
                .expect("an hour is enough");
        }
    };
    let tasks: Vec<_> = (0..1000).map(|_| R::spawn(churn())).collect();
    for task in tasks {
        R::join(task).await;
    }
    meter.stop(each * 1000)
}

async fn timers_many<R: Whole>(n: u64) -> Outcome {
    let meter = Meter::start();
    let mut timers: Vec<_> = (1..)
        .map(|i| Box::pin(R::sleep(NEVER + i * MILLISECOND)))
        .take(n as usize)
        .collect();
    for some in timers.chunks_mut(64) {
        for timer in some {
            assert!(poll!(timer).is_pending(), "an hour has not passed");
        }
        R::yield_now().await; // a runtime that counts operations arms no more than some in one poll
    }
    drop(timers);
    meter.stop(n)
}

async fn sleep_lateness<R: Whole>(n: u64) -> Outcome {
    let mut late = Vec::new();
    let meter = Meter::start();
    for _ in 0..n {
        let began = Instant::now();
        R::sleep(MILLISECOND).await;
        late.push(began.elapsed().saturating_sub(MILLISECOND));
    }
    let outcome = meter.stop(n);
    late.sort_unstable();
    let micros = |at: usize| late.get(at).map_or(0.0, |late| late.as_secs_f64() * 1e6);
    outcome
        .by(micros(late.len() / 2))
        .note("worst us", micros(late.len().saturating_sub(1)))
}
