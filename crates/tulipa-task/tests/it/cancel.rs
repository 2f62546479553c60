//! Requests to cancel: when they are met, who gets them, and what becomes of the task.
//!
//! What becomes of what the task awaits is in `forward`; refusals, masks and cleanup are in `refuse`.

use crate::support::{Bench, Count, Foreign, Log, cancellation};
use std::future::pending;
use std::sync::{Arc, Mutex};
use tulipa_task::{Deferred, TaskError, TaskRef, TaskState, cancel, current_task, yield_now};

fn me() -> TaskRef {
    current_task().expect("asked inside a task")
}

/// TC-01, TC-02
#[test]
fn cancel_counts_until_the_task_is_done() {
    let bench = Bench::new();
    let task = bench.spawn(pending::<()>());
    bench.run();
    assert!(task.cancel());
    assert_eq!(
        (task.cancelling(), task.is_done(), task.is_cancelled()),
        (1, false, false)
    );
    assert_eq!(
        format!("{:?}", *task).split(' ').next(),
        Some("<cancelling")
    );
    bench.run();
    assert!(task.is_cancelled());
    assert!(!task.cancel());
    assert_eq!(task.cancelling(), 1);
}

/// TC-05
#[test]
fn a_task_that_never_began_never_does() {
    let bench = Bench::new();
    let (ran, dropped) = (Count::new(), Count::new());
    let task = bench.spawn({
        let (ran, guard) = (ran.clone(), dropped.guard());
        async move {
            ran.up();
            drop(guard);
        }
    });
    task.cancel_with("too early");
    assert_eq!(dropped.get(), 0, "it is dropped where it would have run");
    bench.run();
    assert_eq!(
        (ran.get(), dropped.get(), cancellation(&task).message()),
        (0, 1, Some("too early"))
    );
}

/// TC-06
#[test]
fn a_request_taken_back_before_the_first_step_leaves_no_trace() {
    let bench = Bench::new();
    let task = bench.spawn(async { 1 });
    task.cancel();
    task.cancel();
    assert_eq!((task.uncancel(), task.uncancel()), (1, 0));
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&1)));
}

/// TC-07
#[test]
fn a_suspended_await_does_not_deliver_past_a_request() {
    let bench = Bench::new();
    let bloom = Deferred::<u8>::new();
    let task = bench.spawn({
        let bloom = bloom.clone();
        async move { cancel::catch(bloom).await.is_err() }
    });
    bench.run();
    bloom.set_result(7).unwrap();
    task.cancel();
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&true)), "it was raised at that await");
    assert_eq!(bloom.result(), Ok(Ok(&7)), "the deferred keeps its value");
}

/// TC-08, with the request forwarded when the task next runs.
#[test]
fn a_result_set_after_the_request_does_not_save_the_task() {
    let bench = Bench::new();
    let bloom = Deferred::<u8>::new();
    let task = bench.spawn(bloom.clone());
    bench.run();
    task.cancel();
    bloom.set_result(7).unwrap();
    bench.run();
    assert!(task.is_cancelled());
}

/// TC-09
#[test]
fn the_result_of_a_task_stays_with_it_when_its_awaiter_is_cancelled() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let inner = bench
        .spawn({
            let gate = gate.clone();
            async move {
                gate.await;
                7
            }
        })
        .shared();
    let outer = bench.spawn({
        let inner = inner.clone();
        async move { cancel::catch(inner).await.is_err() }
    });
    bench.run();
    gate.open();
    bench.step();
    assert!(inner.is_done() && outer.cancel());
    bench.run();
    assert_eq!(outer.result(), Ok(Ok(&true)));
    assert_eq!(inner.result(), Ok(Ok(&7)));
}

/// TC-10
#[test]
fn a_request_to_oneself_is_met_at_the_next_suspension() {
    let bench = Bench::new();
    let log = Log::new();
    let task = bench.spawn({
        let log = log.clone();
        async move {
            me().cancel_with("enough");
            log.say("goes on");
            yield_now().await;
            log.say("never");
        }
    });
    bench.run();
    assert_eq!(
        (log.take(), cancellation(&task).message()),
        (vec!["goes on".to_owned()], Some("enough"))
    );
}

/// TC-11
#[test]
fn a_request_to_oneself_waits_where_nothing_suspends() {
    let bench = Bench::new();
    let log = Log::new();
    let done = bench.spawn(async { 1 });
    bench.run();
    let task = bench.spawn({
        let log = log.clone();
        async move {
            me().cancel();
            log.say(done.await.unwrap());
            pending::<()>().await;
            log.say("never");
        }
    });
    bench.run();
    assert_eq!(log.take(), ["1"]);
    assert!(task.is_cancelled());
}

/// TC-13
#[test]
fn a_value_given_while_a_request_waits_is_lost() {
    let bench = Bench::new();
    let values = Count::new();
    let task = bench.spawn({
        let value = values.guard();
        async move {
            me().cancel_with("kept");
            value
        }
    });
    bench.run();
    assert_eq!(
        (cancellation(&task).message(), values.get()),
        (Some("kept"), 1)
    );
}

/// TC-13, for a cancellation that was on its way out: a foreign `select` whose other side is ready does not swallow it.
#[test]
fn a_value_given_while_a_cancellation_unwinds_is_lost() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        let raised = cancel::raise::<()>("on its way");
        futures::future::select(raised, std::future::ready(())).await;
    });
    bench.run();
    assert_eq!(cancellation(&task).message(), Some("on its way"));
}

/// TC-14, likewise.
#[test]
fn an_error_given_while_a_cancellation_unwinds_is_kept() {
    let bench = Bench::new();
    let task = bench.try_spawn(async {
        let raised = cancel::raise::<()>("on its way");
        futures::future::select(raised, std::future::ready(())).await;
        Err::<(), _>("wilted")
    });
    bench.run();
    assert_eq!(task.error(), Ok(Some(&TaskError::Failed("wilted"))));
}

/// TC-14
#[test]
fn an_error_given_while_a_request_waits_is_kept() {
    let bench = Bench::new();
    let task = bench.try_spawn(async {
        me().cancel();
        Err::<(), _>("wilted")
    });
    bench.run();
    assert_eq!(task.error(), Ok(Some(&TaskError::Failed("wilted"))));
    assert_eq!(task.cancelling(), 1);
}

/// TC-15
#[test]
fn a_request_to_oneself_can_be_taken_back() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        me().cancel();
        assert_eq!(me().uncancel(), 0);
        yield_now().await;
        1
    });
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&1)));
}

#[test]
fn a_request_that_one_branch_takes_back_wakes_the_other() {
    let bench = Bench::new();
    let (bloom, turns) = (Deferred::<u8>::new(), Count::new());
    let task = bench.spawn({
        let (bloom, turns) = (bloom.clone(), turns.clone());
        async move {
            let withdraws = std::future::poll_fn(|_| {
                if turns.next() == 2 {
                    me().uncancel();
                }
                if turns.get() < 3 {
                    std::task::Poll::Pending
                } else {
                    std::task::Poll::Ready(())
                }
            });
            // Polled in this order: the deferred is ready, meets the request, and stays Pending.
            futures::future::join(bloom, withdraws).await.0.unwrap()
        }
    });
    bench.run();
    bloom.set_result(7).unwrap();
    task.cancel();
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&7)));
}

/// TC-19
#[test]
fn a_task_that_raises_a_cancellation_counts_as_cancelled() {
    let bench = Bench::new();
    let task = bench.spawn(cancel::raise::<u8>("of its own"));
    bench.run();
    assert_eq!(
        (cancellation(&task).message(), task.cancelling()),
        (Some("of its own"), 0)
    );
}

/// TC-22, TC-24
#[test]
fn several_requests_are_counted_and_delivered_once() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        let caught = cancel::catch(pending::<()>()).await;
        yield_now().await; // the second request is not left over
        caught.unwrap_err().message().map(str::to_owned)
    });
    bench.run();
    assert!(task.cancel_with("one") && task.cancel_with("two"));
    assert_eq!(task.cancelling(), 2);
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&Some("one".to_owned()))));
}

/// TC-22: also where it has none.
#[test]
fn the_first_request_to_a_suspended_task_gives_the_message() {
    let bench = Bench::new();
    let task = bench.spawn(cancel::catch(pending::<()>()));
    bench.run();
    task.cancel();
    task.cancel_with("two");
    bench.run();
    let Ok(Ok(Err(cancelled))) = task.result() else {
        panic!("it was cancelled")
    };
    assert_eq!(cancelled.message(), None);
}

/// TC-23
#[test]
fn the_last_request_before_a_task_comes_to_await_gives_the_message() {
    let bench = Bench::new();
    let early = bench.spawn(async {});
    let yields = bench.spawn(yield_now());
    early.cancel_with("one");
    early.cancel_with("two");
    bench.step();
    bench.step();
    yields.cancel_with("one");
    yields.cancel_with("two");
    let itself = bench.spawn(async {
        for message in ["one", "two"] {
            current_task().unwrap().cancel_with(message);
        }
        pending::<()>().await;
    });
    bench.run();
    for task in [&early, &yields, &itself] {
        assert_eq!(cancellation(task).message(), Some("two"));
    }
}

/// TC-32
#[test]
fn a_cancellation_has_the_message_it_was_given_or_none() {
    let bench = Bench::new();
    let [silent, told] = [bench.spawn(pending::<()>()), bench.spawn(pending::<()>())];
    bench.run();
    silent.cancel();
    told.cancel_with(format!("frost at {}", 4));
    bench.run();
    assert_eq!(
        (
            cancellation(&silent).message(),
            cancellation(&told).message()
        ),
        (None, Some("frost at 4"))
    );
}

/// TC-34, TC-35
#[test]
fn a_request_before_the_last_step_wins_and_one_after_it_is_refused() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let [early, late] = [gate.clone(), Foreign::new()].map(|gate| {
        bench.spawn(async move {
            gate.await;
            1
        })
    });
    bench.run();
    gate.open();
    assert!(early.cancel());
    let said = Arc::new(Mutex::new(None));
    late.add_done_callback({
        let said = said.clone();
        move |task| *said.lock().unwrap() = Some(task.cancel())
    });
    late.abort();
    bench.run();
    assert!(early.is_cancelled());
    assert_eq!(*said.lock().unwrap(), Some(false));
}

/// TC-37, TC-38, TC-39, TC-41
#[test]
fn uncancel_lowers_the_count_and_at_nought_withdraws() {
    let bench = Bench::new();
    let [withdrawn, met] = [bench.spawn(pending::<()>()), bench.spawn(pending::<()>())];
    bench.run();
    assert_eq!(withdrawn.uncancel(), 0, "never negative");
    withdrawn.cancel();
    assert_eq!(withdrawn.uncancel(), 0);
    met.cancel();
    met.cancel();
    assert_eq!(met.uncancel(), 1);
    bench.run();
    assert_eq!(
        (withdrawn.state(), met.state()),
        (TaskState::Pending, TaskState::Cancelled)
    );
    assert_eq!((met.uncancel(), met.is_cancelled()), (0, true));
    withdrawn.abort();
    bench.run();
}

#[test]
fn a_foreign_future_may_complete_and_the_request_is_met_after_it() {
    let bench = Bench::new();
    let (gate, log) = (Foreign::new(), Log::new());
    let task = bench.spawn({
        let (gate, log) = (gate.clone(), log.clone());
        async move {
            gate.await;
            log.say("the bytes are not lost");
            yield_now().await;
            log.say("never");
        }
    });
    bench.run();
    gate.open();
    task.cancel();
    bench.run();
    assert_eq!(log.take(), ["the bytes are not lost"]);
    assert!(task.is_cancelled());
}

#[test]
fn abort_stops_what_no_request_would() {
    let bench = Bench::new();
    let log = Log::new();
    let stubborn = bench.spawn({
        let log = log.clone();
        async move {
            let _finally = log.at_drop("dropped");
            loop {
                let _refused = cancel::catch(pending::<()>()).await;
            }
        }
    });
    bench.run();
    stubborn.cancel();
    bench.run();
    assert!(!stubborn.is_done());
    assert!(stubborn.abort());
    bench.run();
    assert!(stubborn.is_cancelled() && !stubborn.abort());
    assert_eq!(log.take(), ["dropped"]);
}

#[test]
fn an_abort_during_the_last_poll_comes_too_late() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        assert!(me().abort());
        1
    });
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&1)));
}
