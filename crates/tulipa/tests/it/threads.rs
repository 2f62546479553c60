//! Threads: those of `to_thread`, and those that submit work. IDs are those of `asyncio-behaviours.md`.

use std::sync::mpsc;
use std::time::Duration;
use tulipa::{
    Builder, Handle, Runtime, TaskError, cancel, context_var, spawn, to_thread, wrap_thread,
};

/// TT-01, TT-10
#[test]
fn to_thread_runs_once_in_another_thread_that_is_no_worker() {
    let here = std::thread::current().id();
    let (there, is_worker) = tulipa::run(async {
        to_thread(|| (std::thread::current().id(), Handle::current().is_some()))
            .await
            .unwrap()
    })
    .unwrap();
    assert_ne!(here, there);
    assert!(!is_worker);
}

/// TT-02
#[test]
fn a_panic_in_the_thread_is_the_result() {
    let ended = tulipa::run(async { to_thread(|| -> u8 { panic!("broken") }).await });
    let Err(TaskError::Panicked(panic)) = ended.unwrap() else {
        panic!("it panicked")
    };
    assert_eq!(panic.message(), Some("broken"));
}

/// TT-06
#[test]
fn nothing_is_submitted_before_it_is_awaited() {
    let (ran, was_run) = mpsc::channel();
    tulipa::run(async move { drop(to_thread(move || ran.send(()))) }).unwrap();
    assert!(was_run.recv().is_err(), "the job was dropped unrun");
}

/// TT-07
#[test]
fn a_cancelled_await_ends_at_once_and_the_job_runs_on() {
    let (begun, began) = mpsc::channel();
    let (finish, finished) = mpsc::channel::<()>();
    let (told, hear) = mpsc::channel();
    tulipa::run(async move {
        let task = spawn(async move {
            let job = to_thread(move || {
                begun.send(()).unwrap();
                finished.recv().unwrap();
                told.send("to its end").unwrap();
            });
            cancel::catch(job).await.is_err()
        });
        to_thread(move || began.recv().unwrap()).await.unwrap();
        task.cancel();
        assert_eq!(task.await, Ok(true));
        finish.send(()).unwrap();
    })
    .unwrap();
    assert_eq!(hear.recv(), Ok("to its end"));
}

context_var! { static REQUEST: u32 = 0 }

/// TT-05
#[test]
fn the_thread_sees_the_callers_context_and_keeps_its_own_changes() {
    let (seen, after) = tulipa::run(async {
        REQUEST.set(5);
        let seen = to_thread(|| {
            let seen = REQUEST.get();
            REQUEST.set(6);
            seen
        });
        (seen.await.unwrap(), REQUEST.get())
    })
    .unwrap();
    assert_eq!((seen, after), (5, 5));
}

/// RT-01
#[test]
fn a_plain_thread_submits_and_waits() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let handle = runtime.handle().clone();
    let result = std::thread::spawn(move || handle.spawn(async { 3 }).result_blocking());
    assert_eq!(result.join().unwrap(), Ok(3));
}

/// RT-03
#[test]
fn waiting_with_a_limit_leaves_the_task_running() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let gate = tulipa::Deferred::<u8>::new();
    let mut task = runtime.handle().spawn({
        let gate = gate.clone();
        async move { gate.await.unwrap() }
    });
    assert!(task.result_timeout(Duration::ZERO).is_err());
    gate.set_result(9).unwrap();
    assert_eq!(task.result_timeout(Duration::from_secs(3600)), Ok(Ok(9)));
}

/// RT-04
#[test]
fn a_plain_thread_cancels() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let task = runtime.handle().spawn(std::future::pending::<()>());
    assert!(task.cancel());
    assert!(task.result_blocking().unwrap_err().is_cancelled());
}

/// RT-09
#[test]
fn a_submitted_task_sees_the_context_of_the_submitting_thread() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let handle = runtime.handle().clone();
    let seen = std::thread::spawn(move || {
        REQUEST.set(8);
        handle.spawn(async { REQUEST.get() }).result_blocking()
    });
    assert_eq!(seen.join().unwrap(), Ok(8));
}

/// WP-01, WP-08: two threads of the user's, one of which gives up.
#[test]
fn wrap_thread_wakes_who_awaits_from_any_thread() {
    for builder in [Builder::new().workers(1), Builder::new().workers(4)] {
        let ended = builder.run(async {
            let (promise, answer) = wrap_thread();
            let (broken, nothing) = wrap_thread::<u8>();
            let threads = [
                std::thread::spawn(move || promise.run(|| vec![4, 2])),
                std::thread::spawn(move || drop(broken)),
            ];
            let ended = (answer.await, nothing.await);
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            ended
        });
        let (answer, nothing) = ended.unwrap();
        assert_eq!(answer, Ok(vec![4, 2]));
        assert!(nothing.unwrap_err().is_cancelled());
    }
}

/// WP-09
#[test]
fn a_thread_that_is_done_when_the_runtime_has_gone_is_not_bothered() {
    let (promise, answer) = wrap_thread();
    let (begun, began) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        began.recv().unwrap();
        let _too_late = promise.set_result("late");
    });
    tulipa::run(async {
        spawn(answer).detach();
    })
    .unwrap();
    begun.send(()).unwrap();
    thread.join().unwrap();
}

/// TT-08
#[test]
fn a_job_that_waits_for_a_thread_and_is_cancelled_never_runs() {
    let (ran, was_run) = mpsc::channel::<()>();
    let ended = Builder::new().workers(2).blocking_threads(1).run(async {
        let (begun, began) = wrap_thread();
        let (finish, finished) = mpsc::channel::<()>();
        let first = spawn(to_thread(move || {
            begun.set_result(()).unwrap();
            finished.recv().unwrap();
        }));
        began.await.unwrap();
        let mut second = Box::pin(to_thread(move || ran.send(()).unwrap()));
        assert!(futures::poll!(&mut second).is_pending());
        let second = spawn(second);
        second.cancel();
        assert!(second.await.unwrap_err().is_cancelled());
        finish.send(()).unwrap();
        first.await.unwrap().unwrap();
    });
    ended.unwrap();
    assert!(was_run.recv().is_err(), "it was dropped unrun");
}
