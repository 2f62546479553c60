//! Where runtimes stall: each workload is a way to keep others waiting, its value how long they waited.
//!
//! They pass or fail. `n` is in milliseconds the time that somebody blocks, or else a number of tasks.

use super::echo::connections;
use super::{Load, Workload};
use crate::meter::{Meter, Outcome};
use crate::rt::{Io, Whole};
use futures::AsyncReadExt;
use futures::channel::oneshot;
use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt};
use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Later than this, somebody was kept waiting. Generous: the machine may have other things to do.
const LATE: Duration = Duration::from_millis(200);

pub(super) fn workloads<R: Whole>() -> Vec<Workload> {
    let stall = |name, n, run| Workload::new(name, n, run).unit("ms late").fixed();
    let within = |name, n, run| Workload::new(name, n, run).unit("ms").fixed();
    vec![
        stall("stall_hog", 3_000, |load| {
            R::run(load.workers, hog::<R>(millis(load)))
        })
        .what("a task computes for n ms beside one that sleeps for a sixth of that"),
        stall("stall_waker", 1_000, |load| {
            R::run(load.workers, waker::<R>(millis(load)))
        })
        .what("a task wakes another, then computes for n ms")
        .quick(400),
        stall("stall_timers", 2_000, |load| {
            R::run(load.workers, timers::<R>(millis(load), load.workers))
        })
        .what("sleeps of 1 ms for n ms, while every worker is 90 % busy: the worst")
        .quick(400),
        stall("stall_driver", 1_000, |load| {
            R::run(load.workers, driver::<R>(millis(load)))
        })
        .what("a task that a socket woke computes for n ms; another socket's task is to run")
        .quick(400),
        within("stall_nested", 10_000, |load| {
            R::run(load.workers, nested::<R>(load.n))
        })
        .what("4 layers of FuturesUnordered over n joins: in all"),
        within("stall_join_all", 100_000, |load| {
            R::run(load.workers, joined::<R>(load.n))
        })
        .what("the join_all of futures over n tasks: in all"),
    ]
}

fn millis(load: Load) -> Duration {
    Duration::from_millis(load.n)
}

/// Computes, without giving way.
fn compute(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// tokio#4730.
async fn hog<R: Whole>(time: Duration) -> Outcome {
    let nap = time / 6;
    let meter = Meter::start();
    let sleeper = R::spawn(async move {
        let began = Instant::now();
        R::sleep(nap).await;
        began.elapsed().saturating_sub(nap)
    });
    R::yield_now().await;
    let hog = R::spawn(async move { compute(time) });
    let late = R::join(sleeper).await;
    let outcome = meter.stop(1).late(late, LATE);
    R::join(hog).await;
    outcome
}

/// tokio#4941.
async fn waker<R: Whole>(time: Duration) -> Outcome {
    let (tell, told) = oneshot::channel::<Instant>();
    let woken = R::spawn(async move { told.await.expect("it is told").elapsed() });
    // So that it waits, and the other workers have gone to sleep.
    R::sleep(Duration::from_millis(50)).await;
    let meter = Meter::start();
    let waker = R::spawn(async move {
        tell.send(Instant::now()).expect("somebody waits");
        compute(time);
    });
    let late = R::join(woken).await;
    let outcome = meter.stop(1).late(late, LATE);
    R::join(waker).await;
    outcome
}

async fn timers<R: Whole>(time: Duration, workers: usize) -> Outcome {
    let slice = Duration::from_millis(9);
    let nap = Duration::from_millis(1);
    let meter = Meter::start();
    let until = Instant::now() + time;
    let busy = || async move {
        while Instant::now() < until {
            compute(slice);
            R::sleep(nap).await;
        }
    };
    let busy: Vec<_> = (0..workers).map(|_| R::spawn(busy())).collect();
    let sleeper = R::spawn(async move {
        let mut worst = Duration::ZERO;
        while Instant::now() < until {
            let began = Instant::now();
            R::sleep(nap).await;
            worst = worst.max(began.elapsed().saturating_sub(nap));
        }
        worst
    });
    let worst = R::join(sleeper).await;
    // A slice of each worker, and as much again.
    let limit = slice * 2 * u32::try_from(workers).unwrap_or(u32::MAX);
    let outcome = meter.stop(1).late(worst, limit);
    for task in busy {
        R::join(task).await;
    }
    outcome
}

/// Whichever worker drives the sockets finds the first one's task, and is blocked by it.
async fn driver<R: Whole>(time: Duration) -> Outcome {
    let sockets = connections(2).expect("two connections");
    let (mut first, mut second, mut far) = (None, None, Vec::new());
    for (near, other) in sockets {
        let near = Io::<R>::new(near).expect("the system watches sockets");
        far.push(other);
        first = second.replace(near).or(first);
    }
    let (tell, told) = mpsc::channel();
    let (mut first, mut second) = (first.expect("one"), second.expect("another"));
    let blocks = R::spawn(async move {
        first.read_exact(&mut [0]).await.expect("a byte comes");
        tell.send(()).expect("the thread waits");
        compute(time);
    });
    let waits = R::spawn(async move {
        let mut stamp = [0; 16];
        second.read_exact(&mut stamp).await.expect("bytes come");
        Instant::now()
    });
    let meter = Meter::start();
    let (sent, when) = oneshot::channel();
    thread::spawn(move || {
        thread::park_timeout(Duration::from_millis(50)); // until all workers sleep
        far[0].write_all(&[0]).expect("the task reads");
        told.recv().expect("the task tells");
        thread::park_timeout(Duration::from_millis(20)); // well into its computing
        let now = Instant::now();
        far[1].write_all(&[0; 16]).expect("the task reads");
        sent.send(now).expect("main waits");
    });
    let ran = R::join(waits).await;
    let sent = when.await.expect("the thread tells");
    let outcome = meter
        .stop(1)
        .late(ran.saturating_duration_since(sent), LATE);
    R::join(blocks).await;
    outcome
}

async fn nested<R: Whole>(n: u64) -> Outcome {
    let each = (n as f64).powf(0.25).round() as u64;
    let meter = Meter::start();
    let mut outer = FuturesUnordered::new();
    for _ in 0..each {
        outer.push(layer::<R>(each, 3));
    }
    while outer.next().await.is_some() {}
    let outcome = meter.stop(each.pow(4));
    let took = outcome.wall;
    outcome.late(took, Duration::from_secs(1))
}

/// A layer over layers, and at the bottom joins of tasks.
fn layer<R: Whole>(each: u64, below: u32) -> futures::future::BoxFuture<'static, ()> {
    Box::pin(async move {
        if below == 0 {
            return R::join(R::spawn(async {})).await;
        }
        let mut layers: FuturesUnordered<_> =
            (0..each).map(|_| layer::<R>(each, below - 1)).collect();
        while layers.next().await.is_some() {}
    })
}

async fn joined<R: Whole>(n: u64) -> Outcome {
    let meter = Meter::start();
    let tasks: Vec<_> = (0..n).map(|_| R::spawn(async {})).collect();
    join_all(tasks.into_iter().map(R::join)).await;
    let outcome = meter.stop(n);
    let took = outcome.wall;
    outcome.late(took, Duration::from_secs(2))
}
