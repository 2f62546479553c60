//! The deterministic flavour: seeds, virtual time, deadlocks.

use crate::common::{Drops, Gate, Log, VirtualTime, wait_until_asleep, yield_now};
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use tulipa_executor::{BlockOnError, Deadlock, Driver, Executor};
use tulipa_task::{Builder, Deferred, Leaf, spawn};

/// Numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A tree of tasks that yield, sleep, spawn, wait for each other and are cancelled, as `seed` has it. Each is counted as it
/// begins and as it ends.
fn workload(
    time: Arc<VirtualTime>,
    seed: u64,
    depth: u32,
    begun: Arc<AtomicUsize>,
    log: Log<u64>,
    drops: Drops,
) -> std::pin::Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        let _dropped = drops.one();
        begun.fetch_add(1, Ordering::Relaxed);
        let mut random = Random(seed);
        let mut count = 1;
        let mut children = Vec::new();
        for _ in 0..random.below(6) {
            match random.below(4) {
                0 => yield_now().await,
                1 => time.sleep(random.below(20)).await,
                _ if depth > 0 => {
                    let seed = random.below(u64::MAX);
                    let child = workload(
                        time.clone(),
                        seed,
                        depth - 1,
                        begun.clone(),
                        log.clone(),
                        drops.clone(),
                    );
                    children.push(spawn(child));
                }
                _ => {
                    let deferred = Deferred::<u8>::new();
                    drop(spawn({
                        let deferred = deferred.clone();
                        async move { deferred.set_result(1).unwrap() }
                    }));
                    deferred.await.unwrap();
                }
            }
        }
        let victim = random.below(8);
        for (index, child) in (0..).zip(children) {
            if index == victim {
                child.cancel();
            }
            count += child.await.unwrap_or(0);
        }
        log.add(seed);
        count
    })
}

/// What happened, in order, and when it was over.
fn simulate(seed: u64, workers: usize) -> (Vec<u64>, u64) {
    let time = VirtualTime::new();
    let executor = Executor::builder()
        .deterministic(seed)
        .workers(workers)
        .driver(time.clone())
        .build()
        .unwrap();
    let (begun, log, drops) = (Arc::new(AtomicUsize::new(0)), Log::new(), Drops::default());
    let main = workload(
        time.clone(),
        seed,
        4,
        begun.clone(),
        log.clone(),
        drops.clone(),
    );
    let count = executor
        .block_on(main)
        .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let now = time.now();
    assert!(
        executor
            .shutdown(std::future::pending())
            .unwrap()
            .is_clean(),
        "seed {seed}"
    );
    let begun = begun.load(Ordering::Relaxed);
    assert!(
        count <= begun,
        "seed {seed}: {count} tasks ended well, of {begun} that began"
    );
    assert!(
        drops.count() == begun,
        "seed {seed}: {begun} began, {} are gone",
        drops.count()
    );
    assert!(
        executor.handle().scheduler().registry().is_empty(),
        "seed {seed}"
    );
    (log.take(), now)
}

#[test]
fn five_hundred_seeds_lose_no_task() {
    for seed in 0..500 {
        simulate(seed, 1 + (seed as usize) % 5);
    }
}

#[test]
fn a_seed_gives_the_same_run_each_time() {
    for seed in 0..20 {
        assert_eq!(simulate(seed, 4), simulate(seed, 4));
    }
}

#[test]
fn seeds_give_different_orders() {
    let order = |seed| {
        let executor = Executor::builder()
            .deterministic(seed)
            .workers(3)
            .build()
            .unwrap();
        let log = Log::new();
        let of_tasks = log.clone();
        executor
            .block_on(async move {
                let task = |n| {
                    let log = of_tasks.clone();
                    spawn(async move { log.add(n) })
                };
                for task in (0..6).map(task).collect::<Vec<_>>() {
                    task.await.unwrap();
                }
            })
            .unwrap();
        log.take()
    };
    let orders: std::collections::HashSet<Vec<u32>> = (0..200).map(order).collect();
    assert!(orders.len() > 50, "only {} orders", orders.len());
}

#[test]
fn time_moves_only_when_nothing_can_run() {
    let time = VirtualTime::new();
    let executor = Executor::builder()
        .deterministic(1)
        .workers(3)
        .driver(time.clone())
        .build()
        .unwrap();
    let log = Log::new();
    let of_tasks = log.clone();
    executor
        .block_on(async move {
            let sleeper = |ms| {
                let (time, log) = (time.clone(), of_tasks.clone());
                spawn(async move {
                    time.sleep(ms).await;
                    for _ in 0..10 {
                        yield_now().await;
                    }
                    log.add((ms, time.now()));
                })
            };
            for task in [300, 100, 200, 100].map(sleeper) {
                task.await.unwrap();
            }
        })
        .unwrap();
    assert_eq!(log.take(), [(100, 100), (100, 100), (200, 200), (300, 300)]);
}

#[test]
fn several_workers_with_virtual_time_sleep_as_long() {
    for workers in [1, 2, 8] {
        let time = VirtualTime::new();
        let executor = Executor::builder()
            .workers(workers)
            .driver(time.clone())
            .build()
            .unwrap();
        let now = executor
            .block_on(async move {
                let task = |n: u64| {
                    let time = time.clone();
                    spawn(async move {
                        for _ in 0..20 {
                            time.sleep(n).await;
                        }
                        time.now()
                    })
                };
                let mut now = Vec::new();
                for task in (1..=20).map(task).collect::<Vec<_>>() {
                    now.push(task.await.unwrap());
                }
                now
            })
            .unwrap();
        assert_eq!(
            now,
            (1..=20).map(|n| n * 20).collect::<Vec<_>>(),
            "{workers} workers"
        );
    }
}

#[test]
fn virtual_time_stands_still_while_nobody_is_inside_block_on() {
    let time = VirtualTime::new();
    let executor = Executor::builder()
        .workers(3)
        .driver(time.clone())
        .build()
        .unwrap();
    executor.block_on(async {}).unwrap();
    let sleeper = executor.handle().spawn(time.sleep(7));
    // The other workers run this, and the sleeper, and then have nothing to do.
    executor.handle().spawn(async {}).result_blocking().unwrap();
    wait_until_asleep(&executor, 2);
    assert_eq!(time.now(), 0);
    executor.block_on(sleeper).unwrap().unwrap();
    assert_eq!(time.now(), 7);
}

fn deadlock<F: Future<Output = ()> + 'static>(main: F) -> Deadlock {
    let executor = Executor::builder()
        .deterministic(11)
        .workers(2)
        .build()
        .unwrap();
    match executor.block_on(main).unwrap_err() {
        BlockOnError::Deadlock(deadlock) => deadlock,
        other => panic!("no deadlock: {other}"),
    }
}

#[test]
fn two_tasks_that_wait_for_each_other_are_a_deadlock_that_names_both() {
    let deadlock = deadlock(async {
        let (handover, receive) = std::sync::mpsc::channel::<tulipa_task::Task<()>>();
        let first = Builder::new().name("hen").spawn(async move {
            yield_now().await;
            let egg = receive.recv().unwrap();
            egg.await.unwrap();
        });
        let second = Builder::new()
            .name("egg")
            .spawn(async move { first.await.unwrap() });
        handover.send(second).unwrap();
        std::future::pending::<()>().await;
    });
    let waits = |name: &str| {
        let stuck = deadlock
            .tasks()
            .iter()
            .find(|stuck| stuck.task().name() == name)
            .unwrap();
        stuck
            .waits_for()
            .iter()
            .map(|task| task.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(waits("hen"), ["egg"]);
    assert_eq!(waits("egg"), ["hen"]);
    assert!(waits("main").is_empty());
    let text = deadlock.to_string();
    assert!(
        text.contains("`hen`, spawned at") && text.contains("waits for `egg`"),
        "{text}"
    );
    assert!(
        text.contains("`main`") && text.contains("waits for something that is not tulipa's"),
        "{text}"
    );
}

#[test]
fn a_deferred_that_nobody_sets_is_a_deadlock() {
    let (send, receive) = std::sync::mpsc::channel();
    let deadlock = deadlock(async move {
        let deferred = Deferred::<()>::new();
        send.send(deferred.id()).unwrap();
        deferred.await.unwrap();
    });
    let id = receive.recv().unwrap();
    let [main] = deadlock.tasks() else {
        panic!("there is one task: {deadlock}")
    };
    assert_eq!(main.waits().unwrap().leaf(), Leaf::Deferred(id));
    assert!(main.waits_for().is_empty());
    let text = deadlock.to_string();
    assert!(
        text.ends_with(&format!("waits for deferred {id}")),
        "{text}"
    );
}

/// Of a task in a `select`, all that can wake it is counted.
#[test]
fn a_deadlock_says_that_a_task_waits_for_more_than_another_task() {
    let deadlock = deadlock(async {
        let egg = Builder::new()
            .name("egg")
            .spawn(std::future::pending::<()>());
        let fox = Deferred::<()>::new();
        futures::future::select(fox, egg).await;
    });
    let text = deadlock.to_string();
    assert!(
        text.contains("waits for `egg`, or something else"),
        "{text}"
    );
}

#[test]
fn main_is_gone_after_a_deadlock_and_the_others_stay() {
    let executor = Executor::builder()
        .deterministic(2)
        .workers(2)
        .build()
        .unwrap();
    let (gate, drops) = (Gate::default(), Drops::default());
    let (passed, dropped) = (gate.passed(), drops.one());
    let task = executor.handle().spawn(passed);
    let error = executor.block_on(async move {
        let _dropped = dropped;
        std::future::pending::<()>().await;
    });
    assert!(matches!(error, Err(BlockOnError::Deadlock(_))));
    assert_eq!(drops.count(), 1, "main was dropped");
    gate.open();
    executor
        .block_on(async move { task.await.unwrap() })
        .unwrap();
}

#[test]
fn a_blocking_job_in_flight_is_no_deadlock() {
    for seed in 0..50 {
        let executor = Executor::builder()
            .deterministic(seed)
            .workers(2)
            .build()
            .unwrap();
        let handle = executor.handle().clone();
        let sum = executor.block_on(async move {
            let jobs = [1, 2, 3].map(|n| handle.spawn_blocking(move || n));
            let mut sum = 0;
            for job in jobs {
                sum += job.await.unwrap();
            }
            sum
        });
        assert_eq!(sum.unwrap(), 6);
    }
}

/// A driver that hears something each time it parks, some times.
#[derive(Default)]
struct Post {
    letters: AtomicUsize,
    polls: AtomicUsize,
    waiting: Mutex<Option<Waker>>,
}

impl Driver for Post {
    fn park(&self) {
        self.letters.fetch_sub(1, Ordering::SeqCst);
        let waiting = self.waiting.lock().unwrap().take();
        waiting.expect("who waits is asleep").wake();
    }

    fn poll(&self) {
        self.polls.fetch_add(1, Ordering::SeqCst);
    }

    fn unpark(&self) {}

    fn expects_events(&self) -> bool {
        self.letters.load(Ordering::SeqCst) > 0
    }
}

#[test]
fn a_driver_that_expects_events_is_polled_and_parked_in_until_it_expects_none() {
    const LETTERS: usize = 5;
    let post = Arc::new(Post::default());
    post.letters.store(LETTERS, Ordering::SeqCst);
    let received = Arc::new(AtomicUsize::new(0));
    let (waits, receives) = (Arc::clone(&post), Arc::clone(&received));
    let executor = Executor::builder()
        .deterministic(3)
        .workers(4)
        .driver(Arc::clone(&post) as Arc<dyn Driver>)
        .build()
        .unwrap();
    let main = spawn_forever(move || {
        let mut came = false;
        let (waits, receives) = (Arc::clone(&waits), Arc::clone(&receives));
        poll_fn(move |cx| {
            if std::mem::replace(&mut came, true) {
                receives.fetch_add(1, Ordering::SeqCst);
                return Poll::Ready(());
            }
            *waits.waiting.lock().unwrap() = Some(cx.waker().clone());
            Poll::Pending
        })
    });
    let ended = executor.block_on(main);
    assert!(matches!(ended, Err(BlockOnError::Deadlock(_))), "{ended:?}");
    assert_eq!(received.load(Ordering::SeqCst), LETTERS);
    assert!(post.polls.load(Ordering::SeqCst) >= LETTERS);
}

async fn spawn_forever<F: Future<Output = ()> + Send + 'static>(mut next: impl FnMut() -> F) {
    loop {
        spawn(next()).await.unwrap();
    }
}
