//! RT: tasks from other threads.

use crate::support::{Log, panic_of, runtime, settle};
use std::future::pending;
use tulipa::{Handle, cancel, spawn, yield_now};

/// RT-05: asyncio starts the body, and cancels it at its first suspension; here what has not begun never does.
#[test]
fn a_task_that_is_cancelled_before_it_was_picked_up_never_begins() {
    let (runtime, log) = (runtime(), Log::new());
    let task = runtime.handle().spawn({
        let log = log.clone();
        async move { log.say("begun") }
    });
    assert!(std::thread::scope(|threads| threads.spawn(|| task.cancel()).join()).unwrap());
    runtime.run(yield_now()).unwrap();
    assert!(task.result_blocking().unwrap_err().is_cancelled());
    assert!(log.take().is_empty());
}

/// RT-06: the handle is the task itself, so what this gives in spite of a request is not lost.
#[test]
fn a_task_that_refuses_gives_its_value_to_the_thread() {
    let runtime = runtime();
    let task = runtime.handle().spawn(async {
        let refused = cancel::catch(pending::<()>()).await.is_err();
        if refused { "stays" } else { "goes" }
    });
    runtime.run(yield_now()).unwrap();
    let outside = std::thread::spawn(move || {
        assert!(task.cancel());
        task.result_blocking()
    });
    while !outside.is_finished() {
        runtime.run(yield_now()).unwrap();
    }
    assert_eq!(outside.join().unwrap(), Ok("stays"));
}

/// RT-07
#[test]
fn a_task_that_is_cancelled_inside_is_cancelled_for_the_thread_that_waits() {
    let runtime = tulipa::Runtime::builder().workers(2).build().unwrap();
    let task = runtime.handle().spawn(cancel::raise::<u8>("frost"));
    let ended = std::thread::spawn(move || task.result_blocking());
    assert!(ended.join().unwrap().unwrap_err().is_cancelled());
}

/// RT-12
#[tulipa::test]
async fn the_runtimes_own_thread_may_submit_but_not_block() {
    let handle = Handle::current().unwrap();
    assert_eq!(handle.spawn(async { 3 }).await, Ok(3));
    let blocking = handle.spawn(async { 4 });
    blocking.set_name("four");
    let told = panic_of(move || blocking.result_blocking());
    assert!(
        told.contains("`four`") && told.contains("await it instead"),
        "{told}"
    );
    spawn(async {}).detach();
    settle().await;
}
