//! What suspended tasks are said to wait for.

use crate::support::{Bench, Foreign};
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use tulipa_task::{Activity, Deferred, Leaf, Task, TaskState, waits, yield_now};

/// A leaf that waits for ever, and says for what.
async fn leaf(leaf: Leaf) {
    poll_fn(|_| {
        waits::note(leaf);
        Poll::<()>::Pending
    })
    .await;
}

#[track_caller]
fn assert_waits<T>(task: &Task<T>, leaf: Leaf, others: usize) {
    let waits = task.waits_for().expect("it is suspended");
    assert_eq!((waits.leaf(), waits.others()), (leaf, others));
}

#[test]
fn joins_say_whom_they_await() {
    let bench = Bench::new();
    let (never, deferred) = (bench.spawn(pending::<()>()), Deferred::<()>::new());
    let inner = never.task_ref().clone();
    let awaited = [
        Leaf::end_of(&inner),
        Leaf::end_of(&deferred),
        Leaf::end_of(&deferred),
    ];
    let shared = never.shared();
    let waiting = [
        bench.spawn({
            let shared = shared.clone();
            async { shared.await.unwrap() }
        }),
        bench.spawn({
            let deferred = deferred.clone();
            async { deferred.await.unwrap() }
        }),
    ];
    bench.run();
    for (task, leaf) in waiting.iter().zip(awaited) {
        assert_waits(task, leaf, 0);
    }
    assert_eq!(awaited[0].awaited(), Some(inner.id()));
    assert_eq!(
        waiting[0].waits_for().unwrap().to_string(),
        format!("task {}", inner.id())
    );
    inner.abort();
    deferred.set_result(()).unwrap();
    bench.run();
    assert_eq!(waiting[0].state(), TaskState::Panicked, "it unwrapped");
    assert!(waiting[0].waits_for().is_none() && waiting[0].result().is_ok());
}

#[test]
fn a_task_that_is_not_suspended_waits_for_nothing() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        let me = tulipa_task::current_task().unwrap();
        assert_eq!((me.activity(), me.waits_for()), (Activity::Running, None));
        yield_now().await;
        leaf(Leaf::Job).await;
    });
    let activity = || (task.activity(), task.waits_for());
    assert_eq!(activity(), (Activity::New, None));
    bench.step();
    assert_eq!(activity(), (Activity::Ready, None), "it has given way");
    bench.step();
    let waits = task.waits_for();
    assert_eq!(activity().0, Activity::Waiting(waits.unwrap()));
    task.cancel();
    assert_eq!(activity(), (Activity::Ready, None));
    bench.run();
    assert_eq!(activity(), (Activity::Ended(TaskState::Cancelled), None));
}

#[test]
fn a_deferred_does_not_wait() {
    let deferred = Deferred::<()>::new();
    assert_eq!(deferred.activity(), Activity::Unset);
    assert!(deferred.waits_for().is_none());
    deferred.set_result(()).unwrap();
    assert_eq!(deferred.activity(), Activity::Ended(TaskState::Finished));
}

#[test]
fn what_is_not_ours_is_called_so() {
    let bench = Bench::new();
    let foreign = Foreign::new();
    let task = bench.spawn({
        let foreign = foreign.clone();
        async {
            foreign.await;
            leaf(Leaf::Readable(Some(7))).await;
        }
    });
    bench.run();
    assert_waits(&task, Leaf::Foreign, 0);
    let waker = foreign.waker();
    foreign.open();
    bench.run();
    assert_waits(&task, Leaf::Readable(Some(7)), 0);
    waker.wake(); // polled for no reason, and suspended again
    bench.run();
    assert_waits(&task, Leaf::Readable(Some(7)), 0);
    task.abort();
    bench.run();
}

#[test]
fn of_several_the_last_is_named_and_the_others_counted() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        futures::future::join3(leaf(Leaf::Job), leaf(Leaf::Tasks(2)), leaf(Leaf::Group(3))).await;
    });
    bench.run();
    assert_waits(&task, Leaf::Group(3), 2);
    let text = task.waits_for().unwrap().to_string();
    assert_eq!(text, "3 children of its group, or 2 other things");
    task.abort();
    bench.run();
}

#[test]
fn quiet_notes_do_not_count() {
    let bench = Bench::new();
    let task = bench.spawn(poll_fn(|_| {
        waits::note(Leaf::Job);
        waits::quietly(|| waits::note(Leaf::Tasks(5)));
        Poll::<()>::Pending
    }));
    bench.run();
    assert_waits(&task, Leaf::Job, 0);
    task.abort();
    bench.run();
}

/// An eager first step is a poll of its own, inside another's.
#[test]
fn an_eager_step_keeps_its_notes_to_itself() {
    let bench = Bench::new();
    let inner = Arc::new(parking_lot::Mutex::new(None));
    let task = bench.spawn({
        let inner = inner.clone();
        async move {
            let eager = tulipa_task::Builder::new().eager(true);
            *inner.lock() = Some(eager.spawn(leaf(Leaf::Job)));
            leaf(Leaf::Writable(None)).await;
        }
    });
    bench.run();
    assert_waits(&task, Leaf::Writable(None), 0);
    let inner = inner.lock().take().unwrap();
    assert_waits(&inner, Leaf::Job, 0);
    for task in [task, inner] {
        task.abort();
    }
    bench.run();
}

#[test]
fn outside_of_a_task_a_note_does_nothing() {
    waits::note(Leaf::Job);
    assert_eq!(waits::quietly(|| 7), 7);
}
