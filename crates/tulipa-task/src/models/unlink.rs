//! The race: who waits for a task leaves its list while the task ends. Told or gone, never both, never neither.

use super::{Bench, Count, Told, model, thread};
use crate::completion::Observer;
use std::sync::Arc;

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
