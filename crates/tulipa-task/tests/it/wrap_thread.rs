//! `wrap_thread`: results that another thread has. Here the threads are the test itself, so that each order is certain.

use crate::support::Bench;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use tulipa_task::{
    Awaitable, IntoTask, TaskError, TaskState, ThreadFuture, cancel, spawn, try_wrap_thread,
    wrap_thread,
};

/// No `Clone`, as most results are.
#[derive(Debug, PartialEq)]
struct Tulip(u8);

/// WP-01
#[test]
fn what_a_thread_gives_is_had_by_the_task_that_awaits() {
    let bench = Bench::new();
    let (promise, future) = wrap_thread();
    let task = bench.spawn(future);
    bench.run();
    let thread = std::thread::spawn(move || promise.set_result(Tulip(1)).is_ok());
    assert!(thread.join().unwrap());
    assert!(
        !task.is_done(),
        "that takes a step of the task, on its executor"
    );
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&Ok(Tulip(1)))));
}

/// WP-02
#[test]
fn it_is_a_task_already() {
    let (_promise, future) = wrap_thread::<Tulip>();
    let same = future.task_ref().clone();
    assert_eq!(*future.into_task().task_ref(), same);
}

/// WP-03: there is no copy to be made on the loop, so nobody finds it pending.
#[test]
fn what_is_there_before_is_given_at_once() {
    let bench = Bench::new();
    let (promise, future) = wrap_thread();
    promise.set_result(Tulip(1)).unwrap();
    assert!(future.is_done());
    let task = bench.spawn(future);
    assert_eq!(bench.run(), 1, "a single poll");
    assert_eq!(task.result(), Ok(Ok(&Ok(Tulip(1)))));
}

/// WP-04
#[test]
fn an_error_or_panic_of_the_thread_is_its_end() {
    let bench = Bench::new();
    let (promise, future) = try_wrap_thread::<Tulip, _>();
    promise.set_error(Tulip(2)).unwrap();
    assert_eq!(future.state(), TaskState::Failed);
    let task = bench.spawn(future);
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&Err(TaskError::Failed(Tulip(2))))));

    let (promise, mut future) = wrap_thread::<Tulip>();
    promise.run(|| panic!("as planned"));
    let Some(Err(TaskError::Panicked(panic))) = future.take_outcome() else {
        panic!("{future:?}")
    };
    assert_eq!(panic.message(), Some("as planned"));
}

/// WP-05
#[test]
fn a_job_that_is_cancelled_before_it_begins_never_does() {
    let bench = Bench::new();
    let (promise, future) = wrap_thread::<()>();
    let task = bench.spawn(future);
    bench.run();
    task.cancel();
    bench.run();
    assert!(task.is_cancelled() && promise.is_cancelled());
    promise.run(|| unreachable!("nobody wants it"));
}

/// WP-06
#[test]
fn a_job_that_is_cancelled_while_it_runs_goes_on_and_its_end_is_dropped_in_silence() {
    let bench = Bench::new();
    let (promise, future) = try_wrap_thread::<(), _>();
    let task = bench.spawn(future);
    bench.run();
    promise.try_run(|| {
        task.cancel();
        bench.run();
        assert!(task.is_cancelled(), "at once");
        Err("nobody hears this")
    });
    // And the bench sees to it that nothing was reported.
}

/// WP-07: the result has come, but the task has not had it yet.
#[test]
fn a_request_wins_over_a_result_that_was_not_seen_which_is_kept() {
    let bench = Bench::new();
    let (promise, mut future) = wrap_thread();
    let (kept, was_kept) = mpsc::channel();
    let task = bench.spawn(async move {
        let cancelled = cancel::catch(&mut future).await;
        kept.send(future).unwrap();
        cancelled.is_err()
    });
    bench.run();
    promise.set_result(Tulip(1)).unwrap();
    task.cancel();
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&true)));
    assert_eq!(was_kept.recv().unwrap().take_outcome(), Some(Ok(Tulip(1))));
}

/// WP-08
#[test]
fn a_promise_that_is_dropped_cancels() {
    let bench = Bench::new();
    let (promise, future) = wrap_thread::<Tulip>();
    let task = bench.spawn(async { future.await.is_err_and(|error| error.is_cancelled()) });
    bench.run();
    drop(promise);
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&true)));
}

/// WP-09
#[test]
fn the_thread_does_not_mind_if_the_runtime_has_gone() {
    let (promise, future) = wrap_thread();
    let (for_another, left) = wrap_thread();
    {
        let bench = Bench::new();
        let task = bench.spawn(future);
        bench.run();
        task.abort();
        bench.run();
    }
    assert_eq!(promise.set_result(Tulip(1)).unwrap_err().0, Tulip(1));
    for_another.set_result(Tulip(2)).unwrap();
    drop(left);
}

#[test]
fn what_comes_too_late_comes_back() {
    let (promise, future) = try_wrap_thread::<Tulip, Tulip>();
    future.cancel();
    assert_eq!(promise.set_error(Tulip(2)).unwrap_err().0, Tulip(2));
}

#[test]
fn dropping_the_future_leaves_the_thread_in_peace() {
    let (promise, future) = wrap_thread();
    drop(future);
    assert!(!promise.is_cancelled());
    promise.set_result(Tulip(1)).unwrap();
}

#[test]
fn an_error_that_nobody_reads_is_reported() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let (promise, future) = try_wrap_thread::<(), _>();
    drop(future);
    promise.set_error(Tulip(2)).unwrap();
    let report = bench.report();
    assert!(
        report.contains("an error was never retrieved") && report.contains("Tulip(2)"),
        "{report}"
    );
}

#[test]
fn awaited_again_it_says_what_to_do() {
    let bench = Bench::new();
    let (promise, mut future) = wrap_thread();
    promise.set_result(Tulip(1)).unwrap();
    let task = bench.spawn(async move {
        let _ = (&mut future).await;
        let _ = (&mut future).await;
    });
    bench.run();
    let Ok(Err(TaskError::Panicked(panic))) = task.result() else {
        panic!("{task:?}")
    };
    assert!(panic.message().unwrap().contains("keep it"), "{panic}");
}

/// A join that was waiting, and whose task is aborted, takes along what it waited for.
#[test]
fn an_abort_of_the_awaiter_is_seen_by_the_thread() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let (promise, future) = wrap_thread::<Tulip>();
    let task = spawn(future);
    bench.run();
    task.abort();
    bench.run();
    assert!(promise.is_cancelled());
}

#[test]
fn what_it_hands_over_is_dropped_once() {
    struct Counted(mpsc::Sender<()>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }
    let (gone, count) = mpsc::channel();
    let ends: [fn(ThreadFuture<Counted>); 3] = [
        drop,
        |future| assert!(future.cancel()),
        |mut future| assert!(future.take_outcome().is_none()),
    ];
    for end in ends {
        let (promise, future) = wrap_thread();
        end(future);
        let value = Counted(gone.clone());
        let _ = catch_unwind(AssertUnwindSafe(|| promise.run(move || value)));
        assert_eq!(count.try_iter().count(), 1);
    }
}
