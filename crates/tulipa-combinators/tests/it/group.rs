//! `TaskGroup`: its normal life, failures of children and of the body, nesting.

use crate::support::{Log, World, after, cancelling, clean_up, ended, failures, ms, refuse};
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use tulipa_combinators::TaskGroup;
use tulipa_task::doctest::Queue;
use tulipa_task::{
    Builder, Context, Deferred, Registry, Runnable, Schedule, Scheduler, Why, cancel, context_var,
    current_task, spawn, yield_now,
};
use tulipa_timers::sleep;

/// TG-01
#[test]
fn it_waits_for_children_that_are_added_at_any_time() {
    let world = World::new();
    let log = Log::default();
    world.main({
        let log = log.clone();
        async move {
            let group = TaskGroup::scope(async |group| {
                let first = group.spawn(after(20, 1));
                sleep(ms(5)).await;
                let second = group.spawn(after(20, 2));
                log.say("body is through");
                (first, second)
            });
            let (first, second) = group.await.unwrap();
            assert!(first.is_done() && second.is_done());
            assert_eq!((first.await, second.await), (Ok(1), Ok(2)));
        }
    });
    assert_eq!((log.take().len(), world.now()), (1, 25));
}

/// TG-02
#[test]
fn without_children_it_does_not_suspend() {
    let world = World::new();
    world.main(async {
        let mut scope = Box::pin(TaskGroup::scope(async |_group| 7));
        assert!(matches!(futures::poll!(&mut scope), Poll::Ready(Ok(7))));
    });
}

/// TG-03
#[test]
fn children_that_have_ended_leave_the_group_and_others_can_come() {
    let world = World::new();
    world.main(async {
        let scope = TaskGroup::scope(async |group| {
            for _ in 0..3 {
                let child = group.spawn(after(1, ()));
                assert_eq!(group.tasks(), [child.task_ref().clone()]);
                child.await.unwrap();
                yield_now().await;
                assert_eq!(group.tasks(), []);
            }
        });
        scope.await.unwrap();
    });
}

/// TG-04
#[test]
fn children_and_other_tasks_can_add_children_while_it_waits() {
    let world = World::new();
    let log = Log::default();
    world.main({
        let log = log.clone();
        async move {
            let scope = TaskGroup::scope(async |group: TaskGroup| {
                let (by_child, by_other) = (group.clone(), group.clone());
                let says = |what: &'static str| {
                    let log = log.clone();
                    async move {
                        sleep(ms(10)).await;
                        log.say(what);
                    }
                };
                let (first, second) = (says("by a child"), says("by another"));
                group.spawn(async move {
                    sleep(ms(5)).await;
                    by_child.spawn(first).detach();
                });
                spawn(async move {
                    sleep(ms(12)).await;
                    by_other.spawn(second).detach();
                });
            });
            scope.await.unwrap();
            log.say("over");
        }
    });
    assert_eq!(log.take(), ["by a child", "by another", "over"]);
}

/// TG-05
#[test]
fn the_value_of_the_body_comes_when_the_children_have_ended() {
    let world = World::new();
    let value = world.main(TaskGroup::scope(async |group| {
        group.spawn(after(50, ())).detach();
        7
    }));
    assert_eq!((value.unwrap(), world.now()), (7, 50));
}

/// TG-06
#[test]
fn children_have_names_and_contexts_as_any_task() {
    context_var! { static COLOUR: &'static str = "white" }
    let world = World::new();
    world.main(async {
        let scope = TaskGroup::scope(async |group| {
            let named = group
                .builder()
                .name("bulb")
                .spawn(async { current_task().unwrap().name() });
            let context = Context::new();
            let red = group
                .builder()
                .options(Builder::new().context(&context))
                .spawn(async { COLOUR.set("red") });
            red.await.unwrap();
            (named.await.unwrap(), context.run(|| COLOUR.get()))
        });
        assert_eq!(scope.await.unwrap(), ("bulb".to_owned(), "red"));
    });
}

/// TG-11
#[test]
fn the_first_failure_cancels_the_others_and_they_are_waited_for() {
    let world = World::new();
    let log = Log::default();
    let error = world.main({
        let log = log.clone();
        async move {
            TaskGroup::try_scope(async |group: TaskGroup<&str>| {
                let says = log.on_drop("cleaned up");
                group.spawn(async move {
                    let _says = says;
                    clean_up::<()>(30).await;
                });
                group.try_spawn(after(5, Err::<(), _>("broken")));
                Ok(())
            })
            .await
            .unwrap_err()
        }
    });
    assert_eq!((failures(&error), world.now()), (vec!["broken"], 35));
    assert_eq!(log.take(), ["cleaned up"]);
    assert_eq!(error.to_string(), "1 error in a task group: broken");
}

/// TG-12, TG-13
#[test]
fn the_body_sees_a_cancellation_and_the_scope_gives_the_error() {
    let world = World::new();
    let log = Log::default();
    world.main({
        let log = log.clone();
        async move {
            let scope = TaskGroup::try_scope(async |group: TaskGroup<&str>| {
                group.try_spawn(after(5, Err::<(), _>("broken")));
                let cancelled = cancel::catch(pending::<()>()).await.unwrap_err();
                log.say(format!("{cancelled:?} {}", cancelling()));
                cancelled.resume::<Result<(), _>>().await
            });
            assert_eq!(failures(&scope.await.unwrap_err()), ["broken"]);
            assert_eq!(cancelling(), 0);
            yield_now().await;
        }
    });
    assert_eq!(log.take(), ["Cancelled 1"]);
}

/// TG-14
#[test]
fn a_body_that_swallows_the_cancellation_is_not_asked_again() {
    let world = World::new();
    world.main(async {
        let scope = TaskGroup::try_scope(async |group: TaskGroup<&str>| {
            group.try_spawn(after(5, Err::<(), _>("broken")));
            refuse(100, ()).await;
            Ok(7)
        });
        assert_eq!(failures(&scope.await.unwrap_err()), ["broken"]);
        assert_eq!(cancelling(), 0);
    });
    assert_eq!(world.now(), 105);
}

/// TG-15, TG-21
#[test]
fn failures_of_one_moment_are_all_there_in_order_and_count_as_read() {
    let world = World::new();
    let doors = [1_u8, 2, 3].map(|_| Deferred::<()>::new());
    let main = spawn(TaskGroup::try_scope({
        let doors = doors.clone();
        async move |group: TaskGroup<usize>| {
            for (n, door) in doors.into_iter().enumerate() {
                group.try_spawn(async move {
                    door.await.unwrap();
                    Err::<(), _>(n)
                });
            }
            Ok(())
        }
    }));
    world.run();
    for door in [2, 0, 1] {
        doors[door].set_result(()).unwrap();
    }
    world.run();
    assert_eq!(
        failures(&ended(main).unwrap_err()),
        [2],
        "the others were cancelled before their turn"
    );

    let main = spawn(TaskGroup::try_scope(async |group: TaskGroup<usize>| {
        for n in 0..3 {
            group.try_spawn(refuse(0, Err::<(), _>(n)));
        }
        yield_now().await;
        Err::<(), _>(9)
    }));
    world.run();
    assert_eq!(failures(&ended(main).unwrap_err()), [0, 1, 2, 9]);
    assert_eq!(world.queue.reports(), [""; 0]);
}

/// TG-16, TG-17
#[test]
fn a_sibling_that_fails_in_its_cleanup_is_added_and_a_cancelled_one_is_not() {
    let world = World::new();
    let error = world.main(TaskGroup::try_scope(async |group: TaskGroup<&str>| {
        group.try_spawn(refuse(5, Err::<(), _>("in cleanup")));
        group.try_spawn(clean_up::<Result<(), _>>(1));
        group.try_spawn(after(5, Err::<(), _>("first")));
        Ok(())
    }));
    assert_eq!(failures(&error.unwrap_err()), ["first", "in cleanup"]);
}

/// TG-18
#[test]
fn a_sibling_that_refuses_keeps_its_value() {
    let world = World::new();
    let (send, receive) = std::sync::mpsc::channel();
    let error = world.main(TaskGroup::try_scope(async move |group: TaskGroup<&str>| {
        send.send(group.spawn(refuse(50, 7))).unwrap();
        group.try_spawn(after(5, Err::<(), _>("broken")));
        Ok(())
    }));
    assert_eq!(failures(&error.unwrap_err()), ["broken"]);
    assert_eq!((ended(receive.recv().unwrap()), world.now()), (7, 55));
}

/// TG-19
#[test]
fn a_child_that_has_not_begun_never_does() {
    let world = World::new();
    let log = Log::default();
    let says = log.clone();
    let error = world.main(TaskGroup::try_scope(async move |group: TaskGroup<&str>| {
        group.try_spawn(async { Err::<(), _>("broken") });
        group.spawn(async move { says.say("began") });
        Ok(())
    }));
    assert_eq!(error.unwrap_err().errors().len(), 1);
    assert_eq!(log.take(), [""; 0]);
}

/// TG-22
#[test]
fn a_failure_after_the_body_is_through_does_not_disturb_what_follows() {
    let world = World::new();
    world.main(async {
        let scope = TaskGroup::try_scope(async |group: TaskGroup<&str>| {
            group.try_spawn(after(5, Err::<(), _>("broken")));
            group.spawn(pending::<()>());
            Ok(())
        });
        assert_eq!(failures(&scope.await.unwrap_err()), ["broken"]);
        assert_eq!(cancelling(), 0);
        sleep(ms(1)).await;
    });
}

/// TG-23
#[test]
fn a_body_that_awaits_the_failing_child_is_cancelled() {
    let world = World::new();
    let log = Log::default();
    let says = log.clone();
    let error = world.main(TaskGroup::try_scope(async move |group: TaskGroup<&str>| {
        let child = group.try_spawn(after(5, Err::<(), _>("broken")));
        match cancel::catch(child).await {
            Ok(outcome) => says.say(format!("{outcome:?}")),
            Err(cancelled) => cancelled.resume::<()>().await,
        }
        Ok(())
    }));
    assert_eq!(failures(&error.unwrap_err()), ["broken"]);
    assert_eq!(log.take(), [""; 0]);
}

/// An executor that runs what is in its queue inside the next `schedule`, once it is armed.
struct Inline(Arc<Queue>, AtomicBool);

impl Schedule for Inline {
    fn schedule(&self, runnable: Runnable, why: Why) {
        self.0.schedule(runnable, why);
        if self.1.swap(false, Ordering::Relaxed) {
            self.0.run();
        }
    }

    fn registry(&self) -> &Registry {
        self.0.registry()
    }
}

/// TG-23: also if the body has its turn when the child has failed and has not ended, as it may on several threads.
#[test]
fn a_body_that_is_polled_while_a_child_fails_does_not_see_the_error() {
    struct WakeOnDrop(Waker);
    impl Drop for WakeOnDrop {
        fn drop(&mut self) {
            self.0.wake_by_ref();
        }
    }
    let world = World::new();
    let executor = Arc::new(Inline(world.queue.clone(), AtomicBool::new(false)));
    let _entered = Scheduler::new(executor.clone()).enter();
    let log = Log::default();
    let says = log.clone();
    let main = spawn(TaskGroup::try_scope(async move |group: TaskGroup<&str>| {
        let wakes_the_body = poll_fn(|cx| Poll::Ready(WakeOnDrop(cx.waker().clone()))).await;
        group.spawn(async move {
            let _wakes_the_body = wakes_the_body;
            pending::<()>().await;
        });
        let child = group.try_spawn(async move {
            sleep(ms(1)).await;
            executor.1.store(true, Ordering::Relaxed); // when the sibling is cancelled, it and the body have their turns
            Err::<(), _>("broken")
        });
        match cancel::catch(child).await {
            Ok(outcome) => says.say(format!("{outcome:?}")),
            Err(cancelled) => cancelled.resume::<()>().await,
        }
        Ok(())
    }));
    world.pass(1);
    assert_eq!(failures(&ended(main).unwrap_err()), ["broken"]);
    assert_eq!(log.take(), [""; 0]);
}

/// TG-24
#[test]
fn a_child_that_is_cancelled_concerns_nobody_else() {
    let world = World::new();
    let value = world.main(TaskGroup::scope(async |group| {
        let child = group.spawn(pending::<()>());
        let raises = group.spawn(cancel::raise::<()>("own"));
        child.cancel();
        let caught = [child.await.is_err(), raises.await.is_err()];
        (
            caught,
            group.spawn(after(5, 7)).await.unwrap(),
            cancelling(),
        )
    }));
    assert_eq!(value.unwrap(), ([true, true], 7, 0));
}

/// TG-25
#[test]
fn a_body_that_fails_cancels_the_children_and_waits_for_them() {
    for suspends in [false, true] {
        let world = World::new();
        let error = world.main(TaskGroup::try_scope(async move |group: TaskGroup<&str>| {
            group.spawn(clean_up::<()>(10));
            if suspends {
                yield_now().await;
            }
            Err::<(), _>("body")
        }));
        assert_eq!(failures(&error.unwrap_err()), ["body"]);
        assert_eq!(
            world.now(),
            if suspends { 10 } else { 0 },
            "a child that has not begun does not clean up"
        );
    }
}

/// TG-26
#[test]
fn a_body_that_fails_alone_is_a_group_of_one() {
    let world = World::new();
    let error = world.main(TaskGroup::try_scope(async |_group| Err::<(), _>("body")));
    assert_eq!(failures(&error.unwrap_err()), ["body"]);
}

/// TG-27
#[test]
fn the_error_of_the_body_comes_last() {
    let world = World::new();
    let error = world.main(TaskGroup::try_scope(async |group: TaskGroup<&str>| {
        group.try_spawn(refuse(10, Err::<(), _>("child")));
        yield_now().await;
        Err::<(), _>("body")
    }));
    let error = error.unwrap_err();
    assert_eq!(failures(&error), ["child", "body"]);
    assert_eq!(error.to_string(), "2 errors in a task group: child; body");
}

/// TG-28, TG-29
#[test]
fn a_body_that_fails_in_its_cleanup_adds_its_error() {
    let world = World::new();
    world.main(async {
        let scope = TaskGroup::try_scope(async |group: TaskGroup<&str>| {
            group.try_spawn(after(5, Err::<(), _>("child")));
            refuse(1, Err::<(), _>("body")).await
        });
        assert_eq!(failures(&scope.await.unwrap_err()), ["child", "body"]);
        assert_eq!(cancelling(), 0);
    });
}

/// TG-53
#[test]
fn a_child_that_fails_in_its_eager_step_does_not_disturb_the_spawning() {
    let world = World::new();
    let log = Log::default();
    let says = log.clone();
    let error = world.main(async move {
        let scope = TaskGroup::try_scope(async move |group: TaskGroup<&str>| {
            let child = group
                .builder()
                .eager(true)
                .try_spawn(async { Err::<(), _>("eager") });
            says.say(format!("{:?}", child.state()));
            yield_now().await;
            unreachable!("the body is cancelled at its next suspension")
        });
        let outcome: Result<(), _> = scope.await;
        assert_eq!(cancelling(), 0);
        outcome.unwrap_err()
    });
    assert_eq!(log.take(), ["Failed"]);
    assert_eq!(failures(&error), ["eager"]);
}

/// TG-51
#[test]
fn its_debug_text_has_tasks_errors_and_state() {
    let world = World::new();
    let log = Log::default();
    let says = log.clone();
    let main = spawn(TaskGroup::try_scope(async move |group: TaskGroup<&str>| {
        group.spawn(clean_up::<()>(1));
        group.try_spawn(async { Err::<(), _>("broken") });
        says.say(format!(
            "{group:?} {} {}",
            group.is_open(),
            group.error_count()
        ));
        let _ = cancel::catch(pending::<()>()).await;
        says.say(format!(
            "{group:?} {} {}",
            group.is_open(),
            group.error_count()
        ));
        Ok(())
    }));
    world.run_out();
    assert!(main.is_done());
    assert_eq!(
        log.take(),
        [
            "<TaskGroup tasks=2 entered> true 0",
            "<TaskGroup tasks=1 errors=1 cancelling> false 1"
        ]
    );
}

#[test]
fn ten_thousand_children_cost_the_same_each() {
    let world = World::new();
    let sum = world.main(TaskGroup::scope(async |group| {
        let children: Vec<_> = (0..10_000_u64)
            .map(|n| group.spawn(after(n % 7, n)))
            .collect();
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    }));
    assert_eq!(sum.unwrap(), 49_995_000);
}
