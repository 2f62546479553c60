//! `Deferred`: set once by anyone, read by all.

use crate::support::{Bench, Count, Foreign};
use tulipa_task::{Awaitable, Deferred, InvalidState, SetError, TaskError, TaskState};

/// F-01, F-04
#[test]
fn a_new_one_is_pending() {
    let bloom = Deferred::<u8>::default();
    assert_eq!(
        (bloom.state(), bloom.is_done(), bloom.is_cancelled()),
        (TaskState::Pending, false, false)
    );
    assert_eq!(
        (bloom.result(), bloom.error()),
        (Err(InvalidState::Pending), Err(InvalidState::Pending))
    );
    assert!(bloom.is_deferred() && bloom.name().starts_with("Deferred-"));
}

/// F-02
#[test]
fn a_unit_counts_as_a_result() {
    let bloom = Deferred::<()>::new();
    bloom.set_result(()).unwrap();
    assert_eq!(
        (bloom.result(), bloom.error(), bloom.state()),
        (Ok(Ok(&())), Ok(None), TaskState::Finished)
    );
}

/// F-03, F-10
#[test]
fn an_error_is_given_to_everyone() {
    let bench = Bench::new();
    let bloom = Deferred::<u8, &str>::new();
    let readers = [bloom.clone(), bloom.clone()].map(|bloom| bench.spawn(bloom));
    bench.run();
    bloom.set_error("frost").unwrap();
    bench.run();
    for reader in &readers {
        assert_eq!(reader.result(), Ok(Ok(&Err(TaskError::Failed("frost")))));
    }
    assert_eq!(
        (bloom.state(), bloom.is_cancelled()),
        (TaskState::Failed, false)
    );
}

/// F-05, F-07, F-16
#[test]
fn the_first_outcome_stands_and_the_second_comes_back() {
    let bloom = Deferred::<u8, &str>::new();
    bloom.set_result(1).unwrap();
    assert_eq!(bloom.set_result(2), Err(SetError(2)));
    assert_eq!(bloom.set_error("late"), Err(SetError("late")));
    assert!(!bloom.cancel() && !bloom.abort());
    assert_eq!(bloom.result(), Ok(Ok(&1)));

    let cancelled = Deferred::<u8>::new();
    cancelled.cancel();
    assert_eq!(cancelled.set_result(2), Err(SetError(2)));
    assert!(cancelled.is_cancelled());
}

/// F-06, F-08
#[test]
fn a_cancelled_one_is_done_at_once_and_each_read_has_the_message() {
    let mut bloom = Deferred::<u8>::new();
    assert!(bloom.cancel_with("frost"));
    assert_eq!(
        (bloom.is_done(), bloom.state(), bloom.cancel()),
        (true, TaskState::Cancelled, false)
    );
    for _ in 0..2 {
        let Some(Err(TaskError::Cancelled(cancelled))) = bloom.take_outcome() else {
            panic!("{bloom:?}")
        };
        assert_eq!(cancelled.message(), Some("frost"));
    }
}

/// F-11
#[test]
fn a_stored_cancellation_is_told_as_what_it_is() {
    let bench = Bench::new();
    let source = Deferred::<u8>::new();
    source.cancel_with("copied");
    let outcome = source.result().unwrap().copied().map_err(Clone::clone);
    let copy = Deferred::<u8>::new();
    copy.set_outcome(outcome).unwrap();
    assert!(copy.is_cancelled());
    let reader = bench.spawn(async move {
        match copy.await {
            Err(TaskError::Cancelled(cancelled)) => cancelled.resume::<()>().await,
            other => panic!("{other:?}"),
        }
    });
    bench.run();
    assert!(reader.is_cancelled());
}

/// F-12 to F-15
#[test]
fn an_error_nobody_read_is_reported_once_and_only_then() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let failed = || {
        let bloom = Deferred::<u8, &str>::new();
        bloom.set_error("frost").unwrap();
        bloom
    };
    let second = failed();
    drop(second.clone());
    assert_eq!(bench.reports().len(), 0, "one handle is left");
    drop(second);
    let report = bench.report();
    assert!(
        report.contains("never retrieved")
            && report.contains("frost")
            && report.contains("deferred.rs"),
        "{report}"
    );

    let _read = failed().error().is_ok();
    let _late = failed().cancel(); // counts as read (F-15)
    drop(Deferred::<u8, &str>::new()); // pending
    Deferred::<u8, &str>::new().set_result(1).unwrap(); // an unread value
}

/// F-13
#[test]
fn a_done_callback_is_no_reader() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let bloom = Deferred::<u8, &str>::new();
    bloom.add_done_callback(|_| ());
    bloom.set_error("frost").unwrap();
    bench.run();
    drop(bloom);
    assert!(bench.report().contains("frost"));
}

#[test]
fn a_value_lives_as_long_as_the_last_handle() {
    let values = Count::new();
    let bloom = Deferred::<crate::support::Guard>::new();
    let task = bloom.as_ref().clone();
    bloom.set_result(values.guard()).unwrap();
    drop(bloom);
    assert_eq!(values.get(), 0, "an untyped handle is one");
    drop(task);
    assert_eq!(values.get(), 1);
}

/// F-18
#[test]
fn its_debug_text_says_how_it_is_and_where_it_was_made() {
    let line = line!() + 1;
    let blooms = [(); 3].map(|()| Deferred::<u8, u8>::new());
    let texts = || {
        let text = |bloom: &Deferred<u8, u8>| {
            let (state, place) = (format!("{bloom:?}"), format!("deferred.rs:{line}:"));
            assert!(
                state.contains(&format!("`Deferred-{}`", bloom.id())) && state.contains(&place),
                "{state}"
            );
            state.split_once(' ').unwrap().0.to_owned()
        };
        blooms.each_ref().map(text)
    };
    assert_eq!(texts(), ["<pending"; 3]);
    blooms[0].set_result(1).unwrap();
    blooms[1].set_error(1).unwrap();
    blooms[2].cancel();
    assert_eq!(texts(), ["<finished", "<failed", "<cancelled"]);
    blooms[1].mark_read();
}

#[test]
fn it_is_set_from_another_thread_and_awaited_without_an_executor() {
    let bloom = Deferred::<u8>::new();
    let setter = std::thread::spawn({
        let bloom = bloom.clone();
        move || bloom.set_result(7).unwrap()
    });
    assert_eq!(futures::executor::block_on(bloom), Ok(7));
    setter.join().unwrap();
}

#[test]
fn who_gave_up_waiting_is_not_told() {
    let bench = Bench::new();
    let (bloom, gate) = (Deferred::<u8>::new(), Foreign::new());
    let waiter = bench.spawn({
        let (bloom, gate) = (bloom.clone(), gate.clone());
        async move {
            futures::future::select(bloom, gate).await;
            std::future::pending::<()>().await
        }
    });
    bench.run();
    assert_eq!(bloom.as_ref().awaited_by(), [waiter.task_ref().clone()]);
    gate.open();
    bench.run();
    assert!(bloom.as_ref().awaited_by().is_empty());
    bloom.set_result(1).unwrap();
    assert_eq!(bench.run(), 0, "nobody is woken");
    waiter.abort();
    bench.run();
}
