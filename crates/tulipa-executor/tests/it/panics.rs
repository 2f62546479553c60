//! A panic anywhere takes no worker down, loses no other task, and is told.

use crate::common::{Gate, Log, flavours, yield_now};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use tulipa_executor::{BlockOnError, Driver, Executor, ThreadDriver};
use tulipa_task::{TaskError, spawn};

/// All flavours, with a handler that keeps what it is told.
fn told() -> Vec<(Executor, Log<String>)> {
    let builders = [
        Executor::builder().workers(1),
        Executor::builder().workers(2),
        Executor::builder().workers(8),
        Executor::builder().current_thread(),
        Executor::builder().deterministic(9).workers(2),
    ];
    let build = |builder: tulipa_executor::Builder| {
        let log = Log::new();
        let told = log.clone();
        (
            builder
                .report(move |report| told.add(report.to_string()))
                .build()
                .unwrap(),
            log,
        )
    };
    builders.into_iter().map(build).collect()
}

/// Tasks that have to run all the same.
async fn others_run() {
    for task in (0..50).map(|n| spawn(async move { n })).collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[test]
fn in_tasks_it_is_theirs_and_the_others_run() {
    for (name, executor) in flavours() {
        let panics = executor.block_on(async {
            let tasks: Vec<_> = (0..100)
                .map(|n| {
                    spawn(async move {
                        yield_now().await;
                        assert!(n % 2 == 0, "odd: {n}");
                    })
                })
                .collect();
            let mut panics = 0;
            for task in tasks {
                panics += usize::from(matches!(task.await, Err(TaskError::Panicked(_))));
            }
            panics
        });
        assert_eq!(panics.unwrap(), 50, "{name}");
    }
}

#[test]
fn in_main_it_is_the_error_of_block_on() {
    for (name, executor) in flavours() {
        let error = executor
            .block_on(async {
                yield_now().await;
                panic!("main is out of tulips")
            })
            .map(|never: ()| never)
            .unwrap_err();
        let BlockOnError::Panicked(panic) = &error else {
            panic!("{name}: {error}")
        };
        assert_eq!(panic.message(), Some("main is out of tulips"));
        executor.block_on(others_run()).unwrap();
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

#[test]
fn in_a_destructor_of_a_cancelled_task_it_is_the_tasks() {
    for (executor, _) in told() {
        executor
            .block_on(async {
                let task = spawn(async {
                    let _bomb = Bomb;
                    std::future::pending::<()>().await;
                });
                yield_now().await;
                yield_now().await;
                task.cancel();
                let _cancelled_before_its_first_step_or_after = task.await;
                others_run().await;
            })
            .unwrap();
    }
}

#[test]
fn in_a_destructor_of_an_outcome_that_nobody_takes_it_is_reported() {
    for (executor, told) in told() {
        executor
            .block_on(async {
                drop(spawn(async { Bomb }));
                others_run().await;
                yield_now().await;
            })
            .unwrap();
        assert!(
            executor
                .shutdown(std::future::pending())
                .unwrap()
                .is_clean()
        );
        let told = told.take();
        assert!(
            told.iter().any(|report| report.contains("in a destructor")),
            "{told:?}"
        );
    }
}

#[test]
fn in_a_callback_it_is_reported() {
    for (executor, told) in told() {
        executor
            .block_on(async {
                let task = spawn(async {});
                task.add_done_callback(|_| panic!("in a callback"));
                task.await.unwrap();
                others_run().await;
            })
            .unwrap();
        assert!(
            executor
                .shutdown(std::future::pending())
                .unwrap()
                .is_clean()
        );
        let told = told.take();
        assert!(
            told.iter().any(|report| report.contains("in a callback")),
            "{told:?}"
        );
    }
}

/// A waker of somebody who does not know better.
struct BadWaker;

impl Wake for BadWaker {
    fn wake(self: Arc<Self>) {
        panic!("in a waker");
    }
}

#[test]
fn in_a_foreign_waker_it_is_reported_and_the_other_waiters_are_told() {
    for (executor, told) in told() {
        executor
            .block_on(async {
                let gate = Gate::default();
                let deferred = tulipa_task::Deferred::<u8>::new();
                let waiter = spawn({
                    let (deferred, gate) = (deferred.clone(), gate.clone());
                    async move {
                        gate.open();
                        deferred.await
                    }
                });
                gate.passed().await;
                let mut foreign = deferred.clone();
                let waker = Waker::from(Arc::new(BadWaker));
                let poll = std::pin::Pin::new(&mut foreign);
                assert!(
                    Future::poll(poll, &mut std::task::Context::from_waker(&waker)).is_pending()
                );
                deferred.set_result(4).unwrap();
                assert_eq!(waiter.await.unwrap(), Ok(4));
                others_run().await;
            })
            .unwrap();
        let told = told.take();
        assert!(
            told.iter().any(|report| report.contains("in a waker")),
            "{told:?}"
        );
    }
}

use std::future::Future;

/// A driver that panics once in each of its methods, as one does that calls a waker of `BadWaker`'s kind.
#[derive(Default)]
struct BadDriver {
    thread: ThreadDriver,
    parked: AtomicBool,
    polled: AtomicBool,
    asked: AtomicBool,
}

impl Driver for BadDriver {
    fn park(&self) {
        assert!(self.parked.swap(true, Ordering::SeqCst), "panicked in park");
        self.thread.park();
    }
    fn poll(&self) {
        assert!(self.polled.swap(true, Ordering::SeqCst), "panicked in poll");
    }
    fn unpark(&self) {
        self.thread.unpark();
    }
    fn quiescent(&self) -> bool {
        assert!(
            self.asked.swap(true, Ordering::SeqCst),
            "panicked in quiescent"
        );
        false
    }
}

#[test]
fn in_the_driver_it_is_reported_and_the_worker_parks_again() {
    for workers in [1, 2, 8] {
        let log = Log::new();
        let told = log.clone();
        let driver = Arc::new(BadDriver::default());
        let executor = Executor::builder()
            .workers(workers)
            .driver(driver.clone())
            .report(move |report| told.add(report.to_string()))
            .build()
            .unwrap();
        let gate = Gate::default();
        let opens = gate.clone();
        let handle = executor.handle().clone();
        executor
            .block_on(async move {
                let passes = gate.passed();
                // From a blocking job, so that all workers get to sleep.
                handle.spawn_blocking(move || opens.open()).await.unwrap();
                passes.await;
                // With more workers, one of the others is in the driver all the time, and it is parked in, not polled.
                while workers == 1 && !driver.polled.load(Ordering::SeqCst) {
                    yield_now().await;
                }
                others_run().await;
            })
            .unwrap();
        assert!(
            executor
                .shutdown(std::future::pending())
                .unwrap()
                .is_clean()
        );
        let told = log.take();
        let expected = if workers == 1 {
            "panicked in poll"
        } else {
            "panicked in park"
        };
        assert!(
            told.iter().any(|report| report.contains(expected)),
            "{told:?}"
        );
    }
}

#[test]
fn in_the_handler_of_reports_it_costs_only_the_report() {
    let executor = Executor::builder()
        .workers(2)
        .report(|_| panic!("in the handler"))
        .build()
        .unwrap();
    executor
        .block_on(async {
            for _ in 0..10 {
                drop(spawn(async { panic!("nobody reads this") }));
            }
            others_run().await;
        })
        .unwrap();
}
