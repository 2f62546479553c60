//! EM: how tasks and callbacks take turns, and what ends a run.

use crate::support::{Log, one_thread, runtime, secs};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::mpsc;
use tulipa::{Deferred, TaskError, gather, sleep, sleep_until, spawn, time, wait, yield_now};

/// EM-04
#[tulipa::test(flavour = "current_thread")]
async fn overdue_timers_fire_at_once_earliest_first() {
    let log = Log::new();
    sleep(secs(60)).await;
    let now = time::now();
    let overdue = |ago| {
        let log = log.clone();
        spawn(async move {
            sleep_until(now - secs(ago)).await;
            log.say(ago);
        })
    };
    gather([10, 30, 20].map(overdue)).await.unwrap();
    assert_eq!(log.take(), [30, 20, 10]);
    assert_eq!(time::now(), now);
}

/// EM-05
#[tulipa::test]
async fn what_is_cancelled_before_its_turn_never_runs() {
    let log = Log::new();
    let queued = spawn({
        let log = log.clone();
        async move { log.say("queued") }
    });
    let timed = spawn({
        let log = log.clone();
        async move {
            sleep(secs(1)).await;
            log.say("timed");
        }
    });
    let callback = timed.add_done_callback({
        let log = log.clone();
        move |_| log.say("callback")
    });
    assert!(queued.cancel());
    yield_now().await; // the timer may be armed
    assert!(timed.cancel() && callback.remove());
    sleep(secs(2)).await;
    assert!(log.take().is_empty());
    assert!(queued.is_cancelled() && timed.is_cancelled());
}

/// EM-10, T-13, R-02: what main panics with goes on in the caller of `run`, and the runtime serves on.
#[test]
fn a_panic_of_main_reaches_the_caller_of_run() {
    #[derive(Debug, PartialEq)]
    struct Broken(u8);
    let runtime = runtime();
    let run = || runtime.run(async { panic_any(Broken(7)) });
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&Broken(7)));
    assert_eq!(runtime.run(async { 1 }).unwrap(), 1);
}

/// EM-10: a task that is not main, and a callback, tear nothing open.
#[test]
fn a_panic_elsewhere_leaves_the_run_as_it_is() {
    let reports = Log::new();
    let told = reports.clone();
    let builder =
        one_thread().exception_handler(move |report| told.say(report.message().to_owned()));
    let main = async {
        let broken = spawn(async { panic!("broken") });
        broken.add_done_callback(|_| panic!("broken as well"));
        assert!(matches!(broken.await, Err(TaskError::Panicked(_))));
        yield_now().await;
        "main goes on"
    };
    assert_eq!(builder.run(main).unwrap(), "main goes on");
    assert_eq!(reports.take(), ["a callback panicked"]);
}

/// EM-11: nothing stops a run but its main; one that gives up leaves what it waited for to the next run.
#[test]
fn a_run_that_ends_early_leaves_its_task_pending_for_the_next() {
    let runtime = one_thread().virtual_time(true).build().unwrap();
    let given_up = async {
        let task = spawn(sleep(secs(60)).with("done"));
        let (_, pending) = wait([task]).timeout(secs(1)).await;
        pending
    };
    let task = runtime.run(given_up).unwrap().pop().unwrap();
    assert!(!task.is_done());
    assert_eq!(runtime.run(task).unwrap(), Ok("done"));
}

/// EM-14
#[test]
fn an_idle_runtime_is_woken_by_another_thread_and_runs_it_in_its_own() {
    let runtime = runtime();
    let handle = runtime.handle().clone();
    let (tell, told) = mpsc::channel();
    let gate = Deferred::<()>::new();
    let opened = gate.clone();
    let outside = std::thread::spawn(move || {
        crate::support::wait_until(|| handle.stats().workers()[0].sleeps > 0);
        let task = handle.spawn(async move {
            tell.send(std::thread::current().id()).unwrap();
            gate.set_result(()).unwrap();
        });
        task.result_blocking().unwrap();
    });
    runtime.run(opened).unwrap().unwrap();
    assert_eq!(told.recv(), Ok(std::thread::current().id()));
    runtime.run(yield_now()).unwrap();
    outside.join().unwrap();
}
