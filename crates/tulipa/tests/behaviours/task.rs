//! T, TC: what a task is, and what a request does to it.

use crate::support::settle;
use std::future::pending;
use std::panic::panic_any;
use tulipa::context::Context;
use tulipa::task::Builder;
use tulipa::{Deferred, TaskError, cancel, context_var, shield, spawn};

/// T-14
#[tulipa::test]
async fn whatever_a_task_panics_with_is_stored_as_an_error_would_be() {
    let Err(TaskError::Panicked(panic)) = spawn(async { panic_any(7_u8) }).await else {
        panic!("it panicked")
    };
    assert_eq!(panic.into_panic().downcast_ref(), Some(&7_u8));
}

context_var! { static COLOUR: &'static str = "white" }

/// T-17: a task is not asked for its context; whoever gave it one has it.
#[tulipa::test]
async fn the_context_that_was_given_is_the_one_a_task_runs_in() {
    let context = Context::new();
    context.run(|| COLOUR.set("red"));
    let task = Builder::new()
        .context(&context)
        .spawn(async { (COLOUR.get(), COLOUR.set("blue")).0 });
    assert_eq!(task.await, Ok("red"));
    assert_eq!(
        (context.run(|| COLOUR.get()), COLOUR.get()),
        ("blue", "white")
    );
}

/// TC-33: asyncio shows the message to the first reader only; here all see it.
#[tulipa::test]
async fn every_reader_of_a_cancelled_task_sees_the_message() {
    let task = spawn(pending::<()>()).shared();
    task.cancel_with("frost");
    for _ in 0..2 {
        let Err(TaskError::Cancelled(cancelled)) = shield(task.clone()).await else {
            panic!("it was cancelled")
        };
        assert_eq!(cancelled.message(), Some("frost"));
    }
    let Ok(Err(TaskError::Cancelled(cancelled))) = task.result() else {
        panic!("it was cancelled")
    };
    assert_eq!(cancelled.message(), Some("frost"));
}

/// TC-40
#[tulipa::test]
async fn a_request_that_was_passed_on_is_delivered_though_it_is_taken_back() {
    let cleaned = Deferred::<()>::new();
    let inner = spawn({
        let cleaned = cleaned.clone();
        async move {
            let cleanup = async move { cleaned.await.unwrap() };
            cancel::finally(pending::<()>(), cleanup).await;
        }
    });
    let task = spawn(inner);
    settle().await;
    task.cancel();
    settle().await;
    assert_eq!(task.uncancel(), 0);
    cleaned.set_result(()).unwrap();
    settle().await;
    assert!(task.is_cancelled());
    assert_eq!(task.cancelling(), 0);
}

/// TC-40: asyncio passes it on inside `cancel`; here that is done when the task next runs, and can be taken back before.
#[tulipa::test]
async fn a_request_that_is_taken_back_at_once_does_nothing() {
    let bloom = Deferred::<u8>::new();
    let task = spawn({
        let bloom = bloom.clone();
        async move { bloom.await.unwrap() }
    });
    settle().await;
    task.cancel();
    assert_eq!(task.uncancel(), 0);
    settle().await;
    assert!(!bloom.is_done());
    bloom.set_result(1).unwrap();
    assert_eq!(task.await, Ok(1));
}
