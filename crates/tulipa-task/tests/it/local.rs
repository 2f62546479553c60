//! Tasks that stay on their thread.

use crate::support::{Bench, Count};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use tulipa_task::{
    Builder, Registry, Runnable, Schedule, Scheduler, TaskError, Why, spawn_local, yield_now,
};

#[test]
fn what_is_not_send_is_polled_and_dropped_here() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let shared = Rc::new(Cell::new(0));
    let task = spawn_local({
        let shared = shared.clone();
        async move {
            for _ in 0..3 {
                shared.set(shared.get() + 1);
                yield_now().await;
            }
            shared
        }
    });
    bench.run();
    assert_eq!(task.result().unwrap().unwrap().get(), 3);
    drop(task);
    assert_eq!(Rc::strong_count(&shared), 1);
}

#[test]
fn it_fails_with_an_error_that_is_not_send() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let reason = Rc::new("frost");
    let task = Builder::new().try_spawn_local({
        let reason = reason.clone();
        async move { Err::<(), _>(reason) }
    });
    bench.run();
    assert_eq!(task.error(), Ok(Some(&TaskError::Failed(reason))));
}

#[derive(Default)]
struct Kept(Registry, Mutex<Vec<Runnable>>);

impl Schedule for Kept {
    fn schedule(&self, runnable: Runnable, _: Why) {
        self.1.lock().unwrap().push(runnable);
    }
    fn registry(&self) -> &Registry {
        &self.0
    }
}

#[test]
fn it_says_which_worker_may_run_it() {
    let kept = Arc::new(Kept::default());
    let scheduler = Scheduler::new(kept.clone());
    let _entered = scheduler.enter();
    spawn_local(async {}).detach();
    Builder::new().home(5).spawn_local(async {}).detach();
    tulipa_task::spawn(async {}).detach();
    let homes: Vec<_> = kept.1.lock().unwrap().iter().map(Runnable::home).collect();
    assert_eq!(homes, [Some(0), Some(5), None]);
    kept.1.lock().unwrap().drain(..).for_each(drop);
}

#[test]
fn run_elsewhere_it_is_neither_polled_nor_dropped() {
    let dropped = Count::new();
    let kept = Arc::new(Kept::default());
    let scheduler = Scheduler::new(kept.clone());
    let _entered = scheduler.enter();
    let task = spawn_local({
        let guard = dropped.guard();
        let _not_send = Rc::new(());
        async move {
            let _kept = (_not_send, guard);
        }
    });
    let runnable = kept.1.lock().unwrap().pop().unwrap();
    std::thread::spawn(move || assert!(runnable.run().is_none()))
        .join()
        .unwrap();
    let Ok(Err(TaskError::Panicked(panic))) = task.result() else {
        panic!("{task:?}")
    };
    assert!(
        panic
            .message()
            .unwrap()
            .contains("polled on another thread"),
        "{panic}"
    );
    assert_eq!(dropped.get(), 0, "there is nobody who could drop it");
}
