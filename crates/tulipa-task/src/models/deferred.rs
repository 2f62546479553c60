//! The race: two set a deferred at once, or one sets and one cancels it, while a task waits for it. The first outcome
//! stands, and the other comes back (F-05, F-07).

use super::{Bench, Count, model, thread};
use crate::deferred::Deferred;
use crate::error::TaskError;

/// Found: a claim that two can have.
#[test]
fn of_two_results_one_is_kept_and_the_other_comes_back() {
    model(|| {
        let bench = Bench::new();
        let deferred = Deferred::<u8>::new();
        let reader = bench.spawn({
            let deferred = deferred.clone();
            async move { deferred.await.unwrap() }
        });
        bench.step();
        let other = thread::spawn({
            let deferred = deferred.clone();
            move || deferred.set_result(1).is_ok()
        });
        let ours = deferred.set_result(2).map_err(|refused| refused.0);
        let theirs = other.join().unwrap();
        let kept = match ours {
            Ok(()) => 2,
            Err(back) => {
                assert_eq!(back, 2);
                1
            }
        };
        assert_ne!(ours.is_ok(), theirs);
        bench.run();
        assert_eq!(reader.result(), Ok(Ok(&kept)));
        drop(reader);
        bench.assert_freed();
    });
}

/// Found: a claim that two can have: the cancellation writes over a value that is being written.
#[test]
fn a_deferred_is_set_or_cancelled_and_says_which() {
    model(|| {
        let values = Count::default();
        let deferred = Deferred::<super::Guard>::new();
        let canceller = deferred.as_ref().clone();
        let other = thread::spawn(move || canceller.cancel());
        let set = deferred.set_result(values.guard()).is_ok();
        let cancelled = other.join().unwrap();
        assert_ne!(set, cancelled);
        let outcome = deferred.result().expect("one of them took");
        assert_eq!(matches!(outcome, Err(TaskError::Cancelled(_))), cancelled);
        drop(deferred);
        assert_eq!(
            values.get(),
            1,
            "dropped with the refusal or with the deferred"
        );
    });
}

/// Found: a `complete` that overlooks who waits; an `unlock` that does not tell them.
#[test]
fn who_begins_to_wait_while_it_is_set_is_told() {
    model(|| {
        let bench = Bench::new();
        let deferred = Deferred::<u8>::new();
        let reader = bench.spawn({
            let deferred = deferred.clone();
            async move { deferred.await.unwrap() }
        });
        let other = thread::spawn(move || deferred.set_result(5).unwrap());
        bench.step();
        other.join().unwrap();
        bench.run();
        assert_eq!(reader.result(), Ok(Ok(&5)));
        drop(reader);
        bench.assert_freed();
    });
}
