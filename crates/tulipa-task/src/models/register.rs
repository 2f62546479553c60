//! The race: two begin to wait for one task at once, so that one finds the side data held; and the task ends meanwhile,
//! and leaves its waiters to whoever holds it.

use super::{Bench, Count, Told, model, thread};
use crate::completion::Observer;
use crate::handle::TaskRef;
use std::sync::Arc;

fn observer(told: &Count) -> Arc<dyn Observer> {
    Arc::new(Told(told.clone()))
}

/// Found: a `lock` that does not look at BUSY.
#[test]
fn two_that_register_at_once_are_both_told() {
    model(|| {
        let bench = Bench::new();
        let told = Count::default();
        let task = bench.spawn(async {});
        let other = thread::spawn({
            let (task, told) = (task.task_ref().clone(), told.clone());
            move || task.subscribe(&observer(&told), 1).is_some()
        });
        let ours = task.subscribe(&observer(&told), 0).is_some();
        let theirs = other.join().unwrap();
        assert!(ours && theirs, "the task has not run");
        bench.run();
        assert_eq!(told.get(), 2);
        drop(task);
        bench.assert_freed();
    });
}

/// Found: an `unlock` that leaves the waiters of a task that is done.
#[test]
fn two_that_register_while_the_task_ends_are_told_or_refused() {
    model(|| {
        let bench = Bench::new();
        let told = Count::default();
        let task = bench.spawn(async {});
        let register = |task: TaskRef, told: Count| {
            thread::spawn(move || {
                let placed = task.subscribe(&observer(&told), 0).is_some();
                usize::from(placed)
            })
        };
        let first = register(task.task_ref().clone(), told.clone());
        let second = register(task.task_ref().clone(), told.clone());
        bench.run();
        let placed = first.join().unwrap() + second.join().unwrap();
        assert_eq!(told.get(), placed, "who has a place is told, once");
        drop(task);
        bench.assert_freed();
    });
}

/// Found: a `lock` that does not look at BUSY.
#[test]
fn a_task_is_renamed_while_it_ends() {
    model(|| {
        let bench = Bench::new();
        let told = Count::default();
        let task = bench.spawn(async {});
        let _place = task.subscribe(&observer(&told), 0).expect("it has not run");
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || task.set_name("renamed")
        });
        bench.run();
        other.join().unwrap();
        assert_eq!((told.get(), task.name().as_str()), (1, "renamed"));
        drop(task);
        bench.assert_freed();
    });
}
