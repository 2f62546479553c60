//! What blocks, on threads that may, and what starting a runtime costs.

use super::{Load, Workload};
use crate::meter::{Meter, Outcome};
use crate::rt::Whole;

pub(super) fn workloads<R: Whole>() -> Vec<Workload> {
    vec![
        Workload::new("blocking_1", 100_000, |Load { n, workers }| {
            R::run(workers, fan_in::<R>(n, 1))
        })
        .what("one task hands n jobs to threads that may block and awaits them"),
        Workload::new("blocking_2", 100_000, |Load { n, workers }| {
            R::run(workers, fan_in::<R>(n, 2))
        })
        .what("two tasks, on threads of their own, do so"),
        Workload::new("start_stop", 200, start_stop::<R>)
            .what("build a runtime, run an empty main, end it")
            .quick(50),
    ]
}

async fn fan_in<R: Whole>(n: u64, submitters: u64) -> Outcome {
    let each = n.div_ceil(submitters);
    let meter = Meter::start();
    let submit = || async move {
        let jobs: Vec<_> = (0..each).map(|i| R::blocking(move || i)).collect();
        let mut sum = 0;
        for job in jobs {
            sum += job.await;
        }
        std::hint::black_box(sum);
    };
    let tasks: Vec<_> = (0..submitters).map(|_| R::spawn(submit())).collect();
    for task in tasks {
        R::join(task).await;
    }
    meter.stop(each * submitters)
}

fn start_stop<R: Whole>(load: Load) -> Outcome {
    let meter = Meter::start();
    for _ in 0..load.n {
        R::start_and_stop(load.workers);
    }
    meter.stop(load.n)
}
