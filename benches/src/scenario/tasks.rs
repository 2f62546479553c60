//! Spawning, waking, yielding, ending.
//!
//! They do next to nothing in a task, so they show what a task costs beside its work, and nothing about caches that
//! real work would have filled.

use super::{Load, Workload};
use crate::meter::{Meter, Outcome};
use crate::rt::{Listing, Rt, Whole};
use futures::channel::oneshot;
use futures::lock::Mutex;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) fn workloads<R: Rt>() -> Vec<Workload> {
    vec![
        Workload::new("spawn_join", 500_000, |load| run::<R, _>(load, spawn_join::<R>))
            .what("spawn n tasks, then await each in order"),
        Workload::new("spawn_await", 300_000, |load| run::<R, _>(load, spawn_await::<R>))
            .what("spawn one task and await it, n times"),
        Workload::new("spawn_detached", 500_000, |load| run::<R, _>(load, spawn_detached::<R>))
            .what("spawn n tasks and let them go; the last one tells"),
        Workload::new("spawn_batch", 300_000, |load| run::<R, _>(load, spawn_batch::<R>))
            .what("spawn 100 tasks at once and await them, n / 100 times"),
        Workload::new("remote_spawn_1", 200_000, |load| run::<R, _>(load, |n| remote_spawn::<R>(n, 1)))
            .what("one outside thread spawns n tasks"),
        Workload::new("remote_spawn_2", 200_000, |load| run::<R, _>(load, |n| remote_spawn::<R>(n, 2)))
            .what("two outside threads spawn n tasks"),
        Workload::new("yield_many", 4_000_000, |load| run::<R, _>(load, yield_many::<R>))
            .what("200 tasks give way, n times together"),
        Workload::new("ping_pong", 200_000, |load| run::<R, _>(load, ping_pong::<R>))
            .what("64 tasks, each spawns a partner and exchanges two oneshots with it, n times together"),
        Workload::new("chained_spawn", 500_000, |load| run::<R, _>(load, chained_spawn::<R>))
            .what("each task spawns the next, n deep"),
        Workload::new("skynet", 1_000_000, |load| run::<R, _>(load, skynet::<R>))
            .what("a tree of tasks with ten children each and n leaves; each sums its children (per task)"),
        Workload::new("mutex", 200_000, |load| run::<R, _>(load, mutex::<R>))
            .what("4 tasks hold one async lock (that of futures) over a yield, n times together"),
    ]
}

pub(super) fn cancellation<R: Whole>() -> Vec<Workload> {
    vec![
        Workload::new("cancel_many", 100_000, |load| {
            run::<R, _>(load, cancel_many::<R>)
        })
        .what("cancel n suspended tasks and await each")
        .curve(&[1_000, 10_000, 100_000, 1_000_000]),
    ]
}

pub(super) fn listing<R: Listing>() -> Vec<Workload> {
    vec![
        Workload::new("all_tasks", 100_000, |load| {
            run::<R, _>(load, all_tasks::<R>)
        })
        .what("list n suspended tasks, ten times (per task listed)")
        .curve(&[1_000, 10_000, 100_000, 1_000_000]),
    ]
}

fn run<R: Rt, F>(load: Load, scenario: fn(u64) -> F) -> Outcome
where
    F: Future<Output = Outcome> + Send + 'static,
{
    R::run(load.workers, scenario(load.n))
}

async fn spawn_join<R: Rt>(n: u64) -> Outcome {
    let meter = Meter::start();
    let tasks: Vec<_> = (0..n).map(|_| R::spawn(async {})).collect();
    for task in tasks {
        R::join(task).await;
    }
    meter.stop(n)
}

async fn spawn_await<R: Rt>(n: u64) -> Outcome {
    let meter = Meter::start();
    for _ in 0..n {
        R::join(R::spawn(async {})).await;
    }
    meter.stop(n)
}

async fn spawn_batch<R: Rt>(n: u64) -> Outcome {
    let batches = n.div_ceil(100);
    let meter = Meter::start();
    for _ in 0..batches {
        for task in R::spawn_batch((0..100).map(|_| async {})) {
            R::join(task).await;
        }
    }
    meter.stop(batches * 100)
}

/// Tells when the last of so many has called.
struct Countdown {
    left: AtomicU64,
    last: std::sync::Mutex<Option<oneshot::Sender<()>>>,
}

impl Countdown {
    fn new(n: u64) -> (Arc<Self>, oneshot::Receiver<()>) {
        let (last, done) = oneshot::channel();
        let countdown = Self {
            left: AtomicU64::new(n),
            last: std::sync::Mutex::new(Some(last)),
        };
        (Arc::new(countdown), done)
    }

    fn call(&self) {
        // Relaxed: the count alone decides who is last.
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            let last = self.last.lock().expect("nobody panics with it").take();
            // Nobody may be waiting any more when a run is given up.
            let _ = last.expect("there is one last call").send(());
        }
    }
}

const TOLD: &str = "the last task tells before it ends";

async fn spawn_detached<R: Rt>(n: u64) -> Outcome {
    let (countdown, done) = Countdown::new(n);
    let meter = Meter::start();
    for _ in 0..n {
        let countdown = countdown.clone();
        R::detach(R::spawn(async move { countdown.call() }));
    }
    done.await.expect(TOLD);
    meter.stop(n)
}

async fn remote_spawn<R: Rt>(n: u64, threads: u64) -> Outcome {
    let each = n.div_ceil(threads);
    let (countdown, done) = Countdown::new(each * threads);
    let outside = R::outside();
    let meter = Meter::start();
    for _ in 0..threads {
        let (outside, countdown) = (outside.clone(), countdown.clone());
        std::thread::spawn(move || {
            for _ in 0..each {
                let countdown = countdown.clone();
                R::spawn_from(&outside, async move { countdown.call() });
            }
        });
    }
    done.await.expect(TOLD);
    meter.stop(each * threads)
}

async fn yield_many<R: Rt>(n: u64) -> Outcome {
    let each = n.div_ceil(200);
    let meter = Meter::start();
    let give_way = || async move {
        for _ in 0..each {
            R::yield_now().await;
        }
    };
    let tasks: Vec<_> = (0..200).map(|_| R::spawn(give_way())).collect();
    for task in tasks {
        R::join(task).await;
    }
    meter.stop(each * 200)
}

async fn ping_pong<R: Rt>(n: u64) -> Outcome {
    let each = n.div_ceil(64);
    let meter = Meter::start();
    let play = || async move {
        for _ in 0..each {
            let ((ping, pinged), (pong, ponged)) = (oneshot::channel(), oneshot::channel());
            R::detach(R::spawn(async move {
                let ball: u64 = pinged.await.expect("the ping comes");
                pong.send(ball).expect("the pong is awaited");
            }));
            ping.send(each).expect("the partner waits");
            ponged.await.expect("the pong comes");
        }
    };
    let tasks: Vec<_> = (0..64).map(|_| R::spawn(play())).collect();
    for task in tasks {
        R::join(task).await;
    }
    meter.stop(each * 64)
}

fn link<R: Rt>(left: u64, done: oneshot::Sender<()>) {
    R::detach(R::spawn(async move {
        if left == 0 {
            done.send(()).expect("the end is awaited");
        } else {
            link::<R>(left - 1, done);
        }
    }));
}

async fn chained_spawn<R: Rt>(n: u64) -> Outcome {
    let (done, ended) = oneshot::channel();
    let meter = Meter::start();
    link::<R>(n, done);
    ended.await.expect("the last one tells");
    meter.stop(n)
}

/// The sum of the leaves from `first` on, `size` of them, and how many tasks that took.
fn tree<R: Rt>(first: u64, size: u64) -> Pin<Box<dyn Future<Output = (u64, u64)> + Send>> {
    Box::pin(async move {
        if size < 10 {
            return (first, 1);
        }
        let branch = size / 10;
        let children: Vec<_> = (0..10)
            .map(|child| R::spawn(tree::<R>(first + child * branch, branch)))
            .collect();
        let (mut sum, mut tasks) = (0, 1);
        for child in children {
            let (of_child, more) = R::join(child).await;
            sum += of_child;
            tasks += more;
        }
        (sum, tasks)
    })
}

async fn skynet<R: Rt>(n: u64) -> Outcome {
    let meter = Meter::start();
    let (sum, tasks) = R::join(R::spawn(tree::<R>(0, n))).await;
    std::hint::black_box(sum);
    meter.stop(tasks)
}

async fn mutex<R: Rt>(n: u64) -> Outcome {
    let each = n.div_ceil(4);
    let lock = Arc::new(Mutex::new(0u64));
    let meter = Meter::start();
    let count = |lock: Arc<Mutex<u64>>| async move {
        for _ in 0..each {
            let mut count = lock.lock().await;
            R::yield_now().await; // so that the others come to wait
            *count += 1;
        }
    };
    let tasks: Vec<_> = (0..4).map(|_| R::spawn(count(lock.clone()))).collect();
    for task in tasks {
        R::join(task).await;
    }
    let outcome = meter.stop(each * 4);
    assert_eq!(*lock.lock().await, each * 4, "each task counted");
    outcome
}

async fn all_tasks<R: Listing>(n: u64) -> Outcome {
    const TIMES: u64 = 10;
    let tasks: Vec<_> = (0..n).map(|_| R::spawn(pending::<()>())).collect();
    let meter = Meter::start();
    for _ in 0..TIMES {
        let listed = R::all_tasks() as u64;
        assert!(listed >= n, "{listed} of {n} tasks are listed");
    }
    let outcome = meter.stop(n * TIMES);
    drop(tasks);
    outcome
}

async fn cancel_many<R: Whole>(n: u64) -> Outcome {
    let (countdown, suspended) = Countdown::new(n);
    let suspend = |countdown: Arc<Countdown>| async move {
        countdown.call();
        pending::<()>().await;
    };
    let tasks: Vec<_> = (0..n)
        .map(|_| R::spawn(suspend(countdown.clone())))
        .collect();
    suspended.await.expect(TOLD);
    let meter = Meter::start();
    R::cancel_all(tasks).await;
    meter.stop(n)
}
