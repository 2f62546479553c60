//! The race: a request is taken back while another is made, or while the task begins to meet it (TC-38).

use super::{Bench, Gate, model, thread};

/// Found: a withdrawal that takes another's request along.
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
fn requests_taken_back_by_all_who_made_them_leave_no_trace() {
    model(|| {
        let bench = Bench::new();
        let gate = Gate::new();
        let task = bench.spawn(gate.clone());
        bench.step();
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || {
                assert!(task.cancel());
                task.uncancel()
            }
        });
        assert!(task.cancel());
        let left = task.uncancel();
        assert_eq!(
            other.join().unwrap().min(left),
            0,
            "the last one sees none left"
        );
        assert_eq!(task.cancelling(), 0);
        bench.run();
        assert!(!task.is_done(), "nothing is delivered");
        gate.open();
        bench.run();
        assert_eq!(task.result(), Ok(Ok(&())));
        drop((task, gate));
        bench.assert_freed();
    });
}

/// What has been met has been met: the count alone does not bring the task back.
#[test]
fn a_request_taken_back_while_it_is_met_is_either_met_or_gone() {
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

/// Found: a finisher who takes it for granted that a request that won over his value still stands.
#[test]
fn a_request_taken_back_while_the_task_ends_costs_it_its_value_or_nothing() {
    model(|| {
        let bench = Bench::new();
        let gate = Gate::new();
        let task = bench.spawn(gate.clone());
        bench.step();
        gate.open();
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || {
                let in_time = task.cancel();
                task.uncancel();
                in_time
            }
        });
        bench.run();
        let in_time = other.join().unwrap();
        bench.run();
        assert!(task.is_done());
        assert!(in_time || matches!(task.result(), Ok(Ok(()))));
        drop((task, gate));
        bench.assert_freed();
    });
}
