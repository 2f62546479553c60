//! In which order tasks run: asyncio's where one worker runs them in order (EM-02, CT-01), and as near as may be elsewhere.

use crate::common::{Gate, Log, yield_now};
use tulipa_executor::Executor;
use tulipa_task::spawn;

/// The flavours that keep asyncio's order exactly.
fn in_order() -> [Executor; 2] {
    [
        Executor::builder().current_thread().build().unwrap(),
        Executor::builder()
            .deterministic(7)
            .in_order()
            .build()
            .unwrap(),
    ]
}

/// CT-01, CT-02
#[test]
fn tasks_begin_in_the_order_in_which_they_were_spawned() {
    let one_worker = Executor::builder().workers(1).build().unwrap();
    for executor in in_order().into_iter().chain([one_worker]) {
        let log = Log::new();
        let of_tasks = log.clone();
        executor
            .block_on(async move {
                let task = |n| {
                    let log = of_tasks.clone();
                    spawn(async move { log.add(n) })
                };
                for task in (0..100).map(task).collect::<Vec<_>>() {
                    task.await.unwrap();
                }
            })
            .unwrap();
        assert_eq!(log.take(), (0..100).collect::<Vec<_>>());
    }
}

#[test]
fn tasks_that_yield_take_turns() {
    for executor in in_order() {
        let log = Log::new();
        let of_tasks = log.clone();
        executor
            .block_on(async move {
                let task = |name| {
                    let log = of_tasks.clone();
                    spawn(async move {
                        for turn in 0..3 {
                            log.add((name, turn));
                            yield_now().await;
                        }
                    })
                };
                for task in ["a", "b", "c"].map(task) {
                    task.await.unwrap();
                }
            })
            .unwrap();
        let turns = (0..3).flat_map(|turn| ["a", "b", "c"].map(|name| (name, turn)));
        assert_eq!(log.take(), turns.collect::<Vec<_>>());
    }
}

#[test]
fn woken_and_spawned_and_yielding_tasks_share_one_queue() {
    for executor in in_order() {
        let log = Log::new();
        let of_tasks = log.clone();
        executor
            .block_on(async move {
                let gate = Gate::default();
                let named = |name| {
                    let log = of_tasks.clone();
                    async move { log.add(name) }
                };
                let waiter = spawn({
                    let (gate, woken) = (gate.clone(), named("woken"));
                    async move {
                        gate.passed().await;
                        woken.await;
                    }
                });
                yield_now().await; // the waiter waits now
                let first = spawn(named("spawned before"));
                gate.open();
                let second = spawn(named("spawned after"));
                yield_now().await;
                named("main").await;
                for task in [waiter, first, second] {
                    task.await.unwrap();
                }
            })
            .unwrap();
        assert_eq!(
            log.take(),
            ["spawned before", "woken", "spawned after", "main"]
        );
    }
}

#[test]
fn what_other_threads_spawn_runs_in_their_order() {
    for executor in in_order() {
        let (log, handle) = (Log::new(), executor.handle().clone());
        let of_tasks = log.clone();
        executor
            .block_on(async move {
                let spawning = handle.clone();
                let outside = std::thread::spawn(move || {
                    let task = |n| {
                        let log = of_tasks.clone();
                        spawning.spawn(async move { log.add(n) })
                    };
                    (0..100).map(task).collect::<Vec<_>>()
                });
                for task in handle
                    .spawn_blocking(move || outside.join().unwrap())
                    .await
                    .unwrap()
                {
                    task.await.unwrap();
                }
            })
            .unwrap();
        assert_eq!(log.take(), (0..100).collect::<Vec<_>>());
    }
}

#[test]
fn what_comes_from_outside_goes_behind_what_is_ready() {
    let executor = Executor::builder().current_thread().build().unwrap();
    let (log, handle) = (Log::new(), executor.handle().clone());
    let of_tasks = log.clone();
    executor
        .block_on(async move {
            let named = |name| {
                let log = of_tasks.clone();
                async move { log.add(name) }
            };
            let first = spawn(named("inside"));
            let outside = named("outside");
            let second = std::thread::spawn(move || handle.spawn(outside))
                .join()
                .unwrap();
            yield_now().await;
            named("main").await;
            first.await.unwrap();
            second.await.unwrap();
        })
        .unwrap();
    assert_eq!(log.take(), ["inside", "main", "outside"]);
}

#[test]
fn callbacks_run_in_the_order_in_which_they_were_queued() {
    for executor in in_order() {
        let log = Log::new();
        let of_calls = log.clone();
        let scheduler = executor.handle().scheduler().clone();
        executor
            .block_on(async move {
                for n in 0..10 {
                    let log = of_calls.clone();
                    scheduler.call_soon(move || log.add(n));
                }
                yield_now().await;
            })
            .unwrap();
        assert_eq!(log.take(), (0..10).collect::<Vec<_>>());
    }
}
