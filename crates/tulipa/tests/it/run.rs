//! `run` and `Runtime`: what they return, and what becomes of what is left. IDs are those of `asyncio-behaviours.md`.

use parking_lot::Mutex;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tulipa::{
    Builder, RunError, Runtime, cancel, current_task, sleep, spawn, to_thread, try_spawn,
};

/// What happened, in order.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn note(&self, what: &'static str) {
        self.0.lock().push(what);
    }

    fn all(&self) -> Vec<&'static str> {
        self.0.lock().clone()
    }
}

///
#[test]
fn run_returns_what_main_returns() {
    assert_eq!(tulipa::run(async { "value" }).unwrap(), "value");
}

///
#[test]
fn what_is_left_is_cancelled_and_waited_for() {
    let log = Log::default();
    let seen = log.clone();
    let value = tulipa::run(async move {
        let left = spawn(async move {
            if let Err(cancelled) = cancel::catch(pending::<()>()).await {
                log.note("cancelled");
                tulipa::yield_now().await;
                log.note("cleaned up");
                cancelled.resume().await
            }
        });
        while left.cancelling() == 0 && !left.is_done() {
            tulipa::yield_now().await;
            if current_task().is_some() {
                break;
            }
        }
        1
    });
    assert_eq!(value.unwrap(), 1);
    // It may have been cancelled before its first step, in which case its body never ran (TC-05).
    assert!(
        [vec![], vec!["cancelled", "cleaned up"]].contains(&seen.all()),
        "{:?}",
        seen.all()
    );
}

/// a panic of main goes on, after the cleanup of what is left.
#[test]
fn a_panic_of_main_goes_on_after_the_cleanup() {
    let log = Log::default();
    let seen = log.clone();
    let started = Arc::new(tulipa::Deferred::<()>::new());
    let panic = catch_unwind(AssertUnwindSafe(|| {
        tulipa::run(async move {
            let begun = started.clone();
            spawn(async move {
                begun.set_result(()).unwrap();
                let Err(cancelled) = cancel::catch(pending::<()>()).await else {
                    unreachable!()
                };
                log.note("cleaned up");
                cancelled.resume::<()>().await
            })
            .detach();
            (*started).clone().await.unwrap();
            panic!("main is broken");
        })
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"main is broken"));
    assert_eq!(seen.all(), ["cleaned up"]);
}

/// what refuses the cancellation is waited for, to its own end.
#[test]
fn what_refuses_the_cancellation_is_waited_for() {
    let log = Log::default();
    let seen = log.clone();
    let started = tulipa::Deferred::<()>::new();
    let value = Builder::new()
        .virtual_time(true)
        .grace(Duration::MAX)
        .run(async move {
            let begun = started.clone();
            spawn(async move {
                begun.set_result(()).unwrap();
                let _refused = cancel::catch(pending::<()>()).await;
                sleep(Duration::from_secs(3600)).await;
                log.note("done in its own time");
            })
            .detach();
            started.await.unwrap();
            1
        });
    assert_eq!(value.unwrap(), 1);
    assert_eq!(seen.all(), ["done in its own time"]);
}

/// The grace is over: the task is aborted, whatever it catches.
#[test]
fn what_outlasts_the_grace_is_aborted_and_reported() {
    let runtime = Runtime::builder()
        .workers(2)
        .virtual_time(true)
        .grace(Duration::from_secs(5))
        .build()
        .unwrap();
    let started = tulipa::Deferred::<()>::new();
    let begun = started.clone();
    let stubborn = tulipa::task::Builder::new()
        .name("stubborn")
        .on(runtime.handle().scheduler())
        .spawn(async move {
            begun.set_result(()).unwrap();
            loop {
                let _refused = cancel::catch(pending::<()>()).await;
            }
        });
    runtime.run(async move { started.await.unwrap() }).unwrap();
    let report = runtime.shutdown().unwrap();
    assert!(!report.is_clean());
    assert!(report.to_string().contains("stubborn"), "{report}");
    assert!(stubborn.is_cancelled());
}

///
#[test]
fn threads_are_waited_for() {
    let log = Log::default();
    let seen = log.clone();
    tulipa::run(async move {
        let (begun, began) = std::sync::mpsc::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let job = spawn(to_thread(move || {
            begun.send(()).unwrap();
            let _ = finished.recv(); // until main is over
            log.note("the thread is through");
        }));
        to_thread(move || began.recv().unwrap()).await.unwrap();
        drop((job, finish));
    })
    .unwrap();
    assert_eq!(seen.all(), ["the thread is through"]);
}

///
#[test]
fn threads_are_waited_for_up_to_a_limit_and_reported() {
    let builder = Runtime::builder().workers(2).join_limit(Duration::ZERO);
    let runtime = builder.build().unwrap();
    let (begun, began) = std::sync::mpsc::channel();
    let (finish, finished) = std::sync::mpsc::channel::<()>();
    let job = to_thread(move || {
        begun.send(()).unwrap();
        let _ = finished.recv();
    });
    runtime.handle().spawn(job).detach();
    began.recv().unwrap();
    let report = runtime.shutdown().unwrap();
    assert_eq!(report.blocking_threads(), 1, "{report}");
    drop(finish);
}

///
#[test]
fn a_main_that_is_cancelled_ends_run_with_an_error_and_its_message() {
    let ended = tulipa::run(async {
        current_task().unwrap().cancel_with("enough");
        pending::<()>().await
    });
    let Err(RunError::Cancelled(cancelled)) = ended else {
        panic!("{ended:?}")
    };
    assert_eq!(cancelled.message(), Some("enough"));
}

///
#[test]
fn a_task_lives_on_from_one_run_to_the_next() {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    let (gate, task) = runtime
        .run(async {
            let gate = tulipa::Deferred::<i32>::new();
            let waiting = gate.clone();
            (gate, spawn(async move { waiting.await.unwrap() + 1 }))
        })
        .unwrap();
    assert!(!task.is_done());
    let result = runtime.run(async move {
        gate.set_result(41).unwrap();
        task.await
    });
    assert_eq!(result.unwrap(), Ok(42));
}

///
#[test]
fn an_error_in_a_cleanup_at_the_end_is_reported() {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let told = reports.clone();
    let started = tulipa::Deferred::<()>::new();
    Builder::new()
        .exception_handler(move |report| told.lock().push(report.to_string()))
        .run(async move {
            let begun = started.clone();
            let failing = try_spawn(async move {
                begun.set_result(()).unwrap();
                let _ = cancel::catch(pending::<()>()).await;
                Err::<(), _>("the file is gone")
            });
            failing.set_name("closing");
            failing.detach();
            started.await.unwrap();
        })
        .unwrap();
    let reports = reports.lock();
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(
        reports[0].contains("closing") && reports[0].contains("the file is gone"),
        "{reports:?}"
    );
}

/// The main future need not be `Send`.
#[test]
fn main_stays_on_its_thread() {
    let thread = std::thread::current().id();
    let local = std::rc::Rc::new(1);
    let same = tulipa::run(async move {
        for _ in 0..100 {
            let task = spawn(tulipa::yield_now());
            task.await.unwrap();
            assert_eq!(std::thread::current().id(), thread);
        }
        *local
    });
    assert_eq!(same.unwrap(), 1);
}
