//! Waiting for a task from a plain thread.

use crate::support::{Bench, Foreign};
use std::sync::mpsc;
use std::time::Duration;
use tulipa_task::{StillPending, TaskError};

/// RT-01: in most of the rounds the thread waits before the task ends.
#[test]
fn a_thread_blocks_until_the_task_has_ended() {
    for round in 0..100 {
        let bench = Bench::new();
        let gate = Foreign::new();
        let task = bench.spawn({
            let gate = gate.clone();
            async move {
                gate.await;
                round
            }
        });
        let waiter = std::thread::spawn(move || task.result_blocking());
        bench.run();
        std::thread::yield_now();
        gate.open();
        bench.run();
        assert_eq!(waiter.join().unwrap(), Ok(round));
    }
}

/// RT-02
#[test]
fn it_gets_the_error() {
    let bench = Bench::new();
    let task = bench.try_spawn(async { Err::<(), _>("wilted") });
    bench.run();
    assert_eq!(task.result_blocking(), Err(TaskError::Failed("wilted")));
}

/// RT-03
#[test]
fn a_limit_that_runs_out_leaves_the_task_alone() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let mut task = bench.spawn(gate.clone());
    bench.run();
    assert_eq!(task.result_timeout(Duration::ZERO), Err(StillPending));
    assert_eq!(
        task.result_timeout(Duration::from_nanos(1)),
        Err(StillPending)
    );
    assert_eq!(task.cancelling(), 0);
    gate.open();
    bench.run();
    assert_eq!(
        task.result_timeout(Duration::MAX),
        Ok(Ok(())),
        "a limit beyond the clock is none"
    );
    assert!(StillPending.to_string().contains("runs on"));
}

#[test]
fn inside_a_task_it_panics_with_the_remedy() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        let inner = tulipa_task::spawn(async { 1 });
        inner.result_blocking()
    });
    bench.run();
    let Ok(Err(TaskError::Panicked(panic))) = task.result() else {
        panic!("{task:?}")
    };
    assert!(
        panic.message().unwrap().contains("await it instead"),
        "{panic}"
    );
}

#[test]
fn many_threads_wait_for_many_tasks() {
    let bench = Bench::new();
    let (ready, all) = mpsc::channel();
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let task = bench.spawn(async move { number });
            let ready = ready.clone();
            std::thread::spawn(move || {
                ready.send(()).unwrap();
                task.result_blocking()
            })
        })
        .collect();
    all.iter().take(8).for_each(drop);
    bench.run();
    for (number, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), Ok(number));
    }
}
