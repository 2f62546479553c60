//! What the criterion benches share: a runtime of two workers, and a loop over it.
//!
//! These benches press on one mechanism each, to see what a change does to it; a difference between two runs of one
//! machine is what they show. They say nothing about other runtimes: that is `cargo xtask bench`, which runs peers in turn.

use criterion::Criterion;
use criterion::measurement::WallTime;
use std::future::Future;
use std::time::{Duration, Instant};
use tulipa::Runtime;

/// A runtime of two workers.
///
/// # Panics
///
/// If the system has no thread for it.
pub(crate) fn runtime() -> Runtime {
    Runtime::builder()
        .workers(2)
        .build()
        .expect("two threads and a few descriptors are there")
}

/// Measures `scenario`, which is given a number of operations, does them, and is timed as a whole.
///
/// # Panics
///
/// If the scenario does.
pub(crate) fn scenario<F>(
    criterion: &mut Criterion<WallTime>,
    name: &str,
    scenario: impl Fn(u64) -> F + 'static,
) where
    F: Future<Output = ()> + 'static,
{
    let runtime = runtime();
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|operations| {
            let work = scenario(operations);
            let timed = async move {
                let began = Instant::now();
                work.await;
                began.elapsed()
            };
            runtime.run(timed).expect("nobody cancels a benchmark")
        });
    });
}

/// Short runs: the machine is noisy anyway, and a change that matters shows.
pub(crate) fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}
