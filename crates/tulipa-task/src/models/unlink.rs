//! The race: who waits for a task leaves its list while the task ends. Told or gone, never both, never neither.

use super::{Bench, Count, Guard, Told, model, thread};
use crate::completion::Observer;
use crate::handle::TaskState;
use crate::watch::Watch;
use std::sync::Arc;
use std::task::Waker;

/// Found: a finisher that takes the side data although somebody edits it.
#[test]
fn who_leaves_while_the_task_ends_is_told_or_gone() {
    model(|| {
        let bench = Bench::new();
        let told = Count::default();
        let observer: Arc<dyn Observer> = Arc::new(Told(told.clone()));
        let task = bench.spawn(async {});
        let place = task.subscribe(&observer, 0).expect("it has not run");
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || task.unsubscribe(place)
        });
        bench.run();
        let gone = other.join().unwrap();
        assert_eq!(told.get(), usize::from(!gone));
        assert_eq!(
            Arc::strong_count(&observer),
            1,
            "its place is gone in either case"
        );
        drop(task);
        bench.assert_freed();
    });
}

/// Found: a removal that takes the neighbour along.
#[test]
fn who_stays_is_told_when_another_leaves() {
    model(|| {
        let bench = Bench::new();
        let (leaver, stayer) = (Count::default(), Count::default());
        let task = bench.spawn(async {});
        let leaving: Arc<dyn Observer> = Arc::new(Told(leaver.clone()));
        let staying: Arc<dyn Observer> = Arc::new(Told(stayer.clone()));
        let place = task.subscribe(&leaving, 0).expect("it has not run");
        let _kept = task.subscribe(&staying, 1).expect("it has not run");
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || task.unsubscribe(place)
        });
        bench.run();
        let gone = other.join().unwrap();
        assert_eq!((leaver.get(), stayer.get()), (usize::from(!gone), 1));
        drop(task);
        bench.assert_freed();
    });
}

/// Counts how often it was told, and its drop.
struct Mortal(
    Told,
    #[expect(dead_code, reason = "its drop is counted")] Guard,
);

impl Observer for Mortal {
    fn done(&self, key: usize, state: TaskState) -> Option<Waker> {
        self.0.done(key, state)
    }
}

/// Found: a watch that takes the reference of a place back though it was told there.
#[test]
fn the_observer_of_a_watch_goes_once_when_watch_and_tasks_have_let_it_go() {
    model(|| {
        let bench = Bench::new();
        let (told, gone) = (Count::default(), Count::default());
        let tasks = [bench.spawn(async {}), bench.spawn(std::future::pending())];
        let observer = Mortal(Told(told.clone()), gone.guard());
        let mut watch = Watch::begin(observer, tasks.iter().map(|task| task.task_ref()));
        let other = thread::spawn({
            let refs = tasks.each_ref().map(|task| task.task_ref().clone());
            move || watch.end(refs.iter().map(Some))
        });
        bench.step();
        other.join().unwrap();
        assert_eq!(gone.get(), 1);
        assert!(
            told.get() <= 1,
            "the one that ended told it, or it was gone"
        );
        tasks[1].abort();
        bench.run();
        assert!(told.get() <= 1, "it had left the other");
        drop(tasks);
        bench.assert_freed();
    });
}
