//! What a suspended task takes, handle included.

use super::{Load, Workload};
use crate::meter::{Meter, Outcome, resident_kib};
use crate::rt::{Rt, Whole};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Longer than any run.
const NEVER: Duration = Duration::from_secs(3600);

pub(super) fn workloads<R: Whole>() -> Vec<Workload> {
    vec![
        Workload::new("memory", 1_000_000, |Load { n, workers }| {
            R::run(workers, sleepers::<R>(n, false))
        })
        .what("n sleeping tasks and their handles (resident bytes per task)")
        .unit("bytes/task"),
        Workload::new("memory_named", 1_000_000, |Load { n, workers }| {
            R::run(workers, sleepers::<R>(n, true))
        })
        .what("the same, each task with a name of its own, where tasks have names")
        .unit("bytes/task"),
        Workload::new("memory_after", 1_000_000, |Load { n, workers }| {
            R::run(workers, burst::<R>(n))
        })
        .what("n tasks that were all there at once have ended (resident bytes left, per task)")
        .unit("bytes/task"),
    ]
}

async fn sleepers<R: Whole>(n: u64, named: bool) -> Outcome {
    let asleep = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::with_capacity(n as usize);
    let before = resident();
    let meter = Meter::start();
    for i in 0..n {
        let asleep = asleep.clone();
        let sleep = async move {
            // Relaxed: a count, of tasks that sleep before they can be looked at again.
            asleep.fetch_add(1, Ordering::Relaxed);
            R::sleep(NEVER).await;
        };
        tasks.push(if named {
            R::spawn_named(format!("sleeper-{i}"), sleep)
        } else {
            R::spawn(sleep)
        });
    }
    // Relaxed: as above.
    while asleep.load(Ordering::Relaxed) < n {
        <R as Rt>::yield_now().await;
    }
    let outcome = meter.stop(n);
    let bytes = resident().saturating_sub(before) * 1024;
    tasks.into_iter().for_each(R::detach);
    outcome.by(bytes as f64 / n as f64)
}

async fn burst<R: Whole>(n: u64) -> Outcome {
    let before = resident();
    let meter = Meter::start();
    let tasks: Vec<_> = (0..n).map(|_| R::spawn(R::yield_now())).collect();
    for task in tasks {
        R::join(task).await;
    }
    for _ in 0..1000 {
        R::join(R::spawn(async {})).await; // what is put off until there is more to do has been done
    }
    let outcome = meter.stop(n);
    let bytes = resident().saturating_sub(before) * 1024;
    outcome.by(bytes as f64 / n as f64)
}

fn resident() -> u64 {
    resident_kib().expect("the system tells how much memory is in use")
}
