//! `block_on` where it must not be, and where it may (R-04, R-05, EM-12).

use crate::common::Gate;
use std::sync::{Arc, Barrier};
use tulipa_executor::{BlockOnError, Executor};
use tulipa_task::spawn;

fn executor(workers: usize) -> Executor {
    Executor::builder().workers(workers).build().unwrap()
}

#[test]
fn inside_main_it_is_an_error_that_says_what_to_do() {
    let (outer, inner) = (executor(1), executor(1));
    outer
        .block_on(async move {
            let error = inner.block_on(async {}).unwrap_err();
            assert!(matches!(error, BlockOnError::Nested));
            assert!(
                error.to_string().contains("await the future or spawn it"),
                "{error}"
            );
        })
        .unwrap();
}

#[test]
fn inside_a_task_on_a_worker_it_is_an_error() {
    let (outer, inner) = (executor(2), executor(1));
    let task = outer
        .handle()
        .spawn(async move { matches!(inner.block_on(async {}), Err(BlockOnError::Nested)) });
    assert_eq!(task.result_blocking(), Ok(true));
}

#[test]
fn inside_a_callback_it_is_an_error() {
    let (outer, inner) = (executor(1), executor(1));
    let (tell, hear) = std::sync::mpsc::channel();
    outer
        .block_on(async move {
            let task = spawn(async {});
            task.add_done_callback(move |_| {
                tell.send(matches!(
                    inner.block_on(async {}),
                    Err(BlockOnError::Nested)
                ))
                .unwrap();
            });
            task.await.unwrap();
            crate::common::yield_now().await;
        })
        .unwrap();
    assert!(hear.recv().unwrap());
}

#[test]
fn inside_a_task_of_another_executor_it_is_an_error() {
    let (scheduler, run) = tulipa_task::doctest::executor();
    let inner = executor(1);
    let task = tulipa_task::Builder::new()
        .on(&scheduler)
        .spawn(async move { matches!(inner.block_on(async {}), Err(BlockOnError::Nested)) });
    run();
    assert_eq!(task.result(), Ok(Ok(&true)));
}

#[test]
fn inside_a_blocking_job_it_is_allowed() {
    let outer = executor(1);
    let handle = outer.handle().clone();
    let seven = outer.block_on(async move {
        let job = || {
            executor(2)
                .block_on(async { spawn(async { 7 }).await.unwrap() })
                .unwrap()
        };
        handle.spawn_blocking(job).await.unwrap()
    });
    assert_eq!(seven.unwrap(), 7);
}

#[test]
fn from_two_threads_at_once_the_second_is_told_to_spawn() {
    let executor = Arc::new(executor(2));
    let (inside, gate) = (Arc::new(Barrier::new(2)), Gate::default());
    let first = std::thread::spawn({
        let (executor, inside, gate) = (executor.clone(), inside.clone(), gate.clone());
        move || {
            executor.block_on(async move {
                inside.wait();
                gate.passed().await;
            })
        }
    });
    inside.wait();
    let error = executor.block_on(async {}).unwrap_err();
    assert!(matches!(error, BlockOnError::Occupied));
    assert!(error.to_string().contains("Handle::spawn"), "{error}");
    gate.open();
    first.join().unwrap().unwrap();
    executor.block_on(async {}).unwrap();
}

#[test]
fn one_after_the_other_any_thread_may() {
    let executor = Arc::new(executor(2));
    for n in 0..10 {
        let executor = executor.clone();
        let outcome = std::thread::spawn(move || {
            executor.block_on(async move { spawn(async move { n }).await.unwrap() })
        });
        assert_eq!(outcome.join().unwrap().unwrap(), n);
    }
}

#[test]
fn a_current_thread_executor_stays_on_the_thread_of_its_first() {
    let executor = Arc::new(Executor::builder().current_thread().build().unwrap());
    executor.block_on(async {}).unwrap();
    let other = executor.clone();
    let error = std::thread::spawn(move || other.block_on(async {}))
        .join()
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, BlockOnError::OtherThread));
    executor.block_on(async {}).unwrap();
}

#[test]
fn main_that_is_cancelled_says_so_with_its_message() {
    for (name, executor) in crate::common::flavours() {
        let error = executor
            .block_on(async {
                tulipa_task::current_task().unwrap().cancel_with("enough");
                std::future::pending::<()>().await;
            })
            .unwrap_err();
        let BlockOnError::Cancelled(cancelled) = &error else {
            panic!("{name}: {error}")
        };
        assert_eq!(cancelled.message(), Some("enough"), "{name}");
    }
}

#[test]
fn main_is_a_task_with_a_name_and_the_place_of_the_call() {
    for (_, executor) in crate::common::flavours() {
        let current = async { tulipa_task::current_task().unwrap() };
        let main = executor.block_on(current).unwrap();
        let line = line!() - 1;
        assert_eq!(main.name(), "main");
        assert_eq!(
            (main.location().file(), main.location().line()),
            (file!(), line)
        );
        let builder = tulipa_task::Builder::new().name("garden");
        let current = async { tulipa_task::current_task().unwrap() };
        let main = executor.block_on_with(builder, current).unwrap();
        assert_eq!(main.name(), "garden");
    }
}

#[test]
fn main_need_not_be_send_and_stays_on_its_thread() {
    for (_, executor) in crate::common::flavours() {
        let thread = std::thread::current().id();
        let count = std::rc::Rc::new(std::cell::Cell::new(0));
        let of_main = count.clone();
        executor
            .block_on(async move {
                for n in 0..100 {
                    spawn(async move { n }).await.unwrap();
                    assert_eq!(std::thread::current().id(), thread);
                    of_main.set(of_main.get() + 1);
                }
            })
            .unwrap();
        assert_eq!(count.get(), 100);
    }
}

#[test]
fn what_one_main_leaves_behind_runs_on_in_the_next() {
    for (name, executor) in crate::common::flavours() {
        let gate = Gate::default();
        let passed = gate.passed();
        let (keep, kept) = std::sync::mpsc::channel();
        let first = async move {
            let task = spawn(async move {
                passed.await;
                9
            });
            keep.send(task).unwrap();
        };
        executor.block_on(first).unwrap();
        let task = kept.recv().unwrap();
        assert!(!task.is_done());
        gate.open();
        let second = async move { task.await.unwrap() };
        assert_eq!(executor.block_on(second).unwrap(), 9, "{name}");
    }
}
