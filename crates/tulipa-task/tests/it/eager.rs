//! Tasks whose first step is taken inside `spawn`.

use crate::support::{Bench, Count, Foreign, Log};
use std::future::{Future, pending};
use tulipa_task::{
    Builder, Deferred, Task, TaskError, all_tasks, cancel, context_var, current_task, yield_now,
};

fn eager<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Builder::new().eager(true).spawn(future)
}

/// EG-02
#[test]
fn a_body_that_never_suspends_is_done_when_spawn_returns() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let task = eager(async { 1 });
    assert_eq!(task.result(), Ok(Ok(&1)));
    assert_eq!(bench.run(), 0);
    let reader = bench.spawn(task);
    assert_eq!(bench.run(), 1, "awaiting it costs no turn");
    assert_eq!(reader.result(), Ok(Ok(&Ok(1))));
}

/// EG-03, EG-04
#[test]
fn a_body_that_suspends_has_run_up_to_there() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let (log, bloom) = (Log::new(), Deferred::<u8>::new());
    let task = eager({
        let (log, bloom) = (log.clone(), bloom.clone());
        async move {
            log.say("begins");
            bloom.set_result(1).unwrap();
            yield_now().await;
            log.say("ends");
        }
    });
    assert_eq!(log.take(), ["begins"]);
    assert!(bloom.is_done() && !task.is_done());
    bench.run();
    assert_eq!(log.take(), ["ends"]);
}

/// EG-05
#[test]
fn a_first_step_that_fails_fails_the_task_not_the_spawner() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let panicked = eager(async { panic!("at once") });
    let failed = Builder::new()
        .eager(true)
        .try_spawn(async { Err::<(), _>("at once") });
    let raised = eager(cancel::raise::<()>("at once"));
    assert!(matches!(
        panicked.result(),
        Ok(Err::<&(), _>(TaskError::Panicked(_)))
    ));
    assert_eq!(failed.error(), Ok(Some(&TaskError::Failed("at once"))));
    assert!(raised.is_cancelled());
    drop(
        Builder::new()
            .eager(true)
            .try_spawn(async { Err::<(), _>("unread") }),
    );
    assert!(bench.report().contains("unread"));
}

/// EG-07
#[test]
fn from_outside_of_the_executor_it_begins_there() {
    let bench = Bench::new();
    let ran = Count::new();
    let task = Builder::new().on(&bench.scheduler).eager(true).spawn({
        let ran = ran.clone();
        async move { ran.next() }
    });
    assert_eq!(ran.get(), 0);
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&1)));
}

/// EG-08, EG-09
#[test]
fn the_child_is_current_and_listed_in_its_first_step() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let log = Log::new();
    let note = |log: &Log| {
        let mut names: Vec<_> = all_tasks().iter().map(|task| task.name()).collect();
        names.sort();
        log.say(format!(
            "{} of {}",
            current_task().unwrap().name(),
            names.join(" ")
        ));
    };
    Builder::new()
        .name("a")
        .spawn({
            let log = log.clone();
            async move {
                let inner = log.clone();
                Builder::new()
                    .name("b")
                    .eager(true)
                    .spawn(async move {
                        let innermost = inner.clone();
                        Builder::new()
                            .name("c")
                            .eager(true)
                            .spawn(async move {
                                note(&innermost);
                                yield_now().await;
                            })
                            .detach();
                        note(&inner);
                    })
                    .detach();
                note(&log);
            }
        })
        .detach();
    bench.run();
    assert_eq!(log.take(), ["c of a b c", "b of a b c", "a of a c"]);
}

/// EG-10
#[test]
fn the_first_step_runs_in_the_childs_own_context() {
    context_var! { static COLOUR: &'static str = "white" }
    let bench = Bench::new();
    let task = bench.spawn(async {
        COLOUR.set("red");
        let seen = eager(async { (COLOUR.get(), COLOUR.set("blue")).0 })
            .await
            .unwrap();
        (seen, COLOUR.get())
    });
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&("red", "red"))));
}

/// EG-11, EG-12
#[test]
fn a_request_finds_a_body_that_has_begun() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let done = eager(async {});
    assert!(!done.cancel());
    let log = Log::new();
    let task = eager({
        let log = log.clone();
        async move { log.say(cancel::catch(pending::<()>()).await.unwrap_err()) }
    });
    task.cancel_with("frost");
    bench.run();
    assert_eq!(log.take(), ["cancelled: frost"]);
}

/// EG-13
#[test]
fn a_child_that_cancels_itself_in_its_first_step_ends_there() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let returns = eager(async {
        current_task().unwrap().cancel();
    });
    let suspends = eager(async {
        current_task().unwrap().cancel();
        yield_now().await;
    });
    bench.run();
    assert!(returns.is_cancelled() && suspends.is_cancelled());
}

#[test]
fn a_child_may_cancel_its_spawner_and_take_it_back() {
    let bench = Bench::new();
    for take_back in [false, true] {
        let parent = bench.spawn(async move {
            let parent = current_task().unwrap();
            parent.cancel(); // ambient at once
            eager(async move {
                if take_back {
                    parent.uncancel();
                }
            })
            .detach();
            yield_now().await;
        });
        bench.run();
        assert_eq!(parent.is_cancelled(), !take_back);
    }
}

#[test]
fn the_spawners_request_is_not_the_childs() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let parent = bench.spawn({
        let gate = gate.clone();
        async move {
            current_task().unwrap().cancel();
            assert!(cancel::requested());
            let child = eager(async move {
                assert!(!cancel::requested());
                gate.await;
            });
            child.task_ref().clone()
        }
    });
    bench.run();
    gate.open();
    bench.run();
    assert!(parent.is_cancelled());
}
