//! The race: threads that take references to a scheduler in advance give them back, and one of them is the last.
//!
//! The orderings are not seen here, for what is freed in the end is not loom's: they are those of any count of references.

use super::{Bench, model, thread};

/// Found: a thread that leaves and does not give its spare references back.
#[test]
fn references_taken_in_advance_come_back_whoever_ends_the_task() {
    model(|| {
        let bench = Bench::new();
        let other = thread::spawn({
            let bench = bench.share();
            move || {
                let entered = bench.scheduler.enter();
                bench.run(); // ends what the other thread has begun, and keeps its reference
                bench.spawn(async {}).detach();
                drop(entered);
            }
        });
        let entered = bench.scheduler.enter();
        for _ in 0..2 {
            bench.spawn(async {}).detach();
        }
        bench.run();
        drop(entered);
        other.join().unwrap();
        bench.run();
        bench.assert_freed();
    });
}

/// Found: one that takes itself for the last while another is out.
#[test]
fn the_last_reference_may_be_that_of_a_thread_outside() {
    model(|| {
        let bench = Bench::new();
        let task = bench.spawn(async {});
        let other = thread::spawn(move || drop(task));
        let entered = bench.scheduler.enter();
        bench.run();
        drop(entered);
        other.join().unwrap();
        bench.assert_freed();
    });
}
