//! The blocking pool: TT-01 to TT-11, its limit, its accounts.

use crate::common::{Drops, VirtualTime, flavours, wait_until, yield_now};
use std::error::Error;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use tulipa_executor::{Executor, Handle, PoolStats};
use tulipa_task::{TaskError, TaskState, context_var, spawn};

fn one_worker() -> Executor {
    Executor::builder().workers(1).build().unwrap()
}

fn small_pool(threads: usize) -> Executor {
    Executor::builder()
        .workers(1)
        .max_blocking_threads(threads)
        .build()
        .unwrap()
}

/// A job that says when it has begun, and ends when it is told.
fn job() -> (impl FnOnce() -> u8 + Send, Receiver<()>, Sender<u8>) {
    let (tell, begun) = mpsc::channel();
    let (end, wait) = mpsc::channel();
    let job = move || {
        tell.send(()).unwrap();
        wait.recv().unwrap_or(0)
    };
    (job, begun, end)
}

fn stats(handle: &Handle) -> [usize; 3] {
    let PoolStats {
        threads,
        idle,
        queued,
        ..
    } = handle.stats().blocking();
    [threads, idle, queued]
}

/// TT-01
#[test]
fn a_job_runs_once_on_another_thread_and_gives_its_result() {
    for (name, executor) in flavours() {
        let handle = executor.handle().clone();
        let main = std::thread::current().id();
        let (count, counted) = mpsc::channel();
        let job = move || {
            count.send(()).unwrap();
            std::thread::current().id()
        };
        let thread = executor
            .block_on(async move { handle.spawn_blocking(job).await.unwrap() })
            .unwrap();
        assert_ne!(thread, main, "{name}");
        assert_eq!(counted.iter().count(), 1, "{name}");
    }
}

#[test]
fn a_result_need_not_be_cloneable() {
    struct Unique(u8);
    let executor = one_worker();
    let handle = executor.handle().clone();
    let result =
        executor.block_on(async move { handle.spawn_blocking(|| Unique(5)).await.unwrap().0 });
    assert_eq!(result.unwrap(), 5);
}

/// TT-02
#[test]
fn a_panic_in_the_job_is_that_of_the_await() {
    let executor = one_worker();
    let handle = executor.handle().clone();
    let error = executor.block_on(async move {
        handle
            .spawn_blocking(|| panic!("no disk"))
            .await
            .map(drop)
            .unwrap_err()
    });
    let TaskError::Panicked(panic) = error.unwrap() else {
        panic!("it panicked")
    };
    assert_eq!(panic.message(), Some("no disk"));
}

/// TT-04
#[test]
fn jobs_run_at_once_up_to_the_limit() {
    let executor = small_pool(3);
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            let all_three = Arc::new(Barrier::new(3));
            let jobs = [(); 3].map(|()| {
                let all_three = all_three.clone();
                handle.spawn_blocking(move || all_three.wait())
            });
            for job in jobs {
                job.await.unwrap();
            }
        })
        .unwrap();
}

/// However fast the queue moves, nobody waits for a job that blocks.
#[test]
fn jobs_that_block_among_short_ones_all_have_a_thread() {
    let executor = one_worker();
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            let all = Arc::new(Barrier::new(20));
            let mut jobs = Vec::new();
            for n in 0..2_000 {
                let all = (n % 100 == 0).then(|| all.clone());
                jobs.push(handle.spawn_blocking(move || {
                    if let Some(all) = all {
                        all.wait();
                    }
                }));
            }
            for job in jobs {
                job.await.unwrap();
            }
        })
        .unwrap();
}

#[test]
fn a_job_does_not_wait_for_one_that_blocks() {
    let executor = one_worker();
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            for _ in 0..100 {
                let (job, begun, end) = job();
                let blocks = handle.spawn_blocking(job);
                begun.recv().unwrap();
                assert_eq!(handle.spawn_blocking(|| 2).await, Ok(2));
                end.send(1).unwrap();
                assert_eq!(blocks.await, Ok(1));
            }
        })
        .unwrap();
}

/// After a burst a thread looks at the queue now and then, and falls asleep in between: whoever is called must come, at whatever
/// moment of that.
#[test]
fn a_job_that_blocks_soon_after_a_burst_holds_up_no_other() {
    let executor = one_worker();
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            for round in 0..2_000 {
                let burst: Vec<_> = (0..20).map(|n| handle.spawn_blocking(move || n)).collect();
                for job in burst {
                    job.await.unwrap();
                }
                (0..round * 37 % 6_000).for_each(|_| std::hint::spin_loop());
                let (end, wait) = mpsc::channel();
                let blocks = handle.spawn_blocking(move || wait.recv().unwrap());
                let ends_it = handle.spawn_blocking(move || end.send(round).unwrap());
                assert_eq!((ends_it.await, blocks.await), (Ok(()), Ok(round)));
            }
        })
        .unwrap();
}

/// TT-04
#[test]
fn a_job_beyond_the_limit_waits_for_a_thread() {
    let executor = small_pool(1);
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            let (job, begun, end) = job();
            let first = handle.spawn_blocking(job);
            begun.recv().unwrap();
            let second = handle.spawn_blocking(|| 2);
            assert_eq!(stats(&handle), [1, 0, 1]);
            end.send(1).unwrap();
            assert_eq!((first.await, second.await), (Ok(1), Ok(2)));
            wait_until("the thread is idle", || stats(&handle) == [1, 1, 0]);
        })
        .unwrap();
}

#[test]
fn a_job_takes_an_idle_thread_before_a_new_one() {
    let executor = one_worker();
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            for n in 0..100 {
                assert_eq!(handle.spawn_blocking(move || n).await, Ok(n));
                wait_until("the thread is idle", || stats(&handle) == [1, 1, 0]);
            }
        })
        .unwrap();
}

#[test]
fn idle_threads_end_after_their_time() {
    let executor = Executor::builder()
        .workers(1)
        .blocking_keep_alive(Duration::ZERO)
        .build()
        .unwrap();
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            let jobs = [1, 2, 3].map(|n| handle.spawn_blocking(move || n));
            for job in jobs {
                job.await.unwrap();
            }
            wait_until("the threads end", || stats(&handle) == [0, 0, 0]);
            assert_eq!(handle.spawn_blocking(|| 4).await, Ok(4));
        })
        .unwrap();
}

context_var! { static COLOUR: &'static str = "white" }

/// TT-05
#[test]
fn a_job_sees_the_context_of_its_spawner_and_changes_only_its_own() {
    let executor = one_worker();
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            COLOUR.set("red");
            let job = handle.spawn_blocking(|| {
                let seen = COLOUR.get();
                COLOUR.set("black");
                seen
            });
            COLOUR.set("yellow");
            assert_eq!(job.await, Ok("red"));
            assert_eq!(COLOUR.get(), "yellow");
        })
        .unwrap();
}

/// TT-07
#[test]
fn a_job_that_runs_when_its_awaiter_is_cancelled_runs_on_and_is_forgotten() {
    let executor = one_worker();
    let handle = executor.handle().clone();
    let drops = Drops::default();
    let of_job = drops.one();
    executor
        .block_on(async move {
            let (job, begun, end) = job();
            let (tell, ended) = mpsc::channel();
            let blocking = handle.clone();
            let awaiter = spawn(async move {
                let job = move || {
                    let n = job();
                    tell.send(n).unwrap();
                    of_job
                };
                blocking.spawn_blocking(job).await.map(drop)
            });
            while begun.try_recv().is_err() {
                yield_now().await;
            }
            awaiter.cancel();
            let task = awaiter.task_ref().clone();
            assert!(
                awaiter.await.is_err(),
                "at once, though the job has not ended"
            );
            assert_eq!(task.state(), TaskState::Cancelled);
            end.send(3).unwrap();
            assert_eq!(ended.recv(), Ok(3), "it ran to its end");
        })
        .unwrap();
    drop(executor); // joins the pool
    assert_eq!(drops.count(), 1, "its result was dropped");
}

/// TT-08
#[test]
fn a_job_that_is_queued_when_its_awaiter_is_cancelled_never_runs() {
    let executor = small_pool(1);
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            let (job, begun, end) = job();
            let first = handle.spawn_blocking(job);
            begun.recv().unwrap();
            let (tell, ran) = mpsc::channel();
            let blocking = handle.clone();
            let awaiter = spawn(async move {
                blocking
                    .spawn_blocking(move || tell.send(()).unwrap())
                    .await
            });
            yield_now().await;
            awaiter.cancel();
            assert!(awaiter.await.is_err());
            end.send(1).unwrap();
            first.await.unwrap();
            handle.spawn_blocking(|| ()).await.unwrap(); // behind it in the queue
            assert!(ran.recv().is_err(), "it was dropped");
        })
        .unwrap();
}

#[test]
fn a_job_that_nobody_awaits_runs_all_the_same() {
    let executor = one_worker();
    let (tell, ran) = mpsc::channel();
    drop(
        executor
            .handle()
            .spawn_blocking(move || tell.send(1).unwrap()),
    );
    assert_eq!(ran.recv(), Ok(1));
}

/// TT-10
#[test]
fn a_thread_of_the_pool_is_no_worker() {
    let executor = one_worker();
    let handle = executor.handle().clone();
    let inside = || {
        let scheduler = tulipa_task::Scheduler::current().is_some();
        (
            Handle::current().is_some(),
            scheduler,
            tulipa_task::current_task().is_some(),
        )
    };
    let inside = executor.block_on(async move { handle.spawn_blocking(inside).await.unwrap() });
    assert_eq!(inside.unwrap(), (false, false, false));
}

/// TT-11
#[test]
fn after_shutdown_a_job_is_refused_with_the_remedy() {
    let executor = one_worker();
    assert!(
        executor
            .shutdown(std::future::pending())
            .unwrap()
            .is_clean()
    );
    let error = executor.handle().try_spawn_blocking(|| ()).unwrap_err();
    assert!(error.is_closed());
    assert!(error.to_string().contains("before `shutdown`"), "{error}");
}

#[test]
#[should_panic(expected = "a blocking job on an executor that has shut down")]
fn after_shutdown_spawn_blocking_panics() {
    let executor = one_worker();
    assert!(
        executor
            .shutdown(std::future::pending())
            .unwrap()
            .is_clean()
    );
    drop(executor.handle().spawn_blocking(|| ()));
}

#[test]
fn a_pool_that_finds_no_thread_says_so_and_keeps_its_accounts() {
    // No machine has room for a stack of this size; one worker needs none.
    let executor = Executor::builder()
        .workers(1)
        .stack_size(1 << 60)
        .build()
        .unwrap();
    let error = executor.handle().try_spawn_blocking(|| ()).unwrap_err();
    assert!(!error.is_closed());
    assert!(error.source().is_some());
    assert!(
        error.to_string().contains("raise the limit on threads"),
        "{error}"
    );
    assert_eq!(stats(executor.handle()), [0, 0, 0]);
}

///
#[test]
fn at_shutdown_a_queued_job_is_cancelled_and_a_running_one_is_waited_for() {
    let executor = small_pool(1);
    let (job, begun, end) = job();
    let running = executor.handle().spawn_blocking(job);
    begun.recv().unwrap();
    let (tell, ran) = mpsc::channel();
    let queued = executor
        .handle()
        .spawn_blocking(move || tell.send(()).unwrap());
    let ends = std::thread::spawn(move || {
        assert!(ran.recv().is_err(), "cancelled, and dropped");
        end.send(1).unwrap();
    });
    assert!(
        executor
            .shutdown(std::future::pending())
            .unwrap()
            .is_clean()
    );
    ends.join().unwrap();
    assert_eq!(running.state(), TaskState::Finished);
    assert_eq!(queued.state(), TaskState::Cancelled);
    assert_eq!(stats(executor.handle()), [0, 0, 0]);
}

///
#[test]
fn a_job_that_does_not_end_is_reported_and_left_to_itself() {
    let executor = Executor::builder()
        .workers(1)
        .join_limit(Duration::ZERO)
        .build()
        .unwrap();
    let (job, begun, end) = job();
    let running = executor.handle().spawn_blocking(job);
    begun.recv().unwrap();
    let report = executor.shutdown(std::future::pending()).unwrap();
    assert_eq!(report.blocking_threads(), 1);
    assert!(
        report.to_string().contains("1 blocking jobs do not end"),
        "{report}"
    );
    end.send(1).unwrap();
    wait_until("the job ends by itself", || running.is_done());
}

#[test]
fn a_destructor_that_panics_in_a_job_costs_no_thread() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let executor = small_pool(1);
    let handle = executor.handle().clone();
    executor
        .block_on(async move {
            // Nobody awaits the first, so its result is dropped; the second drops what it has captured.
            drop(handle.spawn_blocking(|| Bomb));
            let captured = Bomb;
            assert!(handle.spawn_blocking(move || drop(captured)).await.is_err());
            assert_eq!(handle.spawn_blocking(|| 1).await, Ok(1));
            assert_eq!(handle.stats().blocking().threads, 1);
        })
        .unwrap();
}

#[test]
fn time_stands_still_while_a_job_is_in_flight() {
    for workers in [1, 2] {
        let builders = [
            Executor::builder().workers(workers),
            Executor::builder().deterministic(5).workers(workers),
        ];
        for builder in builders {
            let time = VirtualTime::new();
            let executor = builder.driver(time.clone()).build().unwrap();
            let handle = executor.handle().clone();
            executor
                .block_on(async move {
                    let sleeper = spawn(time.sleep(1_000));
                    let (job, begun, end) = job();
                    let at_begin = time.clone();
                    let running = handle.spawn_blocking(job);
                    let ends = std::thread::spawn(move || {
                        begun.recv().unwrap();
                        for _ in 0..100 {
                            std::thread::yield_now(); // time enough to go wrong
                        }
                        assert_eq!(at_begin.now(), 0);
                        end.send(1).unwrap();
                    });
                    running.await.unwrap();
                    assert_eq!(time.now(), 0, "the job has just ended");
                    sleeper.await.unwrap();
                    assert_eq!(time.now(), 1_000);
                    ends.join().unwrap();
                })
                .unwrap();
        }
    }
}

#[test]
fn time_moves_on_after_a_job_whose_end_wakes_nobody() {
    for round in 0..200 {
        let time = VirtualTime::new();
        let executor = Executor::builder()
            .workers(1 + round % 3)
            .driver(time.clone())
            .build()
            .unwrap();
        let handle = executor.handle().clone();
        executor
            .block_on(async move {
                drop(handle.spawn_blocking(|| ()));
                time.sleep(5).await;
                assert_eq!(time.now(), 5);
            })
            .unwrap();
    }
}

/// A job is not shown as the deferred that it ends in.
#[test]
fn who_awaits_a_job_waits_for_a_job() {
    let executor = one_worker();
    let handle = executor.handle().clone();
    let leaf = executor.block_on(async move {
        let (job, _begun, end) = job();
        let awaiting = spawn(async move { handle.spawn_blocking(job).await.unwrap() });
        while awaiting.waits_for().is_none() {
            yield_now().await;
        }
        let waits = awaiting.waits_for().unwrap();
        end.send(7).unwrap();
        assert_eq!((awaiting.await, waits.others()), (Ok(7), 0));
        waits.leaf()
    });
    assert_eq!(leaf.unwrap(), tulipa_task::Leaf::Job);
}
