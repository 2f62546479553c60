//! When futures, outputs and waiters are dropped, and by whom.

use crate::support::{Bench, Count, Foreign, Log};
use std::future::pending;
use std::sync::Arc;
use std::task::Waker;
use tulipa_task::{Awaitable, Deferred, Observer, TaskState, cancel, current_task, spawn};

#[test]
fn the_future_is_dropped_when_the_task_ends_not_when_its_handle_goes() {
    let bench = Bench::new();
    let dropped = Count::new();
    let task = bench.spawn({
        let guard = dropped.guard();
        async move {
            let _guard = guard;
        }
    });
    bench.run();
    assert_eq!(dropped.get(), 1);
    drop(task);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn the_output_of_a_detached_task_is_dropped_when_it_ends() {
    let bench = Bench::new();
    let (gate, values) = (Foreign::new(), Count::new());
    let task = bench.spawn({
        let (gate, value) = (gate.clone(), values.guard());
        async move {
            gate.await;
            value
        }
    });
    let untyped = task.task_ref().clone();
    task.detach();
    bench.run();
    gate.open();
    bench.run();
    assert_eq!(
        (values.get(), untyped.state()),
        (1, TaskState::Finished),
        "an untyped handle keeps no output"
    );
}

#[test]
fn the_output_of_a_kept_task_is_dropped_with_its_handle() {
    let bench = Bench::new();
    let values = Count::new();
    let task = bench.spawn({
        let value = values.guard();
        async move { value }
    });
    let untyped = task.task_ref().clone();
    bench.run();
    assert_eq!(values.get(), 0);
    drop(task);
    assert_eq!((values.get(), untyped.is_done()), (1, true));
}

#[test]
fn an_output_that_was_taken_is_dropped_by_who_took_it() {
    let bench = Bench::new();
    let values = Count::new();
    let mut task = bench.spawn({
        let value = values.guard();
        async move { value }
    });
    bench.run();
    let value = task.take_outcome().unwrap().unwrap();
    drop(task);
    assert_eq!(values.get(), 0);
    drop(value);
    assert_eq!(values.get(), 1);
}

#[test]
fn destructors_run_as_their_task() {
    struct Says(Log);
    impl Drop for Says {
        fn drop(&mut self) {
            let name = current_task().map_or("nobody".to_owned(), |task| task.name());
            self.0
                .say(format!("{name} {}", cancel::is_unwinding_drop()));
        }
    }
    let bench = Bench::new();
    let log = Log::new();
    let named = |name: &'static str| tulipa_task::Builder::new().name(name).on(&bench.scheduler);
    named("value")
        .spawn({
            let says = Says(log.clone());
            async move { drop(says) }
        })
        .detach();
    let cancelled = named("cancelled").spawn({
        let says = Says(log.clone());
        async move {
            let _says = says;
            pending::<()>().await
        }
    });
    named("lost value")
        .spawn({
            let says = Says(log.clone());
            async move {
                current_task().unwrap().cancel();
                says
            }
        })
        .detach();
    bench.run();
    cancelled.cancel();
    bench.run();
    assert_eq!(
        log.take(),
        ["value false", "lost value true", "cancelled true"]
    );
}

#[test]
fn an_eager_childs_value_that_loses_to_a_request_is_dropped_as_the_child() {
    struct Says(Log);
    impl Drop for Says {
        fn drop(&mut self) {
            self.0.say(current_task().unwrap().name());
        }
    }
    let bench = Bench::new();
    let log = Log::new();
    let parent = tulipa_task::Builder::new()
        .name("parent")
        .on(&bench.scheduler)
        .spawn({
            let says = Says(log.clone());
            async move {
                let child =
                    tulipa_task::Builder::new()
                        .name("child")
                        .eager(true)
                        .spawn(async move {
                            let me = current_task().unwrap();
                            // From another thread: it is stored, and meets the value in the last update of the word.
                            std::thread::spawn(move || me.cancel()).join().unwrap();
                            says
                        });
                child.is_cancelled()
            }
        });
    bench.run();
    assert_eq!(
        (parent.result(), log.take()),
        (Ok(Ok(&true)), vec!["child".to_owned()])
    );
}

struct Nothing;

impl Observer for Nothing {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        None
    }
}

#[test]
fn an_observer_is_let_go_when_it_was_told_and_when_it_leaves() {
    let bench = Bench::new();
    let observer: Arc<dyn Observer> = Arc::new(Nothing);
    let [one, two] = [bench.spawn(async {}), bench.spawn(async {})];
    let (_told, left) = (
        one.subscribe(&observer, 0),
        two.subscribe(&observer, 1).unwrap(),
    );
    assert_eq!(Arc::strong_count(&observer), 3);
    assert!(two.unsubscribe(left));
    assert_eq!(Arc::strong_count(&observer), 2);
    bench.run();
    assert_eq!(Arc::strong_count(&observer), 1);
    assert!(one.subscribe(&observer, 0).is_none(), "it has ended");
}

#[test]
fn a_loop_of_waits_over_one_task_leaves_nothing_behind() {
    let bench = Bench::new();
    let long = bench.spawn(pending::<()>()).shared();
    let waiter = bench.spawn({
        let long = long.clone();
        async move {
            for _ in 0..1000 {
                futures::future::select(long.clone(), tulipa_task::yield_now()).await;
            }
        }
    });
    bench.run();
    assert!(waiter.is_done());
    assert_eq!(long.awaited_by().len(), 0);
    long.abort();
    bench.run();
}

#[test]
fn who_awaits_is_known() {
    let bench = Bench::new();
    let bloom = Deferred::<u8>::new();
    let waiting = [bloom.clone(), bloom.clone()].map(|bloom| bench.spawn(bloom));
    bench.run();
    let mut ids: Vec<_> = bloom
        .as_ref()
        .awaited_by()
        .iter()
        .map(|task| task.id())
        .collect();
    ids.sort();
    assert_eq!(ids, waiting.each_ref().map(|task| task.id()));
    bloom.set_result(1).unwrap();
    bench.run();
}

#[test]
fn a_chain_of_tasks_that_hold_each_other_goes_when_its_head_does() {
    let bench = Bench::new();
    let dropped = Count::new();
    let mut task = bench.spawn({
        let guard = dropped.guard();
        async move {
            let _guard = guard;
            pending::<()>().await
        }
    });
    for _ in 0..100 {
        task = bench.spawn(async move { task.await.unwrap() });
    }
    bench.run();
    task.cancel();
    bench.run();
    assert!(task.is_cancelled());
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_task_may_drop_the_last_handle_of_itself() {
    let bench = Bench::new();
    let slot = Arc::new(std::sync::Mutex::new(None));
    let task = bench.spawn({
        let slot = slot.clone();
        async move {
            tulipa_task::yield_now().await;
            drop(slot.lock().unwrap().take());
        }
    });
    *slot.lock().unwrap() = Some(task);
    bench.run();
    assert!(slot.lock().unwrap().is_none());
}

#[test]
fn an_output_may_hold_its_own_executor() {
    let bench = Bench::new();
    let scheduler = bench.scheduler.clone();
    let task = bench.spawn(async move {
        let inner = spawn(async move { scheduler });
        inner.await.unwrap()
    });
    bench.run();
    assert!(task.result().unwrap().unwrap() == &bench.scheduler);
}
