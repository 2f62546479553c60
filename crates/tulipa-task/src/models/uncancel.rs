//! The race: a request is taken back while another is made, or while the task begins to meet it (TC-38).

use super::{Bench, Gate, model, thread};

/// Found: an `uncancel` that lowers the count and withdraws the request in two steps.
#[test]
fn a_count_of_nought_means_that_nothing_is_delivered() {
    model(|| {
        let bench = Bench::new();
        let gate = Gate::new();
        let task = bench.spawn(gate.clone());
        bench.step();
        task.cancel();
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || task.cancel()
        });
        let left = task.uncancel();
        assert!(other.join().unwrap());
        assert!(left < 2);
        assert_eq!(task.cancelling(), 1, "two were made, one was taken back");
        bench.run();
        assert!(task.is_cancelled(), "one request stands");
        drop((task, gate));
        bench.assert_freed();
    });
}

/// Found: a withdrawal that leaves the stored request.
#[test]
fn a_withdrawn_request_is_either_met_or_gone() {
    model(|| {
        let bench = Bench::new();
        let gate = Gate::new();
        let task = bench.spawn(gate.clone());
        bench.step();
        task.cancel();
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || task.uncancel()
        });
        bench.run();
        assert_eq!(other.join().unwrap(), 0);
        let met = task.is_cancelled();
        gate.open();
        bench.run();
        assert_eq!(task.is_cancelled(), met, "it does not come back");
        assert!(task.is_done());
        drop((task, gate));
        bench.assert_freed();
    });
}
