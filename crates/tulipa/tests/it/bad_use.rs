//! Bad use gets a clear answer: an error or a panic that names the call and the remedy.

use std::error::Error;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tulipa::{
    BlockOnError, Builder, Deferred, Flavour, RunError, Runtime, SharedTask, TaskError, spawn,
    to_thread,
};

/// The message that `misuse` panics with.
pub(crate) fn panic_of<R>(misuse: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(misuse))
        .err()
        .expect("misuse panics");
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| {
        payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
    })
    .expect("a panic with a text")
}

#[track_caller]
pub(crate) fn assert_names(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

/// CT-03
#[test]
fn spawn_outside_of_a_runtime_says_where_it_belongs() {
    assert_names(
        &panic_of(|| spawn(async {})),
        &["spawn outside of a runtime", "tulipa::run"],
    );
}

#[test]
fn sleep_outside_of_a_runtime_says_where_it_belongs() {
    assert_names(
        &panic_of(|| tulipa::sleep(Duration::ZERO)),
        &["tulipa::sleep", "tulipa::run"],
    );
}

/// AL-05
#[test]
fn all_tasks_outside_of_a_runtime_says_where_it_belongs() {
    assert_names(
        &panic_of(tulipa::all_tasks),
        &["all_tasks outside of a runtime"],
    );
}

#[test]
fn to_thread_outside_of_a_runtime_says_where_it_belongs() {
    let message = panic_of(|| futures::executor::block_on(to_thread(|| ())));
    assert_names(&message, &["to_thread outside of a runtime", "tulipa::run"]);
}

#[test]
fn a_socket_outside_of_a_runtime_is_an_error_that_says_where_it_belongs() {
    let error =
        futures::executor::block_on(tulipa::net::TcpListener::bind("127.0.0.1:0")).unwrap_err();
    assert_names(&error.to_string(), &["runtime"]);
}

/// R-04, EM-12
#[test]
fn a_runtime_inside_a_task_is_an_error_that_says_what_to_do() {
    let error = tulipa::run(async { tulipa::run(async {}).unwrap_err().to_string() }).unwrap();
    assert_names(&error, &["inside a task", "await", "to_thread"]);
}

///
#[test]
fn a_runtime_inside_a_blocking_thread_is_allowed() {
    let inner = tulipa::run(async {
        to_thread(|| tulipa::run(async { 7 }).unwrap())
            .await
            .unwrap()
    });
    assert_eq!(inner.unwrap(), 7);
}

/// EM-13, RT-10
#[test]
fn spawning_after_shutdown_says_so() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let handle = runtime.handle().clone();
    assert!(runtime.shutdown().unwrap().is_clean());
    assert_names(
        &panic_of(|| handle.spawn(async {})),
        &["spawn", "shut down"],
    );
}

/// R-25, EM-13
#[test]
fn running_after_shutdown_is_an_error() {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    assert!(runtime.shutdown().unwrap().is_clean());
    let error = runtime.run(async {}).unwrap_err();
    assert_names(&error.to_string(), &["shut down"]);
}

///
#[test]
fn a_second_shutdown_does_nothing() {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    assert!(runtime.shutdown().unwrap().is_clean());
    assert!(runtime.shutdown().unwrap().is_clean());
}

#[test]
fn awaiting_a_result_twice_says_how_to_share_it() {
    let ended = tulipa::run(async {
        let outer = spawn(async {
            let mut task = spawn(async { 1 });
            (&mut task).await.unwrap();
            (&mut task).await.unwrap()
        });
        outer.await
    });
    let Err(TaskError::Panicked(panic)) = ended.unwrap() else {
        panic!("it is misuse")
    };
    assert_names(
        panic.message().unwrap(),
        &["taken by an earlier await", "shared()"],
    );
}

#[test]
fn zero_workers_is_an_error_that_says_what_to_give() {
    for flavour in [Flavour::MultiThread, Flavour::Deterministic] {
        let error = Builder::new()
            .flavour(flavour)
            .workers(0)
            .build()
            .unwrap_err();
        assert_names(&error.to_string(), &["no workers", "one or more"]);
    }
}

/// T-09
#[test]
fn a_task_that_awaits_itself_panics_and_names_itself() {
    let ended = tulipa::run(async {
        let own = Deferred::<SharedTask<()>>::new();
        let task = spawn({
            let own = own.clone();
            async move {
                let own = own.await.expect("it is set");
                own.await.expect("it never ends");
            }
        });
        task.set_name("narcissus");
        let task = task.shared();
        own.set_result(task.clone()).unwrap();
        task.await
    });
    let Err(TaskError::Panicked(panic)) = ended.unwrap() else {
        panic!("it is misuse")
    };
    assert_names(panic.message().unwrap(), &["narcissus", "awaits itself"]);
}

/// A main that nobody can end: the deterministic flavour says who waits for whom.
#[test]
fn a_deadlock_names_who_waits_for_whom() {
    let ended = Builder::new()
        .flavour(Flavour::Deterministic)
        .virtual_time(true)
        .run(async {
            let stuck = tulipa::task::Builder::new()
                .name("stuck")
                .spawn(pending::<()>());
            stuck.await
        });
    let error = ended.unwrap_err();
    assert_names(&error.to_string(), &["`main`", "`stuck`", "bad_use.rs"]);
    let RunError::Refused(BlockOnError::Deadlock(deadlock)) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(deadlock.tasks().len(), 2);
    assert!(
        error
            .source()
            .is_some_and(|cause| cause.is::<tulipa::Deadlock>())
    );
}
