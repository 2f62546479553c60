//! `SharedTask`: one result, many readers.

use crate::support::{Bench, Count, Foreign};
use std::sync::Arc;
use tulipa_task::{Awaitable, InvalidState, TaskError};

/// T-02
#[test]
fn many_awaiters_before_and_after_get_the_same_result() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let shared = bench
        .spawn({
            let gate = gate.clone();
            async move {
                gate.await;
                Arc::new("tulip")
            }
        })
        .shared();
    let before = [shared.clone(), shared.clone()].map(|shared| bench.spawn(shared));
    bench.run();
    assert_eq!(shared.result(), Err(InvalidState::Pending));
    gate.open();
    bench.run();
    let after = bench.spawn(shared.clone());
    bench.run();
    let first = shared.result().unwrap().unwrap();
    for reader in before.iter().chain([&after]) {
        assert!(Arc::ptr_eq(
            first,
            reader.result().unwrap().unwrap().as_ref().unwrap()
        ));
    }
}

/// T-03
#[test]
fn many_awaiters_get_the_same_error() {
    let bench = Bench::new();
    let error = Arc::new("wilted");
    let mut shared = bench
        .try_spawn({
            let error = error.clone();
            async move { Err::<(), _>(error) }
        })
        .shared();
    bench.run();
    for _ in 0..2 {
        let Some(Err(TaskError::Failed(seen))) = shared.take_outcome() else {
            panic!("{shared:?}")
        };
        assert!(Arc::ptr_eq(&seen, &error));
    }
    assert_eq!(shared.error(), Ok(Some(&TaskError::Failed(error))));
}

#[test]
fn each_holder_waits_for_itself() {
    let bench = Bench::new();
    let shared = bench.spawn(std::future::pending::<()>()).shared();
    let waiting = [shared.clone(), shared.clone()].map(|shared| bench.spawn(shared));
    bench.run();
    assert_eq!(shared.awaited_by().len(), 2);
    waiting[0].abort();
    bench.run();
    assert!(
        shared.is_done(),
        "who awaited it and is stopped takes it along (TC-31)"
    );
    assert!(waiting[1].is_done());
}

#[test]
fn the_last_holder_drops_the_result() {
    let bench = Bench::new();
    let values = Count::new();
    let shared = bench
        .spawn({
            let value = values.guard();
            async move { Arc::new(value) }
        })
        .shared();
    let other = shared.clone();
    bench.run();
    drop(shared);
    assert_eq!(values.get(), 0);
    drop(other);
    assert_eq!(values.get(), 1);
}

#[test]
fn it_dereferences_to_its_task() {
    let bench = Bench::new();
    let shared = bench.spawn(async {}).shared();
    shared.set_name("bulb");
    assert_eq!(
        (shared.name(), shared.as_ref() == shared.task_ref()),
        ("bulb".to_owned(), true)
    );
    assert!(format!("{shared:?}").contains("bulb"));
    bench.run();
}
