//! No wake is lost, with 1, 2 and 8 workers, from inside and outside.

use crate::common::{Gate, yield_now};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tulipa_executor::Executor;
use tulipa_task::{Deferred, spawn};

const ROUNDS: u64 = if cfg!(debug_assertions) {
    2_000
} else {
    20_000
};

fn executors() -> impl Iterator<Item = Executor> {
    let threads = [1, 2, 8].map(|workers| Executor::builder().workers(workers));
    threads
        .into_iter()
        .chain([Executor::builder().current_thread()])
        .map(|builder| builder.build().unwrap())
}

#[test]
fn pairs_that_wake_each_other_all_come_to_their_end() {
    for executor in executors() {
        let sum = executor.block_on(async {
            let pair = |_| {
                spawn(async {
                    let mut sum = 0;
                    for n in 0..ROUNDS / 20 {
                        let answer = Deferred::<u64>::new();
                        let asked = answer.clone();
                        let other = spawn(async move { asked.set_result(n).unwrap() });
                        sum += answer.await.unwrap();
                        other.await.unwrap();
                    }
                    sum
                })
            };
            let mut sum = 0;
            for pair in (0..20).map(pair).collect::<Vec<_>>() {
                sum += pair.await.unwrap();
            }
            sum
        });
        let per_pair: u64 = (0..ROUNDS / 20).sum();
        assert_eq!(sum.unwrap(), 20 * per_pair);
    }
}

#[test]
fn wakes_from_outside_all_arrive() {
    for executor in executors() {
        let handle = executor.handle().clone();
        executor
            .block_on(async move {
                let ran = Arc::new(AtomicU64::new(0));
                let threads: Vec<_> = (0..4)
                    .map(|_| {
                        let (handle, ran) = (handle.clone(), ran.clone());
                        std::thread::spawn(move || {
                            for _ in 0..ROUNDS / 4 {
                                let (gate, ran) = (Gate::default(), ran.clone());
                                let passed = gate.passed();
                                drop(handle.spawn(async move {
                                    passed.await;
                                    ran.fetch_add(1, Ordering::Relaxed);
                                }));
                                gate.open();
                            }
                        })
                    })
                    .collect();
                handle
                    .spawn_blocking(|| {
                        threads
                            .into_iter()
                            .for_each(|thread| thread.join().unwrap())
                    })
                    .await
                    .unwrap();
                while ran.load(Ordering::Relaxed) < ROUNDS / 4 * 4 {
                    yield_now().await;
                }
            })
            .unwrap();
    }
}

#[test]
fn one_wake_at_a_time_reaches_a_sleeping_executor() {
    for executor in executors() {
        let handle = executor.handle().clone();
        executor
            .block_on(async move {
                for n in 0..ROUNDS / 10 {
                    // Each ends while all workers are asleep, or on their way.
                    assert_eq!(handle.spawn_blocking(move || n).await, Ok(n));
                }
            })
            .unwrap();
    }
}

#[test]
fn executors_come_and_go() {
    for round in 0..200 {
        let executor = Executor::builder().workers(1 + round % 8).build().unwrap();
        let tasks: Vec<_> = (0..10)
            .map(|n| executor.handle().spawn(async move { n }))
            .collect();
        if round % 2 == 0 {
            executor.block_on(yield_now()).unwrap();
        }
        drop(executor);
        assert!(tasks.iter().all(|task| task.is_done()));
    }
}
