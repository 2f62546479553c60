//! Spawning, waking and finishing tasks.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use support::{scenario, settings};
use tulipa::{Deferred, spawn, yield_now};

fn spawn_await(criterion: &mut Criterion) {
    scenario(criterion, "spawn_await", async |operations| {
        for _ in 0..operations {
            spawn(async {}).await.expect("it ends");
        }
    });
}

fn spawn_join(criterion: &mut Criterion) {
    scenario(criterion, "spawn_many_join_in_order", async |operations| {
        let tasks: Vec<_> = (0..operations).map(|_| spawn(async {})).collect();
        for task in tasks {
            task.await.expect("it ends");
        }
    });
}

fn spawn_detached(criterion: &mut Criterion) {
    scenario(
        criterion,
        "spawn_many_detached_count_down",
        async |operations| {
            let done = Deferred::<()>::new();
            let left = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(operations));
            for _ in 0..operations {
                let (left, done) = (left.clone(), done.clone());
                spawn(async move {
                    // Relaxed: the count alone decides who is last.
                    if left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) == 1 {
                        done.set_result(()).expect("only one is last");
                    }
                })
                .detach();
            }
            done.await.expect("somebody is last");
        },
    );
}

fn yield_alone(criterion: &mut Criterion) {
    scenario(criterion, "yield_alone", async |operations| {
        for _ in 0..operations {
            yield_now().await;
        }
    });
}

fn yield_many(criterion: &mut Criterion) {
    scenario(criterion, "yield_among_200", async |operations| {
        let turns = operations.div_ceil(200);
        let tasks: Vec<_> = (0..200)
            .map(|_| {
                spawn(async move {
                    for _ in 0..turns {
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("it ends");
        }
    });
}

fn ping_pong(criterion: &mut Criterion) {
    scenario(
        criterion,
        "ping_pong_over_two_deferreds",
        async |operations| {
            for _ in 0..operations {
                let (ping, pong) = (Deferred::<()>::new(), Deferred::<()>::new());
                let other = spawn({
                    let (ping, pong) = (ping.clone(), pong.clone());
                    async move {
                        ping.await.expect("it is set");
                        pong.set_result(()).expect("once");
                    }
                });
                ping.set_result(()).expect("once");
                pong.await.expect("it is set");
                other.await.expect("it ends");
            }
        },
    );
}

criterion_group! {
    name = benches;
    config = settings();
    targets = spawn_await, spawn_join, spawn_detached, yield_alone, yield_many, ping_pong
}
criterion_main!(benches);
