//! The end of an executor, and what blocks.

use crate::common::{Drops, Gate, Log, flavours, wait_until, yield_now};
use std::future::{pending, ready};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tulipa_executor::{BlockOnError, Executor};
use tulipa_task::{TaskRef, TaskState, all_tasks, cancel, spawn};

///
#[test]
fn every_task_is_cancelled_and_waited_for() {
    for (name, executor) in flavours() {
        let drops = Drops::default();
        let of_main = drops.clone();
        let tasks = executor.block_on(async move {
            let task = |_| {
                let dropped = of_main.one();
                spawn(async move {
                    let _dropped = dropped;
                    pending::<()>().await;
                })
            };
            let tasks: Vec<_> = (0..100).map(task).collect();
            yield_now().await;
            tasks
        });
        let report = executor.shutdown(pending()).unwrap();
        assert!(report.is_clean(), "{name}: {report}");
        assert_eq!(drops.count(), 100, "{name}");
        assert!(
            tasks.unwrap().iter().all(|task| task.is_cancelled()),
            "{name}"
        );
        assert!(
            executor.handle().scheduler().registry().is_empty(),
            "{name}"
        );
    }
}

///
#[test]
fn cleanup_may_await_and_is_waited_for() {
    for (name, executor) in flavours() {
        let log = Log::new();
        let cleaned = log.clone();
        executor
            .block_on(async move {
                drop(spawn(async move {
                    let _cancelled = cancel::catch(pending::<()>()).await;
                    for _ in 0..10 {
                        yield_now().await;
                    }
                    cleaned.add("cleaned up");
                }));
                yield_now().await;
                yield_now().await;
            })
            .unwrap();
        // It may not have begun on another worker, then it never does.
        let begun =
            executor.handle().stats().polls() > 3 || executor.handle().stats().workers().len() == 1;
        assert!(executor.shutdown(pending()).unwrap().is_clean(), "{name}");
        if begun {
            assert_eq!(log.take(), ["cleaned up"], "{name}");
        }
    }
}

///
#[test]
fn what_main_spawns_last_takes_its_first_step() {
    for (name, executor) in flavours() {
        let log = Log::new();
        let (begun, woken) = (log.clone(), log.clone());
        executor
            .block_on(async move {
                drop(spawn(async move {
                    begun.add("begun");
                    drop(spawn(async move { woken.add("begun") }));
                    pending::<()>().await;
                }));
            })
            .unwrap();
        assert!(executor.shutdown(pending()).unwrap().is_clean(), "{name}");
        assert_eq!(log.take(), ["begun", "begun"], "{name}");
    }
}

#[test]
fn who_waits_is_asked_before_whom_it_waits_for() {
    for round in 0..200 {
        let executor = Executor::builder().workers(4).build().unwrap();
        let log = Log::new();
        let of_main = log.clone();
        let main = async move {
            let mut last = spawn(pending::<()>());
            let mut awaited = Vec::new();
            for _ in 0..20 {
                let log = of_main.clone();
                awaited.push((*last).clone());
                last = spawn(async move {
                    let _cancelled = last.await;
                    log.add("went on");
                });
            }
            last.detach();
            while awaited.iter().any(|task| task.awaited_by().is_empty()) {
                yield_now().await;
            }
        };
        executor.block_on(main).unwrap();
        assert!(executor.shutdown(pending()).unwrap().is_clean());
        assert!(log.take().is_empty(), "round {round}");
    }
}

#[test]
fn cleanup_sees_the_tasks_of_the_program_and_no_other() {
    for (name, executor) in flavours() {
        let log = Log::new();
        let seen = log.clone();
        let main = async move {
            let cleanup = async move {
                let _cancelled = cancel::catch(pending::<()>()).await;
                seen.add(all_tasks().len());
            };
            spawn(cleanup).detach();
        };
        executor.block_on(main).unwrap();
        assert!(executor.shutdown(pending()).unwrap().is_clean(), "{name}");
        assert_eq!(log.take(), [1], "{name}");
    }
}

#[test]
fn tasks_that_give_way_for_ever_are_asked_to_end() {
    for (name, executor) in flavours() {
        executor
            .block_on(async {
                for _ in 0..4 {
                    drop(spawn(async {
                        loop {
                            yield_now().await;
                        }
                    }));
                }
            })
            .unwrap();
        assert!(executor.shutdown(pending()).unwrap().is_clean(), "{name}");
    }
}

/// A task that refuses every request, until `gate`; and says how many it got.
async fn stubborn(gate: Gate, requests: Log<&'static str>) {
    let mut passed = Box::pin(gate.passed());
    while cancel::catch(&mut passed).await.is_err() {
        requests.add("request");
    }
}

///
#[test]
fn a_task_is_asked_only_once() {
    let executor = Executor::builder().workers(1).build().unwrap();
    let (gate, requests) = (Gate::default(), Log::new());
    let task = executor
        .handle()
        .spawn(stubborn(gate.clone(), requests.clone()));
    executor.block_on(yield_now()).unwrap();
    let grace = gate.passed();
    let opens = std::thread::spawn({
        let requests = requests.clone();
        move || {
            wait_until("it was asked", || !requests.take().is_empty());
            gate.open();
        }
    });
    assert!(
        executor
            .shutdown(async move {
                grace.await;
                pending().await
            })
            .unwrap()
            .is_clean()
    );
    opens.join().unwrap();
    assert_eq!(
        task.state(),
        TaskState::Finished,
        "it refused, and was let finish"
    );
    assert!(requests.take().is_empty(), "no second request");
}

#[test]
fn who_is_late_is_aborted_and_named() {
    for (name, executor) in flavours() {
        let begun = Gate::default();
        let has_begun = begun.passed();
        let task = executor.handle().spawn(async move {
            tulipa_task::current_task().unwrap().set_name("mule");
            begun.open();
            stubborn(Gate::default(), Log::new()).await;
        });
        executor.block_on(has_begun).unwrap();
        let report = executor.shutdown(ready(())).unwrap();
        let names: Vec<_> = report.late().iter().map(|task| task.name()).collect();
        assert_eq!(names, ["mule"], "{name}");
        assert!(report.stuck().is_empty(), "{name}");
        assert!(
            report.to_string().contains("`mule`, spawned at"),
            "{report}"
        );
        assert!(task.is_cancelled(), "{name}");
    }
}

///
#[test]
fn what_cleanup_spawns_is_cancelled_and_waited_for_too() {
    for (name, executor) in flavours() {
        let log = Log::new();
        let (begun, cleaned) = (Gate::default(), log.clone());
        let has_begun = begun.passed();
        drop(executor.handle().spawn(async move {
            begun.open();
            let _cancelled = cancel::catch(pending::<()>()).await;
            let inner = spawn(async move {
                let _cancelled = cancel::catch(pending::<()>()).await;
                cleaned.add("inner");
            });
            // It has to have begun, or its cancellation finds nothing to clean up.
            for _ in 0..50 {
                yield_now().await;
            }
            drop(inner);
        }));
        executor.block_on(has_begun).unwrap();
        assert!(executor.shutdown(pending()).unwrap().is_clean(), "{name}");
        assert!(
            executor.handle().scheduler().registry().is_empty(),
            "{name}"
        );
        assert!(log.take().len() <= 1, "{name}");
    }
}

#[test]
fn callbacks_of_the_last_tasks_run() {
    for (name, executor) in flavours() {
        let (tell, told) = mpsc::channel();
        let task = executor.handle().spawn(pending::<()>());
        task.add_done_callback(move |task| tell.send(task.state()).unwrap());
        assert!(executor.shutdown(pending()).unwrap().is_clean());
        assert_eq!(told.recv(), Ok(TaskState::Cancelled), "{name}");
    }
}

/// EM-13, R-25, R-26, CT-11
#[test]
fn after_it_nothing_is_taken_and_each_call_says_so() {
    for (name, executor) in flavours() {
        assert!(executor.shutdown(pending()).unwrap().is_clean());
        assert!(executor.handle().is_closed());
        let error = executor.block_on(async {}).unwrap_err();
        assert!(matches!(error, BlockOnError::Closed), "{name}");
        assert!(error.to_string().contains("before `shutdown`"), "{error}");
        let handle = executor.handle().clone();
        let panic = std::panic::catch_unwind(AssertUnwindSafe(|| drop(handle.spawn(async {}))))
            .unwrap_err();
        let message = panic
            .downcast_ref::<&str>()
            .copied()
            .or(panic.downcast_ref::<String>().map(|text| &**text));
        assert!(
            message.unwrap().contains("has shut down"),
            "{name}: {message:?}"
        );
        assert!(
            executor.shutdown(pending()).unwrap().is_clean(),
            "a second time it does nothing"
        );
    }
}

#[test]
fn from_inside_it_is_an_error() {
    let executor = Arc::new(Executor::builder().workers(2).build().unwrap());
    let inside = executor.clone();
    let is_nested = move || matches!(inside.shutdown(pending()), Err(BlockOnError::Nested));
    assert!(executor.block_on(async move { is_nested() }).unwrap());
    assert_eq!(executor.block_on(async { 1 }).unwrap(), 1, "it goes on");
}

#[test]
fn a_poll_that_never_returns_is_reported_and_left_to_itself() {
    let executor = Executor::builder()
        .workers(2)
        .join_limit(Duration::ZERO)
        .build()
        .unwrap();
    let (begin, begun) = mpsc::channel();
    let (end, wait) = mpsc::channel::<()>();
    let task = executor.handle().spawn(async move {
        begin.send(()).unwrap();
        let _ = wait.recv(); // blocks the worker
    });
    begun.recv().unwrap();
    let report = executor.shutdown(ready(())).unwrap();
    assert_eq!(
        (report.stuck().len(), report.worker_threads()),
        (1, 1),
        "{report}"
    );
    assert!(
        report.to_string().contains("does not return from its poll"),
        "{report}"
    );
    drop(executor);
    end.send(()).unwrap();
    wait_until("the task ends after all", || task.is_done());
}

#[test]
fn dropping_an_executor_aborts_what_still_runs() {
    for (name, executor) in flavours() {
        let task = executor
            .handle()
            .spawn(stubborn(Gate::default(), Log::new()));
        executor.block_on(yield_now()).unwrap();
        let handle = executor.handle().clone();
        drop(executor);
        assert!(task.is_cancelled(), "{name}");
        assert!(handle.scheduler().registry().is_empty(), "{name}");
    }
}

#[test]
fn dropping_one_inside_its_own_task_does_not_wait_for_itself() {
    for workers in [2, 8] {
        let executor = Executor::builder().workers(workers).build().unwrap();
        let (handle, drops) = (executor.handle().clone(), Drops::default());
        let dropped = drops.one();
        let other = handle.spawn(async move {
            let _dropped = dropped;
            pending::<()>().await;
        });
        let task = handle.spawn(async move {
            drop(executor);
            yield_now().await;
        });
        wait_until("both are aborted", || task.is_done() && other.is_done());
        assert_eq!(drops.count(), 1);
        assert!(handle.is_closed());
    }
}

#[test]
fn dropping_one_inside_a_task_of_another_cancels_what_is_left() {
    let outer = Executor::builder().workers(1).build().unwrap();
    let drops = Drops::default();
    let dropped = drops.one();
    outer
        .block_on(async move {
            let inner = Executor::builder().workers(1).build().unwrap();
            let task = inner.handle().spawn(async move {
                let _dropped = dropped;
                pending::<()>().await;
            });
            drop(inner);
            assert!(task.is_cancelled());
        })
        .unwrap();
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_current_thread_executor_dropped_elsewhere_cancels_what_is_left() {
    let executor = Executor::builder().current_thread().build().unwrap();
    let drops = Drops::default();
    let dropped = drops.one();
    let task = executor.handle().spawn(async move {
        let _dropped = dropped;
        pending::<()>().await;
    });
    executor.block_on(yield_now()).unwrap();
    std::thread::spawn(move || drop(executor)).join().unwrap();
    assert!(task.is_cancelled());
    assert_eq!(drops.count(), 1);
}

/// The executor is found open, and is gone before the task is queued.
#[test]
fn what_is_spawned_as_an_executor_is_dropped_elsewhere_is_cancelled() {
    for at_home in [false, true] {
        for builder in [
            Executor::builder().workers(1),
            Executor::builder().workers(2),
            Executor::builder().current_thread(),
        ] {
            let inner = builder.build().unwrap();
            inner.block_on(yield_now()).unwrap();
            let (handle, drops) = (inner.handle().clone(), Drops::default());
            let dropped = drops.one();
            let make = move || {
                drop(inner);
                async move {
                    let _dropped = dropped;
                    pending::<()>().await;
                }
            };
            let task = tulipa_task::Builder::new().on(handle.scheduler());
            let task = if at_home { task.home(0) } else { task };
            let outer = Executor::builder().current_thread().build().unwrap();
            let task = outer.block_on(async move { TaskRef::clone(&task.spawn_with(make)) });
            let task = task.unwrap();
            wait_until("it is cancelled", || task.is_done());
            assert!(task.is_cancelled());
            assert_eq!(drops.count(), 1);
        }
    }
}

#[test]
fn what_is_to_run_after_the_end_is_dropped() {
    for builder in [
        Executor::builder().workers(2),
        Executor::builder().current_thread(),
    ] {
        let executor = builder.build().unwrap();
        let handle = executor.handle().clone();
        let task = handle.spawn(async {});
        assert!(executor.shutdown(pending()).unwrap().is_clean());
        let (told, hear) = mpsc::channel::<()>();
        let called = told.clone();
        task.add_done_callback(move |_| called.send(()).unwrap());
        handle.scheduler().call_soon(move || told.send(()).unwrap());
        assert!(hear.recv().is_err(), "both are gone, with what they hold");
    }
}
