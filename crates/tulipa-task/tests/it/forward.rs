//! What a request does to what the task awaits: it is passed on, refused, or left; and how the cancellation comes back.

use crate::support::{Bench, Count, Foreign, Log, cancellation};
use std::future::{Future, pending};
use tulipa_task::{
    Deferred, SharedTask, TaskError, TaskState, cancel, current_task, spawn, yield_now,
};

/// TC-03, TC-20, F-06
#[test]
fn a_task_that_awaits_a_deferred_takes_it_along() {
    let bench = Bench::new();
    let bloom = Deferred::<u8>::new();
    let task = bench.spawn(bloom.clone());
    bench.run();
    task.cancel_with("frost");
    bench.run();
    assert!(bloom.is_cancelled() && task.is_cancelled());
    assert_eq!(cancellation(&task).message(), Some("frost"));
}

/// TC-04, TC-32
#[test]
fn a_request_goes_down_the_chain_and_the_cancellation_comes_up() {
    let bench = Bench::new();
    let (log, root) = (Log::new(), Deferred::<()>::new());
    let link = |name: &'static str, log: &Log, inner: Deferred<()>| {
        let log = log.clone();
        async move {
            let cancelled = cancel::catch(inner).await.unwrap_err();
            log.say(format!("{name} {cancelled}"));
            cancelled.resume::<()>().await;
        }
    };
    let c = bench.spawn(link("c", &log, root.clone()));
    let b = bench.spawn({
        let log = log.clone();
        async move {
            let cancelled = cancel::catch(c).await.unwrap_err();
            log.say(format!("b {cancelled}"));
            cancelled.resume::<()>().await
        }
    });
    let a = bench.spawn({
        let log = log.clone();
        async move {
            let _finally = log.at_drop("a is gone");
            b.await.unwrap();
        }
    });
    bench.run();
    a.cancel_with("frost");
    bench.run();
    assert_eq!(
        log.take(),
        ["c cancelled: frost", "b cancelled: frost", "a is gone"]
    );
    assert!(root.is_cancelled());
    assert_eq!(
        (cancellation(&a).message(), a.cancelling()),
        (Some("frost"), 1)
    );
}

/// TC-12
#[test]
fn a_request_to_oneself_takes_the_next_awaited_task_along() {
    let bench = Bench::new();
    let inner = bench.spawn(pending::<()>()).shared();
    let outer = bench.spawn({
        let inner = inner.clone();
        async move {
            current_task().unwrap().cancel();
            inner.await
        }
    });
    bench.run();
    assert!(inner.is_cancelled() && outer.is_cancelled());
}

/// TC-20
#[test]
fn a_deferred_cancelled_by_a_third_party_is_told_to_who_awaits_it() {
    let bench = Bench::new();
    let bloom = Deferred::<u8>::new();
    let task = bench.spawn({
        let bloom = bloom.clone();
        async move {
            match bloom.await {
                Err(TaskError::Cancelled(cancelled)) => cancelled.resume::<u8>().await,
                other => other.unwrap(),
            }
        }
    });
    bench.run();
    bloom.cancel_with("third");
    bench.run();
    assert_eq!(
        (cancellation(&task).message(), task.cancelling()),
        (Some("third"), 0)
    );
}

/// TC-21
#[test]
fn a_task_and_what_it_awaits_cancelled_at_once_end_once() {
    let bench = Bench::new();
    let (bloom, dropped) = (Deferred::<u8>::new(), Count::new());
    let task = bench.spawn({
        let (bloom, guard) = (bloom.clone(), dropped.guard());
        async move {
            let _guard = guard;
            bloom.await
        }
    });
    bench.run();
    bloom.cancel();
    task.cancel();
    bench.run();
    assert!(task.is_cancelled());
    assert_eq!(dropped.get(), 1);
}

/// TC-28
#[test]
fn an_inner_task_that_refuses_saves_the_outer() {
    let bench = Bench::new();
    let inner = bench.spawn(async {
        let _refused = cancel::catch(pending::<()>()).await.unwrap_err();
        7
    });
    let outer = bench.spawn(async move { inner.await.unwrap() });
    bench.run();
    assert!(outer.cancel());
    bench.run();
    assert_eq!((outer.result(), outer.cancelling()), (Ok(Ok(&7)), 1));
}

/// TC-29
#[test]
fn each_request_is_passed_on_to_an_inner_task_that_refuses() {
    let bench = Bench::new();
    let inner = bench
        .spawn(async {
            for _ in 0..2 {
                let _refused = cancel::catch(pending::<()>()).await.unwrap_err();
            }
            7
        })
        .shared();
    let outer = bench.spawn(inner.clone());
    bench.run();
    for count in 1..=2 {
        assert!(outer.cancel());
        bench.run();
        assert_eq!((outer.cancelling(), inner.cancelling()), (count, count));
    }
    assert_eq!(outer.result(), Ok(Ok(&Ok(7))));
}

/// TC-30
#[test]
fn a_deferred_is_cancelled_for_all_who_await_it() {
    let bench = Bench::new();
    let bloom = Deferred::<u8>::new();
    let [one, two] = [bloom.clone(), bloom.clone()].map(|bloom| bench.spawn(bloom));
    bench.run();
    one.cancel_with("frost");
    bench.run();
    assert!(one.is_cancelled());
    assert_eq!(two.cancelling(), 0);
    let Ok(Ok(Err(TaskError::Cancelled(cancelled)))) = two.result() else {
        panic!("{two:?}")
    };
    assert_eq!(cancelled.message(), Some("frost"));
}

/// TC-31
#[test]
fn a_shared_task_is_cancelled_for_all_who_await_it() {
    let bench = Bench::new();
    let shared = bench.spawn(pending::<()>()).shared();
    let [one, two] = [shared.clone(), shared.clone()].map(|shared| bench.spawn(shared));
    bench.run();
    one.cancel();
    bench.run();
    assert!(one.is_cancelled() && shared.is_cancelled());
    assert!(matches!(two.result(), Ok(Ok(Err(TaskError::Cancelled(_))))));
}

#[test]
fn an_awaited_task_dropped_by_a_cancellation_is_cancelled_too() {
    let bench = Bench::new();
    let inner = bench.spawn(pending::<()>());
    let target = inner.task_ref().clone();
    let outer = bench.spawn(async move {
        // A foreign scope: the request is not seen by the join, which is dropped with the rest.
        futures::future::select(inner, pending::<()>()).await;
    });
    bench.run();
    outer.abort();
    bench.run();
    assert!(outer.is_cancelled() && target.is_cancelled());
}

#[test]
fn a_handle_that_was_never_awaited_leaves_its_task_alone_when_its_owner_is_cancelled() {
    let bench = Bench::new();
    let inner = bench.spawn(pending::<()>());
    let target = inner.task_ref().clone();
    let outer = bench.spawn(async move {
        let _kept = inner;
        pending::<()>().await;
    });
    bench.run();
    outer.cancel();
    bench.run();
    assert!(outer.is_cancelled() && !target.is_done());
    target.abort();
    bench.run();
}

#[test]
fn an_await_that_loses_a_race_leaves_its_task_alone() {
    let bench = Bench::new();
    let mut slow = bench.spawn(pending::<()>());
    let target = slow.task_ref().clone();
    let racer = bench.spawn(async move {
        futures::future::select(&mut slow, yield_now()).await;
        slow.is_done()
    });
    bench.run();
    assert_eq!(racer.result(), Ok(Ok(&false)));
    assert!(!target.is_done() && target.cancelling() == 0);
    target.abort();
    bench.run();
}

#[test]
fn a_task_spawned_by_a_cancelled_one_goes_on() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let outer = bench.spawn({
        let gate = gate.clone();
        async move {
            let child = spawn(gate);
            let child = child.task_ref().clone();
            let _refused = cancel::catch(pending::<()>()).await.unwrap_err();
            child
        }
    });
    bench.run();
    outer.cancel();
    bench.run();
    let child = outer.result().unwrap().unwrap();
    assert!(!child.is_done());
    gate.open();
    bench.run();
    assert_eq!(child.state(), TaskState::Finished);
}

/// Tasks each of which awaits the next, and the last the first; with what each of them makes of its await.
fn circle<F>(bench: &Bench, length: usize, each: fn(SharedTask<()>) -> F) -> Vec<SharedTask<()>>
where
    F: Future<Output = ()> + Send + 'static,
{
    let links: Vec<_> = (0..length)
        .map(|_| Deferred::<SharedTask<()>>::new())
        .collect();
    let task = |place: usize| {
        let next = links[(place + 1) % length].clone();
        bench
            .spawn(async move { each(next.await.unwrap()).await })
            .shared()
    };
    let tasks: Vec<_> = (0..length).map(task).collect();
    for (link, task) in links.iter().zip(&tasks) {
        link.set_result(task.clone()).unwrap();
    }
    bench.run();
    assert!(tasks.iter().all(|task| !task.is_done()));
    tasks
}

async fn awaits(next: SharedTask<()>) {
    next.await.unwrap();
}

#[test]
fn a_request_that_comes_round_ends_the_circle() {
    for length in [2, 3, 1_000] {
        let bench = Bench::new();
        let tasks = circle(&bench, length, awaits);
        tasks[0].cancel_with("enough");
        bench.run(); // which fails if they never rest
        assert!(tasks.iter().all(|task| task.is_cancelled()), "of {length}");
        let Ok(Err(TaskError::Cancelled(cancelled))) = tasks[0].result() else {
            unreachable!("it was cancelled")
        };
        assert_eq!(cancelled.message(), Some("enough"), "of {length}");
    }
}

#[test]
fn each_in_a_circle_may_refuse() {
    let bench = Bench::new();
    let tasks = circle(&bench, 3, |next| async {
        let _refused = cancel::catch(next).await;
    });
    tasks[1].cancel();
    bench.run();
    assert!(tasks.iter().any(|task| task.result() == Ok(Ok(&()))));
    assert!(tasks.iter().all(|task| task.is_done()));
}

#[test]
fn all_in_a_circle_may_be_asked_at_once() {
    let bench = Bench::new();
    let tasks = circle(&bench, 5, awaits);
    for task in &tasks {
        task.cancel();
    }
    bench.run();
    assert!(tasks.iter().all(|task| task.is_cancelled()));
}
