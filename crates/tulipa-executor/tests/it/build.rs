//! Settings that cannot be, and what the system has no room for.

use tulipa_executor::Executor;

#[test]
fn no_workers_is_an_error_that_says_what_to_ask_for() {
    let error = Executor::builder().workers(0).build().unwrap_err();
    assert!(error.to_string().contains("ask for one or more"), "{error}");
    let error = Executor::builder()
        .deterministic(1)
        .workers(0)
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("ask for one or more"), "{error}");
}

#[test]
fn too_many_workers_is_an_error() {
    let error = Executor::builder().workers(1_000_000).build().unwrap_err();
    assert!(
        error.to_string().contains("1000000 workers are too many"),
        "{error}"
    );
}

#[test]
fn a_blocking_pool_of_no_threads_is_an_error() {
    let error = Executor::builder()
        .max_blocking_threads(0)
        .build()
        .unwrap_err();
    assert!(
        error.to_string().contains("max_blocking_threads"),
        "{error}"
    );
}

/// No machine has room for a stack of this size.
const TOO_MUCH: usize = 1 << 60;

#[test]
fn one_worker_needs_no_thread_of_its_own() {
    let executor = Executor::builder()
        .workers(1)
        .stack_size(TOO_MUCH)
        .build()
        .unwrap();
    assert_eq!(executor.block_on(async { 1 }).unwrap(), 1);
}

#[test]
fn the_number_of_workers_is_that_of_the_machine_by_default() {
    let executor = Executor::builder().build().unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(executor.handle().stats().workers().len(), cores);
}

#[test]
fn threads_have_the_name_they_were_given() {
    let executor = Executor::builder()
        .workers(2)
        .thread_name("bee")
        .build()
        .unwrap();
    let name = || std::thread::current().name().map(str::to_owned);
    let worker = executor
        .handle()
        .spawn(async move { name() })
        .result_blocking()
        .unwrap();
    assert_eq!(worker.as_deref(), Some("bee-1"));
    let blocking = executor.handle().clone();
    let blocking = executor
        .block_on(async move { blocking.spawn_blocking(name).await.unwrap() })
        .unwrap();
    assert_eq!(blocking.as_deref(), Some("bee-blocking"));
}
