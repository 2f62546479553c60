//! `shield`: a request does not reach the task.

use crate::support::{World, after, cancelling, ended, is_cancelled, message, ms, refuse, some};
use futures::future::{Either, select};
use tulipa_combinators::{gather, shield, timeout};
use tulipa_task::{
    Deferred, IntoTask, TaskError, TaskState, all_tasks, cancel, current_task, spawn, try_spawn,
    yield_now,
};

type Fallible = Deferred<u8, &'static str>;

/// SH-01
#[test]
fn the_outcome_is_passed_through() {
    let world = World::new();
    world.main(async {
        assert_eq!(shield(spawn(after(1, 7))).await, Ok(7));
        let failed = shield(try_spawn(after(1, Err::<(), _>("no")))).await;
        assert_eq!(failed, Err(TaskError::Failed("no")));
        let panicked = shield(spawn(async { panic!("as planned") })).await;
        assert!(matches!(panicked, Err(TaskError::Panicked(_))));
    });
}

/// SH-02
#[test]
fn a_request_stops_here_and_the_task_runs_to_its_end() {
    let world = World::new();
    let inner = spawn(after(10, 7)).shared();
    let outer = spawn(shield(inner.clone()));
    world.pass(1);
    outer.cancel_with("stop");
    world.run();
    assert_eq!(message(outer.result().unwrap()), some("stop"));
    assert_eq!(outer.cancelling(), 1);
    world.run_out();
    assert_eq!((inner.result(), inner.cancelling()), (Ok(Ok(&7)), 0));
}

/// SH-03
#[test]
fn dropped_it_lets_go_of_the_task() {
    let world = World::new();
    let inner = Fallible::new();
    let outer = spawn(shield(inner.clone()));
    world.run();
    assert_eq!(inner.awaited_by().len(), 1);
    outer.cancel();
    world.run();
    assert_eq!(
        (inner.awaited_by().len(), inner.state()),
        (0, TaskState::Pending)
    );
}

/// SH-03, rule 9: also where a join would take the task along.
#[test]
fn dropped_by_abort_it_leaves_the_task_alone() {
    let world = World::new();
    let inner = spawn(after(5, 7));
    let watched = inner.task_ref().clone();
    let outer = spawn(shield(inner));
    world.run();
    outer.abort();
    world.run_out();
    assert!(outer.is_cancelled());
    assert_eq!(watched.state(), TaskState::Finished);
}

/// SH-04
#[test]
fn a_task_that_is_cancelled_comes_out_as_cancelled() {
    let world = World::new();
    let inner = Fallible::new();
    let outer = spawn(shield(inner.clone()));
    world.run();
    inner.cancel_with("theirs");
    world.run();
    assert_eq!(outer.cancelling(), 0);
    assert_eq!(message(ended(outer)), some("theirs"));
}

/// SH-05
#[test]
fn a_task_that_has_ended_is_ready_without_suspending() {
    let _world = World::new();
    let inner = Fallible::new();
    inner.set_result(1).unwrap();
    assert_eq!(shield(inner).into_task().result(), Ok(Ok(&1)));
}

/// SH-06
#[test]
fn what_is_shielded_is_a_task_of_its_own() {
    let world = World::new();
    world.main(async {
        let inner = shield(spawn(async { current_task().unwrap() }))
            .await
            .unwrap();
        assert_ne!(inner, current_task().unwrap());
    });
}

/// SH-07, SH-08: whoever shielded the task is gone, so its failure is reported when it comes, and once.
#[test]
fn a_late_failure_is_reported_at_once_and_once() {
    let world = World::new();
    let inner = try_spawn(after(10, Err::<(), _>("late"))).shared();
    let outers = [inner.clone(), inner].map(|inner| spawn(shield(inner)));
    world.pass(1);
    for outer in &outers {
        outer.cancel();
    }
    world.pass(8);
    assert_eq!(world.queue.reports(), [""; 0]);
    world.pass(1);
    let reports = world.queue.reports();
    assert!(
        reports.len() == 1 && reports[0].contains("late"),
        "{reports:?}"
    );
}

/// SH-08: a late value or cancellation concerns nobody.
#[test]
fn a_late_value_is_dropped_silently() {
    let world = World::new();
    let outer = spawn(shield(spawn(after(10, 7))));
    world.pass(1);
    outer.cancel();
    world.run_out();
    assert_eq!(world.queue.reports(), [""; 0]);
}

/// SH-09
#[test]
fn a_failure_and_a_request_at_the_same_moment_are_a_cancellation() {
    let world = World::new();
    let inner = Fallible::new();
    let outer = spawn(is_cancelled(shield(inner.clone())));
    world.run();
    inner.set_error("no").unwrap();
    outer.cancel();
    world.run();
    assert!(ended(outer));
    drop(inner);
    assert_eq!(
        world.queue.reports().len(),
        1,
        "nobody has seen the failure"
    );
}

/// SH-10
#[test]
fn a_request_wins_over_a_result_that_is_there() {
    let world = World::new();
    let inner = Fallible::new();
    let outer = spawn(is_cancelled(shield(inner.clone())));
    world.run();
    inner.set_result(7).unwrap();
    outer.cancel();
    world.run();
    assert!(ended(outer));
    assert_eq!(inner.result(), Ok(Ok(&7)));
}

/// TC-11: only a leaf that was suspended is held back.
#[test]
fn on_its_first_poll_it_gives_a_result_in_spite_of_a_request() {
    let world = World::new();
    let inner = Fallible::new();
    inner.set_result(7).unwrap();
    let value = spawn(async {
        current_task().unwrap().cancel();
        let value = shield(inner).await;
        current_task().unwrap().uncancel();
        value
    });
    world.run();
    assert_eq!(ended(value), Ok(7));
}

/// SH-11
#[test]
fn several_shields_of_one_task_are_independent() {
    let world = World::new();
    let inner = spawn(after(10, 7)).shared();
    let [one, other] = [inner.clone(), inner].map(|inner| spawn(shield(inner)));
    world.pass(1);
    one.cancel();
    world.run_out();
    assert!(one.is_cancelled());
    assert_eq!(ended(other), Ok(7));
}

/// SH-12
#[test]
fn what_is_left_at_the_end_is_cancelled_as_any_task() {
    let world = World::new();
    let inner = spawn(std::future::pending::<()>()).shared();
    let outer = spawn(shield(inner.clone()));
    world.run();
    for task in all_tasks() {
        task.cancel();
    }
    world.run();
    assert!(inner.is_cancelled() && outer.is_cancelled());
}

/// SH-13
#[test]
fn a_shielded_gather_runs_to_its_end() {
    let world = World::new();
    let all = gather([1, 2].map(|time| spawn(after(time, time))))
        .into_task()
        .shared();
    let outer = spawn(shield(all.clone()));
    world.run();
    outer.cancel();
    world.run_out();
    assert!(outer.is_cancelled());
    assert_eq!(all.result(), Ok(Ok(&vec![1, 2])));
}

/// SH-14
#[test]
fn who_keeps_the_task_awaits_it_after_the_cancellation() {
    let world = World::new();
    let outer = spawn(async {
        let mut inner = spawn(after(10, 7));
        let hurried = cancel::catch(shield(&mut inner)).await.is_err();
        (hurried, inner.await, cancelling())
    });
    world.pass(1);
    outer.cancel();
    world.run_out();
    assert_eq!(ended(outer), (true, Ok(7), 1));
}

/// Beside a join that takes the request and whose task refuses it, a shield that was held back gives its result.
#[test]
fn held_back_by_a_request_that_another_takes_it_is_polled_again() {
    let world = World::new();
    let inner = Fallible::new();
    let main = spawn({
        let inner = inner.clone();
        async move {
            let refuses = spawn(refuse(100, 1));
            matches!(
                select(shield(inner), refuses).await,
                Either::Left((Ok(7), _))
            )
        }
    });
    world.run();
    inner.set_result(7).unwrap();
    main.cancel();
    world.run();
    assert!(main.is_done(), "it did not wait for the one that refuses");
}

#[test]
fn under_a_timeout_the_task_runs_on() {
    let world = World::new();
    let (elapsed, value) = world.main(async {
        let mut inner = spawn(after(10, 7));
        let elapsed = timeout(ms(5), shield(&mut inner)).await.is_err();
        (elapsed, inner.await)
    });
    assert_eq!((elapsed, value), (true, Ok(7)));
}

#[test]
fn a_task_that_shields_itself_panics() {
    let world = World::new();
    let (send, mut receive) = futures::channel::mpsc::unbounded();
    let task = spawn(async move {
        yield_now().await;
        let itself: tulipa_task::SharedTask<()> = receive.try_recv().unwrap();
        shield(itself).await.unwrap();
    })
    .shared();
    send.unbounded_send(task.clone()).unwrap();
    world.run();
    let Ok(Err(TaskError::Panicked(panic))) = task.result() else {
        panic!("{task:?}")
    };
    assert!(panic.message().unwrap().contains("gave itself to shield"));
}
