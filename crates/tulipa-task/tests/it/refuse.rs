//! What a task does with a cancellation that it has caught: refuse it, clean up, pass it on, hide from it.

use crate::support::{Bench, Count, Foreign, Log};
use std::future::pending;
use tulipa_task::{Deferred, TaskError, TaskState, cancel, current_task, yield_now};

/// TC-16, TC-17
#[test]
fn who_catches_and_goes_on_has_refused() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        let cancelled = cancel::catch(pending::<()>()).await.unwrap_err();
        yield_now().await; // the old request is not delivered again
        cancelled.message().map(str::to_owned)
    });
    bench.run();
    task.cancel_with("please");
    bench.run();
    assert_eq!(
        (task.result(), task.cancelling()),
        (Ok(Ok(&Some("please".to_owned()))), 1)
    );
}

/// TC-18
#[test]
fn who_catches_and_fails_has_failed() {
    let bench = Bench::new();
    let task = bench.try_spawn(async {
        cancel::catch(pending::<()>())
            .await
            .map_err(|_| "cleanup failed")
    });
    bench.run();
    task.cancel();
    bench.run();
    assert_eq!(task.error(), Ok(Some(&TaskError::Failed("cleanup failed"))));
}

/// TC-25
#[test]
fn a_second_request_is_met_inside_the_cleanup() {
    let bench = Bench::new();
    let log = Log::new();
    let task = bench.spawn({
        let log = log.clone();
        async move {
            let _refused = cancel::catch(pending::<()>()).await.unwrap_err();
            log.say("cleaning up");
            let again = cancel::catch(pending::<()>()).await.unwrap_err();
            log.say(format!(
                "cut short, {}",
                current_task().unwrap().cancelling()
            ));
            again.resume::<()>().await
        }
    });
    bench.run();
    for _ in 0..2 {
        task.cancel();
        bench.run();
    }
    assert_eq!(log.take(), ["cleaning up", "cut short, 2"]);
    assert!(task.is_cancelled());
}

/// TC-26
#[test]
fn who_catches_and_cancels_himself_again_ends_cancelled() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        let _refused = cancel::catch(pending::<()>()).await.unwrap_err();
        current_task().unwrap().cancel();
        1
    });
    bench.run();
    task.cancel();
    bench.run();
    assert!(task.is_cancelled());
}

/// TC-27
#[test]
fn a_task_is_not_done_before_its_cleanup_is() {
    let bench = Bench::new();
    let (gate, log) = (Foreign::new(), Log::new());
    let task = bench.spawn({
        let (gate, log) = (gate.clone(), log.clone());
        let said = log.clone();
        cancel::finally(
            async move {
                let _body = log.at_drop("body dropped");
                pending::<()>().await
            },
            async move {
                gate.await;
                said.say("cleaned up");
            },
        )
    });
    bench.run();
    task.cancel();
    bench.run();
    assert_eq!(
        (task.is_done(), log.take()),
        (false, vec!["body dropped".to_owned()])
    );
    gate.open();
    bench.run();
    assert_eq!(
        (task.state(), log.take()),
        (TaskState::Cancelled, vec!["cleaned up".to_owned()])
    );
}

/// TC-42
#[test]
fn a_block_that_asked_for_it_keeps_the_cancellation_to_itself() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        let me = current_task().unwrap();
        me.cancel();
        let caught = cancel::catch(yield_now()).await;
        assert!(caught.is_err() && me.uncancel() == 0);
        yield_now().await; // unaffected
        me.cancelling()
    });
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&0)));
}

#[test]
fn the_innermost_scope_gets_it() {
    let bench = Bench::new();
    let log = Log::new();
    let task = bench.spawn({
        let log = log.clone();
        async move {
            let outer = cancel::catch(async {
                let inner = cancel::catch(pending::<()>()).await;
                log.say(format!("inner {}", inner.is_err()));
                inner.unwrap_err().resume::<()>().await;
            });
            log.say(format!("outer {}", outer.await.is_err()));
        }
    });
    bench.run();
    task.cancel();
    bench.run();
    assert_eq!(log.take(), ["inner true", "outer true"]);
    assert_eq!(task.state(), TaskState::Finished);
}

#[test]
fn what_a_scope_gives_up_is_dropped_before_its_handler_runs() {
    let bench = Bench::new();
    let log = Log::new();
    let task = bench.spawn({
        let log = log.clone();
        async move {
            let body = async {
                let _finally = log.at_drop("finally");
                pending::<()>().await
            };
            let _refused = cancel::catch(body).await.unwrap_err();
            log.say("except");
        }
    });
    bench.run();
    task.cancel();
    bench.run();
    assert_eq!(log.take(), ["finally", "except"]);
}

#[test]
fn finally_runs_after_a_value_and_after_a_panic() {
    let bench = Bench::new();
    let cleaned = Count::new();
    let cleanup = |cleaned: &Count| {
        let cleaned = cleaned.clone();
        async move { cleaned.up() }
    };
    let value = bench.spawn(cancel::finally(async { 1 }, cleanup(&cleaned)));
    let panic = bench.spawn(cancel::finally(
        async { panic!("wilted") },
        cleanup(&cleaned),
    ));
    bench.run();
    assert_eq!(cleaned.get(), 2);
    assert_eq!(value.result(), Ok(Ok(&1)));
    let Ok(Err(TaskError::Panicked(caught))) = panic.result() else {
        panic!("{panic:?}")
    };
    assert_eq!(caught.message(), Some("wilted"));
}

#[test]
fn an_abort_skips_the_cleanup() {
    let bench = Bench::new();
    let cleaned = Count::new();
    let task = bench.spawn(cancel::finally(pending::<()>(), {
        let cleaned = cleaned.clone();
        async move { cleaned.up() }
    }));
    bench.run();
    task.abort();
    bench.run();
    assert_eq!((task.state(), cleaned.get()), (TaskState::Cancelled, 0));
}

#[test]
fn a_mask_hides_a_request_until_its_inside_is_ready() {
    let bench = Bench::new();
    let (commit, log) = (Deferred::<()>::new(), Log::new());
    let task = bench.spawn({
        let (commit, log) = (commit.clone(), log.clone());
        async move {
            cancel::mask(async {
                commit.await.unwrap();
                yield_now().await;
                log.say("committed");
            })
            .await;
            yield_now().await;
            log.say("never");
        }
    });
    bench.run();
    task.cancel_with("hidden");
    assert_eq!(
        bench.run(),
        1,
        "a hidden request costs one poll, not a busy loop"
    );
    assert!(!task.is_done() && !commit.is_done());
    commit.set_result(()).unwrap();
    bench.run();
    assert_eq!(log.take(), ["committed"]);
    let Ok(Err(TaskError::Cancelled(cancelled))) = task.result() else {
        panic!("{task:?}")
    };
    assert_eq!(cancelled.message(), Some("hidden"));
}

/// TC-38 behind a mask
#[test]
fn a_hidden_request_that_is_taken_back_inside_is_gone() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let task = bench.spawn({
        let gate = gate.clone();
        async move {
            cancel::mask(async {
                gate.await;
                current_task().unwrap().uncancel()
            })
            .await;
            yield_now().await;
            1
        }
    });
    bench.run();
    task.cancel();
    bench.run();
    gate.open();
    bench.run();
    assert_eq!((task.result(), task.cancelling()), (Ok(Ok(&1)), 0));
}

#[test]
fn a_mask_hides_nothing_from_an_abort() {
    let bench = Bench::new();
    let task = bench.spawn(cancel::mask(pending::<()>()));
    bench.run();
    task.cancel();
    bench.run();
    assert!(!task.is_done());
    task.abort();
    bench.run();
    assert!(task.is_cancelled());
}

#[test]
fn a_masked_cleanup_is_not_cut_short() {
    let bench = Bench::new();
    let (gate, cleaned) = (Foreign::new(), Count::new());
    let task = bench.spawn({
        let (gate, cleaned) = (gate.clone(), cleaned.clone());
        let cleanup = async move {
            gate.await;
            cleaned.up();
        };
        cancel::finally(pending::<()>(), cancel::mask(cleanup))
    });
    bench.run();
    task.cancel();
    bench.run();
    task.cancel();
    bench.run();
    assert!(!task.is_done());
    gate.open();
    bench.run();
    assert_eq!((task.state(), cleaned.get()), (TaskState::Cancelled, 1));
}

#[test]
fn outside_of_a_task_nothing_is_asked_and_nothing_unwinds() {
    assert!(!cancel::requested() && !cancel::is_unwinding_drop());
    assert!(cancel::take_request().is_none() && cancel::take_cancellation().is_none());
    assert_eq!(cancel::uncount(), 0);
    let told = crate::support::panic_of(|| cancel::unwind(cancel::own_request()));
    assert!(
        told.contains("outside of a task") && told.contains("spawn"),
        "{told}"
    );
}
