//! `wait_for`: a task under a limit.

use crate::support::{
    Log, World, after, cancelling, clean_up, ended, is_cancelled, message, ms, refuse, some,
};
use std::future::pending;
use tulipa_combinators::{WaitForError, shield, timeout, wait_for};
use tulipa_task::{
    Deferred, TaskError, TaskState, cancel, context_var, current_task, spawn, try_spawn,
};
use tulipa_timers::{Instant, now};

type Fallible = Deferred<u8, &'static str>;

fn at(time: u64) -> Instant {
    Instant::START + ms(time)
}

/// WF-01
#[test]
fn in_time_the_outcome_is_unchanged() {
    let world = World::new();
    world.main(async {
        assert_eq!(wait_for(spawn(after(1, 7)), ms(5)).await, Ok(7));
        let failed = wait_for(try_spawn(after(1, Err::<(), _>("no"))), ms(5)).await;
        assert_eq!(failed, Err(WaitForError::Ended(TaskError::Failed("no"))));
        let own = wait_for(try_spawn(timeout(ms(1), pending::<()>())), ms(5)).await;
        assert!(
            matches!(own, Err(WaitForError::Ended(TaskError::Failed(_)))),
            "its own time-out"
        );
    });
}

/// WF-02
#[test]
fn none_is_no_limit() {
    let world = World::new();
    let inner = Fallible::new();
    let outer = spawn(wait_for(inner.clone(), None));
    world.run();
    assert_eq!(world.timers.next_deadline(), None);
    inner.set_result(7).unwrap();
    world.run();
    assert_eq!(ended(outer), Ok(7));
}

/// WF-03: a future that is not a task is awaited inside the caller, by `timeout`.
#[test]
fn a_future_under_a_timeout_runs_in_the_calling_task() {
    context_var! { static COLOUR: &'static str = "white" }
    let world = World::new();
    world.main(async {
        let caller = current_task();
        let inside = timeout(ms(5), async {
            COLOUR.set("red");
            current_task()
        });
        assert_eq!(inside.await.unwrap(), caller);
        assert_eq!(COLOUR.get(), "red");
    });
}

/// WF-04
#[test]
fn when_time_is_up_the_task_is_cancelled_and_the_count_is_as_before() {
    let world = World::new();
    let inner = spawn(pending::<()>()).shared();
    world.main({
        let inner = inner.clone();
        async move {
            assert_eq!(wait_for(inner, ms(5)).await, Err(WaitForError::Elapsed));
            assert_eq!(cancelling(), 0);
        }
    });
    assert!(inner.is_cancelled());
}

/// WF-05
#[test]
fn it_waits_for_the_cleanup_however_long() {
    let world = World::new();
    world.main(async {
        let outcome = wait_for(spawn(clean_up::<()>(1_000)), ms(5)).await;
        assert_eq!((outcome, now()), (Err(WaitForError::Elapsed), at(1_005)));
    });
}

/// WF-06, WF-07
#[test]
fn a_task_that_refuses_gives_its_value_or_error() {
    let world = World::new();
    world.main(async {
        assert_eq!(wait_for(spawn(refuse(1, 7)), ms(5)).await, Ok(7));
        let failed = wait_for(try_spawn(refuse(1, Err::<(), _>("no"))), ms(5)).await;
        assert_eq!(failed, Err(WaitForError::Ended(TaskError::Failed("no"))));
        assert_eq!(cancelling(), 0);
    });
}

/// WF-08
#[test]
fn with_no_time_a_task_that_has_not_begun_never_does() {
    let world = World::new();
    let log = Log::default();
    world.main({
        let log = log.clone();
        async move {
            let inner = spawn(async move { log.say("began") });
            assert_eq!(wait_for(inner, ms(0)).await, Err(WaitForError::Elapsed));
        }
    });
    assert_eq!(log.take(), [""; 0]);
}

/// WF-09
#[test]
fn with_no_time_a_task_that_has_ended_gives_its_outcome() {
    let world = World::new();
    world.main(async {
        let ends = [Fallible::new(), Fallible::new(), Fallible::new()];
        ends[0].set_result(7).unwrap();
        ends[1].set_error("no").unwrap();
        ends[2].cancel();
        let [value, error, cancelled] = ends.map(|inner| wait_for(inner, ms(0)));
        assert_eq!(value.await, Ok(7));
        assert_eq!(
            error.await,
            Err(WaitForError::Ended(TaskError::Failed("no")))
        );
        assert!(matches!(
            cancelled.await,
            Err(WaitForError::Ended(TaskError::Cancelled(_)))
        ));
    });
}

/// WF-10, WF-11
#[test]
fn with_no_time_a_task_that_runs_is_cancelled_and_waited_for() {
    let world = World::new();
    world.main(async {
        let cleans_up = spawn(clean_up::<()>(10));
        let refuses = spawn(refuse(20, 7));
        let fails = try_spawn(refuse(30, Err::<(), _>("no")));
        after(1, ()).await;
        assert_eq!(wait_for(cleans_up, ms(0)).await, Err(WaitForError::Elapsed));
        assert_eq!(now(), at(11));
        assert_eq!(wait_for(refuses, ms(0)).await, Ok(7));
        let failed = wait_for(fails, ms(0)).await;
        assert_eq!(failed, Err(WaitForError::Ended(TaskError::Failed("no"))));
        assert_eq!(cancelling(), 0);
    });
}

/// WF-10: a deferred ends inside `cancel`, and is waited for all the same.
#[test]
fn with_no_time_others_have_a_turn() {
    let world = World::new();
    let other = world.main(async {
        let other = spawn(async {}).shared();
        let deferred = Deferred::<()>::new();
        assert_eq!(wait_for(deferred, ms(0)).await, Err(WaitForError::Elapsed));
        other.is_done()
    });
    assert!(other, "it was spawned before, and had its turn");
}

/// WF-12
#[test]
fn with_no_time_a_request_does_not_wait_for_the_task() {
    let world = World::new();
    let inner = spawn(clean_up::<()>(50)).shared();
    world.run();
    let outer = spawn(wait_for(inner.clone(), ms(0)));
    world.pass(1);
    outer.cancel();
    world.run();
    assert!(outer.is_cancelled() && !inner.is_done());
    assert_eq!(inner.cancelling(), 1);
}

/// WF-13
#[test]
fn a_request_is_passed_on() {
    for limit in [None, Some(ms(50))] {
        let world = World::new();
        let inner = Fallible::new();
        let outer = spawn(wait_for(inner.clone(), limit));
        world.run();
        outer.cancel_with("stop");
        world.run();
        assert_eq!(message(inner.result().unwrap()), some("stop"));
        assert_eq!(message(outer.result().unwrap()), some("stop"));
    }
}

/// WF-14
#[test]
fn a_request_waits_for_the_cleanup() {
    let world = World::new();
    let outer = spawn(wait_for(spawn(clean_up::<()>(10)), ms(50)));
    world.run();
    outer.cancel();
    world.pass(9);
    assert!(!outer.is_done());
    world.pass(1);
    assert!(outer.is_cancelled());
}

/// WF-15
#[test]
fn a_task_that_refuses_a_request_from_outside_gives_its_value() {
    let world = World::new();
    let outer = spawn(async { (wait_for(spawn(refuse(1, 7)), ms(50)).await, cancelling()) });
    world.run();
    outer.cancel();
    world.run_out();
    assert_eq!(ended(outer), (Ok(7), 1));
}

/// WF-16
#[test]
fn a_request_wins_over_a_result_that_is_there() {
    let world = World::new();
    let inner = Fallible::new();
    let outer = spawn(is_cancelled(wait_for(inner.clone(), ms(50))));
    world.run();
    inner.set_result(7).unwrap();
    outer.cancel();
    world.run();
    assert!(ended(outer));
    assert_eq!(inner.result(), Ok(Ok(&7)));
}

/// WF-17
#[test]
fn a_cancellation_by_somebody_else_is_no_time_out() {
    let world = World::new();
    let inner = Fallible::new();
    let outer = spawn(wait_for(inner.clone(), ms(50)));
    world.run();
    inner.cancel_with("theirs");
    world.run();
    assert_eq!(outer.cancelling(), 0);
    let Err(WaitForError::Ended(error)) = ended(outer) else {
        panic!("it ended by itself")
    };
    assert_eq!(message(Err::<(), _>(error)), some("theirs"));
}

/// WF-19
#[test]
fn a_result_at_the_moment_of_the_expiry_is_not_delivered() {
    let world = World::new();
    let inner = Fallible::new();
    let outer = spawn(wait_for(inner.clone(), ms(5)));
    world.run();
    inner.set_result(7).unwrap();
    world.timers.advance(ms(5));
    world.run();
    assert_eq!(ended(outer), Err(WaitForError::Elapsed));
    assert_eq!(inner.result(), Ok(Ok(&7)));
}

/// WF-20
#[test]
fn a_shared_deferred_is_cancelled_for_the_other_too() {
    let world = World::new();
    let inner = Fallible::new();
    let [short, long] = [5, 50].map(|limit| spawn(wait_for(inner.clone(), ms(limit))));
    world.pass(5);
    assert_eq!(ended(short), Err(WaitForError::Elapsed));
    assert!(matches!(
        ended(long),
        Err(WaitForError::Ended(TaskError::Cancelled(_)))
    ));
}

/// WF-22
#[test]
fn a_shielded_task_runs_on() {
    let world = World::new();
    let inner = spawn(after(10, 7)).shared();
    world.main({
        let inner = inner.clone();
        async move {
            let early = wait_for(shield(inner.clone()), ms(5)).await;
            assert_eq!((early, now()), (Err(WaitForError::Elapsed), at(5)));
            assert_eq!(wait_for(shield(inner), None).await, Ok(7));
        }
    });
    assert_eq!(inner.cancelling(), 0);
}

/// WF-23
#[test]
fn with_no_time_a_shielded_task_is_neither_cancelled_nor_kept_from_beginning() {
    let world = World::new();
    let inner = spawn(async { 7 }).shared();
    let outer = spawn(wait_for(shield(inner.clone()), ms(0)));
    let ended_before = Fallible::new();
    ended_before.set_result(1).unwrap();
    let in_time = spawn(wait_for(shield(ended_before), ms(0)));
    world.run();
    assert_eq!(ended(outer), Err(WaitForError::Elapsed));
    assert_eq!((inner.result(), inner.cancelling()), (Ok(Ok(&7)), 0));
    assert_eq!(ended(in_time), Ok(1));
}

/// Rule 9.
#[test]
fn an_abort_takes_the_task_along() {
    let world = World::new();
    let inner = Fallible::new();
    let outer = spawn(wait_for(inner.clone(), ms(50)));
    world.run();
    outer.abort();
    world.run();
    assert_eq!(
        (outer.state(), inner.is_cancelled()),
        (TaskState::Cancelled, true)
    );
}

#[test]
fn dropped_it_leaves_the_task_to_run_on() {
    let world = World::new();
    let inner = spawn(after(10, 7)).shared();
    world.main({
        let inner = inner.clone();
        async move {
            let mut waiting = wait_for(inner, ms(50));
            assert!(futures::poll!(&mut waiting).is_pending());
        }
    });
    world.run_out();
    assert_eq!(inner.result(), Ok(Ok(&7)));
}

#[test]
fn a_panic_of_the_task_is_its_outcome() {
    let world = World::new();
    let outcome =
        world.main(async { wait_for(spawn(async { panic!("as planned") }), ms(5)).await });
    assert!(matches!(
        outcome,
        Err(WaitForError::Ended(TaskError::Panicked(_)))
    ));
}

#[test]
fn its_error_says_what_happened() {
    let elapsed: WaitForError<std::io::Error> = WaitForError::Elapsed;
    assert_eq!(
        elapsed.to_string(),
        "the time limit ran out, and the task was cancelled"
    );
    let failed = WaitForError::Ended(TaskError::Failed(std::fmt::Error));
    assert_eq!(failed.to_string(), std::fmt::Error.to_string());
    let caught = cancel::cancelling();
    assert_eq!(caught, None);
}
