//! `TaskGroup` when its task is cancelled from outside, when it is cancelled itself, and when it is dropped.

use crate::support::{
    Log, World, after, cancelling, clean_up, ended, failures, message, ms, refuse, some,
};
use futures::future::select;
use std::future::pending;
use tulipa_combinators::{GroupError, TaskGroup, timeout};
use tulipa_task::{Cancelled, Deferred, Task, all_tasks, cancel, current_task, spawn, yield_now};
use tulipa_timers::sleep;

type Fallible = TaskGroup<&'static str>;

/// What came out of a scope: its outcome, or the cancellation.
type Caught<R> = Result<Result<R, GroupError<&'static str>>, Cancelled>;

/// The errors that came out.
fn errors<R: std::fmt::Debug>(outcome: Caught<R>) -> Vec<&'static str> {
    failures(&outcome.unwrap().unwrap_err())
}

/// The message of the request that the task meets at its next suspension.
async fn met_next() -> Option<Option<String>> {
    let met = cancel::catch(yield_now()).await.err()?;
    Some(met.message().map(str::to_owned))
}

/// TG-32
#[test]
fn while_it_waits_the_children_are_cancelled_once_and_waited_for() {
    let world = World::new();
    let (send, receive) = std::sync::mpsc::channel();
    let main = spawn(TaskGroup::scope(async move |group| {
        send.send(group.spawn(clean_up::<()>(10))).unwrap();
    }));
    world.run();
    main.cancel_with("stop");
    world.pass(9);
    assert!(!main.is_done());
    world.pass(1);
    assert_eq!(
        (message(main.result().unwrap()), main.cancelling()),
        (some("stop"), 1)
    );
    let child: Task<()> = receive.recv().unwrap();
    assert_eq!(
        (message(child.result().unwrap()), child.cancelling()),
        (None, 1)
    );
}

/// TG-33
#[test]
fn while_the_body_is_suspended_it_sees_the_cancellation_first() {
    let world = World::new();
    let log = Log::default();
    let says = log.clone();
    let main = spawn(TaskGroup::scope(async move |group: TaskGroup| {
        let child = says.on_drop("child");
        group.spawn(async move {
            let _child = child;
            pending::<()>().await;
        });
        let _body = says.on_drop("body");
        pending::<()>().await;
    }));
    world.run();
    main.cancel_with("stop");
    world.run();
    assert_eq!(
        (message(main.result().unwrap()), main.cancelling()),
        (some("stop"), 1)
    );
    assert_eq!(log.take(), ["body", "child"]);
}

/// TG-34
#[test]
fn errors_of_the_cleanup_win_and_the_cancellation_is_met_later() {
    let world = World::new();
    let main = spawn(async {
        let scope = TaskGroup::try_scope(async |group: Fallible| {
            group.try_spawn(refuse(5, Err::<(), _>("in cleanup")));
            pending::<Result<(), _>>().await
        });
        let outcome = cancel::catch(scope).await;
        (
            errors(outcome),
            cancelling(),
            met_next().await.is_some(),
            cancelling(),
        )
    });
    world.run();
    main.cancel();
    world.run_out();
    assert_eq!(ended(main), (vec!["in cleanup"], 1, true, 1));
}

/// TG-35
#[test]
fn children_that_refuse_do_not_keep_it_from_being_cancelled() {
    let world = World::new();
    let main = spawn(TaskGroup::scope(async |group| {
        group.spawn(refuse(5, 7));
    }));
    world.run();
    main.cancel_with("stop");
    world.run_out();
    assert_eq!(message(main.result().unwrap()), some("stop"));
}

/// TG-36
#[test]
fn a_second_request_while_it_waits_is_swallowed() {
    let world = World::new();
    let (send, receive) = std::sync::mpsc::channel();
    let main = spawn(TaskGroup::scope(async move |group| {
        send.send(group.spawn(clean_up::<()>(10))).unwrap();
    }));
    world.run();
    main.cancel_with("first");
    world.pass(5);
    main.cancel_with("second");
    world.pass(4);
    assert!(!main.is_done());
    world.pass(1);
    assert_eq!(
        (message(main.result().unwrap()), main.cancelling()),
        (some("first"), 2)
    );
    let child: Task<()> = receive.recv().unwrap();
    assert_eq!(child.cancelling(), 1);
}

/// TG-37
#[test]
fn a_child_that_fails_while_the_body_reacts_to_a_request_wins() {
    let world = World::new();
    let main = spawn(async {
        let scope = TaskGroup::try_scope(async |group: Fallible| {
            group.try_spawn(after(5, Err::<(), _>("child")));
            clean_up::<Result<(), _>>(50).await
        });
        (
            errors(cancel::catch(scope).await),
            met_next().await.is_some(),
        )
    });
    world.pass(1);
    main.cancel();
    world.run_out();
    assert_eq!(ended(main), (vec!["child"], true));
    assert_eq!(
        world.now(),
        5,
        "the cleanup was cut short by the group's own request"
    );
}

/// TG-38
#[test]
fn a_failure_and_a_request_both_come_through() {
    // The request comes with the failure, or while the group aborts.
    for request_at in [5, 7] {
        let world = World::new();
        let main = spawn(async {
            let scope = TaskGroup::try_scope(async |group: Fallible| {
                group.try_spawn(after(5, Err::<(), _>("child")));
                group.spawn(clean_up::<()>(10));
                pending::<Result<(), _>>().await
            });
            let outcome = cancel::catch(scope).await;
            let count = cancelling();
            (
                errors(outcome),
                count,
                met_next().await.is_some(),
                cancelling(),
            )
        });
        world.run();
        world.timers.advance(ms(5));
        if request_at == 5 {
            world.step(); // the child fails, and the body was not told yet
        } else {
            world.pass(request_at - 5);
        }
        main.cancel();
        world.run_out();
        assert_eq!(
            ended(main),
            (vec!["child"], 1, true, 1),
            "request at {request_at}"
        );
    }
}

/// TG-39
#[test]
fn a_request_that_comes_first_cancels_the_child_before_it_can_fail() {
    let world = World::new();
    let main = spawn(TaskGroup::try_scope(async |group: Fallible| {
        group.try_spawn(after(5, Err::<(), _>("child")));
        Ok(())
    }));
    world.run();
    main.cancel_with("stop");
    world.step(); // the parent has its turn
    world.timers.advance(ms(5));
    world.run();
    assert_eq!(message(main.result().unwrap()), some("stop"));
}

/// TG-40
#[test]
fn a_child_that_cancels_its_parent_is_somebody_outside() {
    let world = World::new();
    let main = spawn(TaskGroup::scope(async |group| {
        let parent = current_task().unwrap();
        group.spawn(async move { parent.cancel_with("from the child") });
        pending::<()>().await;
    }));
    world.run();
    assert_eq!(
        (message(main.result().unwrap()), main.cancelling()),
        (some("from the child"), 1)
    );
}

/// TG-30
#[test]
fn a_body_that_makes_an_error_of_the_cancellation_fails_the_group() {
    let world = World::new();
    let main = spawn(async {
        let scope =
            TaskGroup::try_scope(async |_group: Fallible| refuse(0, Err::<(), _>("body")).await);
        let outcome = cancel::catch(scope).await;
        (errors(outcome), cancelling(), met_next().await.is_some())
    });
    world.run();
    main.cancel();
    world.run_out();
    assert_eq!(ended(main), (vec!["body"], 1, true));
}

/// TG-31
#[test]
fn a_cancellation_that_the_body_raises_cancels_the_children_and_goes_on() {
    let world = World::new();
    let (send, receive) = std::sync::mpsc::channel();
    let main = spawn(TaskGroup::scope(async move |group| {
        send.send(group.spawn(clean_up::<()>(10))).unwrap();
        yield_now().await;
        cancel::raise::<()>("own").await
    }));
    world.run_out();
    assert_eq!(
        (message(main.result().unwrap()), main.cancelling()),
        (some("own"), 0)
    );
    let child: Task<()> = receive.recv().unwrap();
    assert!(child.is_cancelled());
}

/// TG-43
#[test]
fn in_nested_groups_the_children_of_both_are_cancelled() {
    for fails in [false, true] {
        let world = World::new();
        let (send, receive) = std::sync::mpsc::channel();
        let main = spawn(async move {
            let outer = TaskGroup::try_scope(async |outer: TaskGroup<String>| {
                send.send(outer.spawn(clean_up::<()>(1))).unwrap();
                let inner = TaskGroup::try_scope(async |inner: Fallible| {
                    send.send(inner.spawn(clean_up::<()>(1))).unwrap();
                    if fails {
                        inner.try_spawn(refuse(1, Err::<(), _>("inner")));
                    }
                    pending::<Result<(), _>>().await
                });
                inner.await.map_err(|error| error.to_string())
            });
            outer.await.unwrap_err().to_string()
        });
        world.run();
        main.cancel_with("stop");
        world.run_out();
        assert!(receive.try_iter().all(|child| child.is_cancelled()));
        if fails {
            assert!(
                main.is_cancelled(),
                "the request is met when the task is through"
            );
        } else {
            assert_eq!(message(main.result().unwrap()), some("stop"));
        }
    }
}

/// TG-43
#[test]
fn errors_of_a_nested_group_come_out_nested() {
    let world = World::new();
    let main = spawn(async move {
        let outer = TaskGroup::try_scope(async |outer: TaskGroup<String>| {
            outer.spawn(pending::<()>());
            let inner = TaskGroup::try_scope(async |inner: Fallible| {
                inner.try_spawn(refuse(1, Err::<(), _>("inner")));
                pending::<Result<(), _>>().await
            });
            inner.await.map_err(|error| error.to_string())
        });
        let error = cancel::catch(outer).await.unwrap().unwrap_err();
        current_task().unwrap().uncancel();
        error.to_string()
    });
    world.run();
    main.cancel();
    world.run_out();
    assert_eq!(
        ended(main),
        "1 error in a task group: 1 error in a task group: inner"
    );
}

/// An old request that was swallowed is repeated when errors come out, as asyncio has it (TG-34).
#[test]
fn a_swallowed_request_is_repeated_with_the_errors() {
    let world = World::new();
    let main = spawn(async {
        let _swallowed = cancel::catch(pending::<()>()).await;
        let scope = TaskGroup::try_scope(async |_group: Fallible| Err::<(), _>("body"));
        (
            errors(Ok(scope.await)),
            cancelling(),
            met_next().await.is_some(),
        )
    });
    world.run();
    main.cancel();
    world.run();
    assert_eq!(ended(main), (vec!["body"], 1, true));
}

/// TG-54
#[test]
fn cancelled_it_ends_without_errors() {
    let world = World::new();
    let log = Log::default();
    let says = log.clone();
    world.main(async move {
        let cut_short = TaskGroup::scope(async |group| {
            group.spawn(clean_up::<()>(10));
            yield_now().await;
            group.cancel();
            says.say("goes on to its next suspension");
            pending::<()>().await;
        });
        let error = cut_short.await.unwrap_err();
        assert!(error.is_cancelled() && error.errors().is_empty());
        assert_eq!(
            error.to_string(),
            "the task group was cancelled before its body was through"
        );
        assert_eq!((cancelling(), met_next().await), (0, None));
    });
    assert_eq!((log.take().len(), world.now()), (1, 10));
}

/// TG-54
#[test]
fn cancelled_it_gives_the_value_of_a_body_that_is_through() {
    let world = World::new();
    let value = world.main(TaskGroup::scope(async |group: TaskGroup| {
        let canceller = group.clone();
        spawn(async move {
            sleep(ms(5)).await;
            canceller.cancel();
        });
        group.spawn(pending::<()>());
        7
    }));
    assert_eq!((value.unwrap(), world.now()), (7, 5));
}

/// TG-54
#[test]
fn cancelled_it_still_gives_errors() {
    let world = World::new();
    let error = world.main(TaskGroup::try_scope(async |group: Fallible| {
        group.try_spawn(refuse(5, Err::<(), _>("in cleanup")));
        yield_now().await;
        group.cancel();
        pending::<Result<(), _>>().await
    }));
    assert_eq!(errors(Ok(error)), ["in cleanup"]);
}

/// TG-55
#[test]
fn cancelled_again_or_later_nothing_happens() {
    let world = World::new();
    world.main(async {
        let mut kept = None;
        let scope = TaskGroup::scope(async |group: TaskGroup| {
            kept = Some(group.clone());
            group.cancel();
            group.cancel();
            pending::<()>().await;
        });
        assert!(scope.await.unwrap_err().is_cancelled());
        kept.unwrap().cancel();
        assert_eq!((cancelling(), met_next().await), (0, None));
    });
}

/// TG-55
#[test]
fn cancelled_it_lets_a_request_from_outside_through() {
    let world = World::new();
    let main = spawn(async {
        let scope = TaskGroup::scope(async |group: TaskGroup| {
            group.spawn(clean_up::<()>(10));
            yield_now().await;
            group.cancel();
            pending::<()>().await;
        });
        let caught = cancel::catch(scope).await.unwrap_err();
        (caught.message().map(str::to_owned), cancelling())
    });
    world.pass(5);
    main.cancel_with("stop");
    world.run_out();
    // The body was cut short by the group's own request, which has no message; asyncio passes that one on as well.
    assert_eq!(ended(main), (None, 1));
}

#[test]
fn dropped_it_cancels_the_children_and_takes_its_request_back() {
    let world = World::new();
    let (send, receive) = std::sync::mpsc::channel();
    world.main(async move {
        let scope = TaskGroup::try_scope(async |group: Fallible| {
            send.send(group.spawn(clean_up::<()>(50))).unwrap();
            group.try_spawn(after(5, Err::<(), _>("broken")));
            clean_up::<Result<(), _>>(50).await
        });
        select(Box::pin(scope), sleep(ms(10))).await;
        assert_eq!((cancelling(), met_next().await), (0, None));
    });
    world.run_out();
    assert!(receive.recv().unwrap().is_cancelled());
    assert_eq!(all_tasks().len(), 0);
}

#[test]
fn dropped_it_leaves_later_failures_to_be_reported() {
    let world = World::new();
    world.main(async {
        let scope = TaskGroup::try_scope(async |group: Fallible| {
            group.try_spawn(refuse(5, Err::<(), _>("late"))).detach();
            pending::<Result<(), _>>().await
        });
        select(Box::pin(scope), sleep(ms(10))).await;
    });
    world.run_out();
    let reports = world.queue.reports();
    assert!(
        reports.len() == 1 && reports[0].contains("late"),
        "{reports:?}"
    );
}

#[test]
fn aborted_it_cancels_the_children() {
    let world = World::new();
    let child = Deferred::<()>::new();
    let main = spawn(TaskGroup::scope({
        let child = child.clone();
        async |group| {
            group.spawn(child);
        }
    }));
    world.run();
    main.abort();
    world.run();
    assert!(main.is_cancelled() && child.is_cancelled());
}

/// A request that comes while it waits under a limit concerns only the limit's inside.
#[test]
fn an_expiry_while_it_waits_is_no_request_of_the_task() {
    let world = World::new();
    world.main(async {
        let scope = TaskGroup::scope(async |group| {
            group.spawn(refuse(10, ()));
        });
        assert!(
            timeout(ms(5), scope).await.is_err(),
            "refusing children do not turn it"
        );
        assert_eq!((cancelling(), met_next().await), (0, None));
    });
    assert_eq!(world.now(), 15);
}

/// 1,000 children, cancelled at each await: each cleanup runs once, and nothing is left.
#[test]
fn a_thousand_children_are_cleaned_up_once_wherever_they_are() {
    for turns in 0..6 {
        let world = World::new();
        let log = Log::default();
        let says = log.clone();
        let main = spawn(TaskGroup::scope(async move |group: TaskGroup| {
            for n in 0..1_000 {
                let cleaned = says.on_drop("cleaned up");
                group.spawn(async move {
                    let _cleaned = cleaned;
                    for _ in 0..n % 4 {
                        yield_now().await;
                    }
                    sleep(ms(n % 3)).await;
                    pending::<()>().await;
                });
                if n % 250 == 0 {
                    yield_now().await;
                }
            }
        }));
        for _ in 0..turns * 500 {
            world.queue.step();
        }
        main.cancel();
        world.run_out();
        assert!(main.is_cancelled());
        let spawned = log.take();
        assert!(turns == 0 || !spawned.is_empty());
        assert!(all_tasks().is_empty());
    }
}
