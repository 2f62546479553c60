//! The race: a request to cancel, or to abort, comes while the task ends.
//!
//! `cancel` says whether it was in time, and that has to be what happens (TC-34). A body that catches nothing cannot give
//! a value once `cancel` has said `true`.

use super::{Bench, Count, Gate, model, thread};
use crate::cancel;
use crate::handle::TaskState;
use crate::sync::Mutex;
use std::sync::Arc;

/// Found: a `complete` that stores a value over a request.
#[test]
fn cancel_says_true_exactly_when_the_task_ends_cancelled() {
    model(|| {
        let bench = Bench::new();
        let (bodies, values) = (Count::default(), Count::default());
        let gate = Gate::new();
        let task = bench.spawn({
            let (gate, body, value) = (gate.clone(), bodies.guard(), values.guard());
            async move {
                let _body = body;
                gate.await;
                value
            }
        });
        bench.step();
        gate.open();
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || task.cancel()
        });
        bench.run();
        let in_time = other.join().unwrap();
        bench.run();
        let ended = if in_time {
            TaskState::Cancelled
        } else {
            TaskState::Finished
        };
        assert_eq!(task.state(), ended);
        assert_eq!(
            bodies.get(),
            1,
            "the body is dropped once, whoever drops it"
        );
        drop(task);
        drop(gate);
        assert_eq!(values.get(), 1);
        bench.assert_freed();
    });
}

/// Found: an `end_poll` that overlooks that the task was scheduled meanwhile.
#[test]
fn a_request_during_a_poll_ends_a_task_that_sleeps_after_it() {
    model(|| {
        let bench = Bench::new();
        let task = bench.spawn(std::future::pending::<()>());
        bench.step();
        task.header().wake();
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || assert!(task.cancel())
        });
        bench.step();
        other.join().unwrap();
        bench.run();
        assert!(task.is_cancelled());
        drop(task);
        bench.assert_freed();
    });
}

/// Found: an abort that does not schedule the task.
#[test]
fn an_abort_ends_a_task_that_sleeps() {
    model(|| {
        let bench = Bench::new();
        let bodies = Count::default();
        let task = bench.spawn({
            let body = bodies.guard();
            async move {
                let _body = body;
                std::future::pending::<()>().await;
            }
        });
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || assert!(task.abort())
        });
        bench.step();
        other.join().unwrap();
        bench.run();
        assert!(task.is_cancelled());
        assert_eq!(bodies.get(), 1);
        drop(task);
        bench.assert_freed();
    });
}

/// The message is one of the two; which, is nobody's promise.
#[test]
fn two_requests_at_once_are_both_counted() {
    model(|| {
        let bench = Bench::new();
        let task = bench.spawn(std::future::pending::<()>());
        bench.step();
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || assert!(task.cancel_with("theirs"))
        });
        assert!(task.cancel_with("ours"));
        other.join().unwrap();
        assert_eq!(task.cancelling(), 2);
        bench.run();
        assert!(task.is_cancelled());
        assert_eq!(bench.next().map(drop), None, "it was scheduled once");
    });
}

/// A body that writes down with which message it is cancelled, and goes on.
fn catches(seen: &Arc<Mutex<Vec<Option<String>>>>) -> impl Future<Output = ()> + use<> {
    let seen = seen.clone();
    async move {
        loop {
            if let Err(cancelled) = cancel::catch(std::future::pending::<()>()).await {
                seen.lock().push(cancelled.message().map(str::to_owned));
            }
        }
    }
}

/// Found: a poll that takes the request as it begins, and its message later.
#[test]
fn a_request_that_comes_while_another_is_met_leaves_each_its_message() {
    model(|| {
        let bench = Bench::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = bench.spawn(catches(&seen));
        bench.step();
        task.cancel_with("first");
        let other = thread::spawn({
            let task = task.task_ref().clone();
            move || assert!(task.cancel_with("second"))
        });
        bench.step();
        other.join().unwrap();
        bench.run();
        let seen = std::mem::take(&mut *seen.lock());
        let told = seen.iter().map(Option::as_deref).collect::<Vec<_>>();
        let as_one = [Some("first")]; // it was suspended when the first came (TC-22)
        assert!(
            told == as_one || told == [Some("first"), Some("second")],
            "{told:?}"
        );
        task.abort();
        bench.run();
        drop(task);
        bench.assert_freed();
    });
}
