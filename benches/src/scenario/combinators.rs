//! Waiting for many tasks: all, each as it ends, the first.
//!
//! Costs per task should not depend on how many there are: the curves show whether that is so.

use super::{Load, Workload};
use crate::meter::{Meter, Outcome};
use crate::rt::Rt;
use std::future::pending;

const CURVE: &[u64] = &[1_000, 10_000, 100_000, 1_000_000];

/// Beside which short tasks come and go.
const LONG_LIVED: usize = 8;

pub(super) fn workloads<R: Rt>() -> Vec<Workload> {
    let mut all = joining::<R>();
    all.push(
        Workload::new("wait_first_completed", 100_000, |Load { n, workers }| {
            R::run(workers, wait_first_completed::<R>(n))
        })
        .what("wait for the first of eight long-lived tasks and a short one, n times")
        .curve(&[1_000, 10_000, 100_000, 1_000_000]),
    );
    all
}

pub(super) fn joining<R: Rt>() -> Vec<Workload> {
    vec![
        Workload::new("gather", 100_000, |Load { n, workers }| {
            R::run(workers, gather::<R>(n))
        })
        .what("spawn n tasks and wait for all results")
        .quick(20_000)
        .curve(CURVE),
        Workload::new("as_completed", 100_000, |Load { n, workers }| {
            R::run(workers, as_completed::<R>(n))
        })
        .what("spawn n tasks and take each result as it comes")
        .quick(20_000)
        .curve(CURVE),
    ]
}

async fn gather<R: Rt>(n: u64) -> Outcome {
    let meter = Meter::start();
    let results = R::gather((0..n).map(|i| async move { i })).await;
    assert_eq!(results.len() as u64, n, "a result of each task");
    meter.stop(n)
}

async fn as_completed<R: Rt>(n: u64) -> Outcome {
    let meter = Meter::start();
    let results = R::as_completed((0..n).map(|i| async move { i })).await;
    assert_eq!(results, n, "a result of each task");
    meter.stop(n)
}

async fn wait_first_completed<R: Rt>(n: u64) -> Outcome {
    let mut tasks: Vec<_> = (0..LONG_LIVED).map(|_| R::spawn(pending())).collect();
    let meter = Meter::start();
    for _ in 0..n {
        tasks.push(R::spawn(async {}));
        tasks = R::first_completed(tasks).await;
    }
    let outcome = meter.stop(n);
    tasks.into_iter().for_each(R::detach);
    outcome
}
