//! The race: a task ends while another begins to wait for it, or passes a request on to it.

use super::{Bench, Gate, model, thread};

/// Found: an `unlock` that does not look whether the task has ended; a `complete` that overlooks who waits.
#[test]
fn who_begins_to_wait_while_the_task_ends_is_told() {
    model(|| {
        let bench = Bench::new();
        let inner = bench.spawn(async { 7 });
        let outer = bench.spawn(async move { inner.await.unwrap() });
        let inner = bench.next().expect("it was spawned");
        let other = thread::spawn(move || assert!(inner.run().is_none()));
        bench.step();
        other.join().unwrap();
        bench.run();
        assert_eq!(outer.result(), Ok(Ok(&7)));
        drop(outer);
        bench.assert_freed();
    });
}

/// Found: a join that keeps a request which it could not pass on. The outer task then has the value, though `cancel` said
/// `true` and nobody refused.
#[test]
fn a_request_that_comes_too_late_for_the_inner_task_stays_with_the_outer() {
    model(|| {
        let bench = Bench::new();
        let gate = Gate::new();
        let inner = bench.spawn(gate.clone());
        let outer = bench.spawn(async move { inner.await.unwrap() });
        bench.step();
        bench.step();
        assert!(outer.cancel());
        gate.open();
        let requested = bench
            .next()
            .expect("the outer task was scheduled by the request");
        let ending = bench.next().expect("the inner one by the gate");
        let other = thread::spawn({
            let bench = bench.share();
            move || {
                assert!(ending.run().is_none());
                drop(bench);
            }
        });
        if let Some(again) = requested.run() {
            assert!(again.run().is_none());
        }
        other.join().unwrap();
        bench.run();
        assert!(outer.is_cancelled(), "{outer:?}");
        drop((outer, gate));
        bench.assert_freed();
    });
}
