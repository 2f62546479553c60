//! The race: the owning handle goes while the task ends. Exactly one of the two drops the outcome, and reports it if it
//! is a failure that nobody has read; and the last reference, whose ever it is, frees the cell.

use super::{Bench, Count, model, thread};

/// Found: a `complete` that leaves the outcome though no handle is left; a `drop_handle` that leaves it though the task is
/// done.
#[test]
fn the_outcome_is_dropped_once() {
    model(|| {
        let bench = Bench::new();
        let values = Count::default();
        let task = bench.spawn({
            let value = values.guard();
            async move { value }
        });
        let runnable = bench.next().expect("it was spawned");
        let other = thread::spawn(move || drop(task));
        assert!(runnable.run().is_none());
        other.join().unwrap();
        assert_eq!(values.get(), 1);
        bench.assert_freed();
    });
}

/// Found: the same two.
#[test]
fn an_unread_failure_is_reported_once() {
    model(|| {
        let bench = Bench::new();
        let task = crate::Builder::new()
            .on(&bench.scheduler)
            .try_spawn(async { Err::<(), _>("unread") });
        let runnable = bench.next().expect("it was spawned");
        let other = thread::spawn(move || drop(task));
        assert!(runnable.run().is_none());
        other.join().unwrap();
        assert_eq!(bench.queue.reports.get(), 1);
        bench.assert_freed();
    });
}

/// Found: a `release` that is Relaxed: what another did with the cell is not over when it is freed.
#[test]
fn the_last_of_three_references_frees_the_cell() {
    model(|| {
        let bench = Bench::new();
        let task = bench.spawn(async {});
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || {
                task.set_name("theirs");
                drop(task);
            }
        });
        bench.run();
        drop(task);
        other.join().unwrap();
        bench.assert_freed();
    });
}
