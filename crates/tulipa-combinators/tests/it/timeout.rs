//! `timeout` and `timeout_at`: rule 6 of the cancellation protocol.

use crate::support::{Log, World, after, cancelling, clean_up, ended, message, ms, refuse, some};
use std::future::{pending, poll_fn, ready};
use std::task::Poll;
use tulipa_combinators::{Elapsed, TaskGroup, gather, shield, timeout, timeout_at};
use tulipa_task::{
    Deferred, TaskError, TaskState, cancel, current_task, spawn, try_spawn, yield_now,
};
use tulipa_timers::{Instant, now, sleep};

/// So many milliseconds after the start.
fn at(time: u64) -> Instant {
    Instant::START + ms(time)
}

/// TO-01
#[test]
fn time_runs_out_while_the_body_is_suspended() {
    let world = World::new();
    world.main(async {
        assert_eq!(timeout(ms(5), sleep(ms(9))).await, Err(Elapsed));
        assert_eq!(now(), at(5));
        assert_eq!(timeout_at(at(7), pending::<()>()).await, Err(Elapsed));
        assert_eq!(now(), at(7));
    });
}

/// TO-02
#[test]
fn a_body_that_is_ready_earlier_is_in_time_and_the_timer_goes() {
    let world = World::new();
    world.main(async {
        assert_eq!(timeout(ms(9), after(5, 7)).await, Ok(7));
        sleep(ms(9)).await;
        assert_eq!(cancelling(), 0);
    });
    assert_eq!((world.timers.count(), world.now()), (0, 14));
}

/// TO-02
#[test]
fn a_body_that_is_ready_at_once_arms_no_timer() {
    let world = World::new();
    world.main(async {
        let mut limited = timeout(ms(9), ready(7));
        assert!(matches!(futures::poll!(&mut limited), Poll::Ready(Ok(7))));
        assert_eq!(tulipa_timers::Timers::current().unwrap().count(), 0);
    });
}

/// TO-03
#[test]
fn no_limit_never_expires() {
    let world = World::new();
    world.main(async {
        assert_eq!(timeout(None, after(1_000, 7)).await, Ok(7));
        assert_eq!(timeout_at(None, after(1_000, 7)).await, Ok(7));
    });
}

/// TO-04
#[test]
fn no_time_expires_at_the_first_suspension_of_a_single_turn() {
    let world = World::new();
    world.main(async {
        assert_eq!(timeout(ms(0), yield_now()).await, Err(Elapsed));
        assert_eq!(timeout(ms(0), sleep(ms(0))).await, Err(Elapsed));
        sleep(ms(3)).await;
        assert_eq!(timeout_at(at(2), yield_now()).await, Err(Elapsed));
        assert_eq!(timeout_at(at(3), yield_now()).await, Err(Elapsed));
        assert_eq!(now(), at(3));
    });
}

/// TO-05
#[test]
fn no_time_is_enough_for_a_body_that_does_not_suspend() {
    let world = World::new();
    world.main(async {
        assert_eq!(timeout(ms(0), async { 7 }).await, Ok(7));
        assert_eq!(timeout_at(at(0), ready(7)).await, Ok(7));
    });
}

/// TO-06
#[test]
fn its_time_begins_with_the_call() {
    let world = World::new();
    world.main(async {
        let limited = timeout(ms(10), after(8, ()));
        sleep(ms(5)).await;
        assert_eq!(limited.await, Err(Elapsed));
        assert_eq!(now(), at(10));
    });
}

/// TO-07
#[test]
fn inside_the_expiry_is_a_cancellation() {
    let world = World::new();
    let log = Log::default();
    world.main({
        let log = log.clone();
        async move {
            let outcome = timeout(ms(5), async {
                let cancelled = cancel::catch(pending::<()>()).await.unwrap_err();
                log.say(format!("{cancelled:?} {}", cancelling()));
                cancelled.resume::<()>().await
            });
            assert_eq!(outcome.await, Err(Elapsed));
        }
    });
    assert_eq!(log.take(), ["Cancelled 1"]);
}

/// TO-08: the error needs no cause; that the body was cancelled is what it says.
#[test]
fn the_error_says_what_happened() {
    assert_eq!(Elapsed.to_string(), "the time limit ran out");
}

/// TO-09
#[test]
fn after_an_expiry_the_task_is_as_before() {
    let world = World::new();
    world.main(async {
        timeout(ms(1), pending::<()>()).await.unwrap_err();
        assert_eq!(cancelling(), 0);
        yield_now().await;
        sleep(ms(1)).await;
    });
}

/// TO-10
#[test]
fn a_body_that_swallows_the_expiry_gives_its_value() {
    let world = World::new();
    world.main(async {
        assert_eq!(timeout(ms(1), refuse(0, 7)).await, Ok(7));
        assert_eq!(cancelling(), 0);
    });
}

/// TO-11
#[test]
fn the_expiry_is_not_repeated() {
    let world = World::new();
    world.main(async {
        assert_eq!(timeout(ms(1), refuse(1_000, 7)).await, Ok(7));
        assert_eq!((now(), cancelling()), (at(1_001), 0));
    });
}

/// TO-12, TO-13
#[test]
fn an_error_of_the_body_is_the_result_before_and_after_the_expiry() {
    let world = World::new();
    world.main(async {
        let early = timeout(ms(5), after(1, Err::<(), _>("early")));
        assert_eq!(early.await, Ok(Err("early")));
        let late = timeout(ms(5), refuse(1, Err::<(), _>("late")));
        assert_eq!(late.await, Ok(Err("late")));
        assert_eq!(cancelling(), 0);
    });
}

/// TO-14
#[test]
fn a_request_from_outside_goes_on() {
    let world = World::new();
    let main = spawn(timeout(ms(50), pending::<()>()));
    world.pass(1);
    main.cancel_with("stop");
    world.run();
    assert_eq!(message(main.result().unwrap()), some("stop"));
    assert_eq!((main.cancelling(), world.timers.count()), (1, 0));
}

/// TO-15, WF-18
#[test]
fn a_request_at_the_moment_of_the_expiry_wins() {
    for request_first in [true, false] {
        let world = World::new();
        let main = spawn(async {
            let limited = timeout(ms(5), pending::<()>());
            let caught = cancel::catch(limited).await.unwrap_err();
            (caught.message().map(str::to_owned), cancelling())
        });
        world.run();
        if request_first {
            main.cancel_with("stop");
            world.timers.advance(ms(5));
        } else {
            world.timers.advance(ms(5));
            main.cancel_with("stop");
        }
        world.run();
        assert_eq!(ended(main), (some("stop"), 1));
    }
}

/// TO-16
#[test]
fn a_request_during_the_cleanup_after_the_expiry_wins() {
    let world = World::new();
    let main = spawn(async {
        let limited = timeout(ms(5), clean_up::<()>(10));
        let caught = cancel::catch(limited).await.unwrap_err();
        (caught.message().map(str::to_owned), cancelling())
    });
    world.pass(7);
    main.cancel_with("stop");
    world.run();
    assert_eq!(ended(main), (some("stop"), 1));
}

/// TO-17, TO-18
#[test]
fn an_old_request_does_not_count_against_the_expiry_and_a_new_one_does() {
    for asked_again in [false, true] {
        let world = World::new();
        let main = spawn(async {
            let _swallowed = cancel::catch(pending::<()>()).await;
            let outcome = cancel::catch(timeout(ms(5), pending::<()>())).await;
            (outcome.is_ok_and(|outcome| outcome.is_err()), cancelling())
        });
        world.run();
        main.cancel();
        world.pass(1);
        if asked_again {
            main.cancel();
        }
        world.pass(9);
        let expected = if asked_again { (false, 2) } else { (true, 1) };
        assert_eq!(ended(main), expected);
    }
}

/// TO-19
#[test]
fn a_pending_request_and_no_time_at_all_are_met_as_one_expiry() {
    let world = World::new();
    world.main(async {
        current_task().unwrap().cancel();
        assert_eq!(timeout(ms(0), pending::<()>()).await, Err(Elapsed));
        assert_eq!(current_task().unwrap().uncancel(), 0);
    });
}

/// TO-20
#[test]
fn a_cancellation_of_the_bodys_own_goes_on_unless_the_expiry_was_swallowed() {
    let world = World::new();
    let before = spawn(timeout(ms(5), cancel::raise::<()>("own")));
    let no_time = spawn(timeout(ms(0), cancel::raise::<()>("own")));
    let after = spawn(timeout(ms(5), async {
        refuse(1, ()).await;
        cancel::raise::<()>("own").await
    }));
    world.run_out();
    assert_eq!(message(before.result().unwrap()), some("own"));
    assert_eq!(message(no_time.result().unwrap()), some("own"));
    assert_eq!(ended(after), Err(Elapsed));
}

/// TO-21, TO-23
#[test]
fn of_limits_that_expire_together_the_outermost_says_so() {
    for (inner, outer) in [(5, 5), (5, 7), (7, 5)] {
        let world = World::new();
        let main = spawn(async move {
            let limited = timeout(ms(outer), async {
                let _ = timeout(ms(inner), pending::<()>()).await;
                unreachable!("the code between the two is skipped");
            });
            let outcome: Result<(), _> = limited.await;
            (outcome, cancelling())
        });
        world.pass(9); // both deadlines pass before the task has a turn
        assert_eq!(ended(main), (Err(Elapsed), 0));
    }
}

/// TO-22
#[test]
fn an_inner_limit_says_so_and_the_outer_one_stays_in_force() {
    let world = World::new();
    world.main(async {
        let outcome = timeout(ms(9), async {
            assert_eq!(timeout(ms(5), pending::<()>()).await, Err(Elapsed));
            assert_eq!(cancelling(), 0);
            pending::<()>().await
        });
        assert_eq!(outcome.await, Err(Elapsed));
        assert_eq!((now(), cancelling()), (at(9), 0));
    });
}

/// TO-24
#[test]
fn an_outer_expiry_passes_the_inner_limit() {
    let world = World::new();
    world.main(async {
        let outcome = timeout(ms(5), async {
            let _ = timeout(ms(9), pending::<()>()).await;
            unreachable!("the inner limit has not expired");
        });
        assert_eq!(outcome.await, Err(Elapsed));
        assert_eq!((now(), cancelling()), (at(5), 0));
    });
}

/// TO-25
#[test]
fn a_limit_in_the_cleanup_of_an_expired_one_works() {
    let world = World::new();
    let log = Log::default();
    world.main({
        let log = log.clone();
        async move {
            let outcome = timeout(ms(5), async {
                let cancelled = cancel::catch(pending::<()>()).await.unwrap_err();
                log.say(format!("{:?}", timeout(ms(2), pending::<()>()).await));
                cancelled.resume::<()>().await
            });
            log.say(format!("{:?}", outcome.await));
            assert_eq!((now(), cancelling()), (at(7), 0));
        }
    });
    assert_eq!(log.take(), ["Err(Elapsed)", "Err(Elapsed)"]);
}

/// TO-29
#[test]
fn outside_of_a_task_it_panics() {
    let _world = World::new();
    let polled =
        std::panic::catch_unwind(|| futures::executor::block_on(timeout(ms(1), pending::<()>())));
    let message = *polled.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("outside of a task"), "{message}");
}

/// TO-30
#[test]
fn what_the_body_awaits_is_cancelled_and_what_it_only_spawned_is_not() {
    let world = World::new();
    let (awaited, spawned) = (spawn(pending::<()>()), spawn(after(50, ())));
    let [awaited_ref, spawned_ref] = [awaited.task_ref().clone(), spawned.task_ref().clone()];
    world.main(async {
        let outcome = timeout(ms(5), async {
            drop(spawned);
            awaited.await.unwrap();
        });
        assert_eq!(outcome.await, Err(Elapsed));
    });
    world.run_out();
    assert_eq!(
        (awaited_ref.state(), awaited_ref.cancelling()),
        (TaskState::Cancelled, 1)
    );
    assert_eq!(
        (spawned_ref.state(), spawned_ref.cancelling()),
        (TaskState::Finished, 0)
    );
}

/// TO-31
#[test]
fn a_value_that_comes_at_the_moment_of_the_expiry_is_not_delivered() {
    let world = World::new();
    let value = Deferred::<u8>::new();
    let main = spawn(timeout(ms(5), value.clone()));
    world.run();
    world.timers.advance(ms(5));
    value.set_result(7).unwrap();
    world.run();
    assert_eq!(ended(main), Err(Elapsed));
    assert_eq!(value.result(), Ok(Ok(&7)), "it is not lost");
}

/// Rule 6: what knows nothing of requests may complete, and then wins.
#[test]
fn a_foreign_future_that_is_ready_at_the_moment_of_the_expiry_wins() {
    let world = World::new();
    let (send, receive) = futures::channel::oneshot::channel();
    let main = spawn(async {
        let value = timeout(ms(5), receive).await;
        yield_now().await; // the request of the limit is withdrawn
        (value, cancelling())
    });
    world.run();
    world.timers.advance(ms(5));
    send.send(7).unwrap();
    world.run();
    assert_eq!(ended(main), (Ok(Ok(7)), 0));
}

/// TC-10, rule 6: withdrawing its own request it leaves that of the body alone.
#[test]
fn a_body_that_wins_and_cancels_its_task_is_cancelled() {
    let world = World::new();
    let (send, receive) = futures::channel::oneshot::channel();
    let main = spawn(async {
        let value = timeout(ms(5), async {
            let value = receive.await;
            current_task().unwrap().cancel_with("self");
            value
        });
        let value = value.await;
        let caught = cancel::catch(yield_now()).await.unwrap_err();
        (value, caught.message().map(str::to_owned), cancelling())
    });
    world.run();
    world.timers.advance(ms(5));
    send.send(7).unwrap();
    world.run();
    assert_eq!(ended(main), (Ok(Ok(7)), some("self"), 1));
}

/// TO-32
#[test]
fn an_expiry_cancels_all_that_are_gathered() {
    let world = World::new();
    let children = [Deferred::<()>::new(), Deferred::<()>::new()];
    let outcome = world.main(timeout(ms(5), gather(children.clone())));
    assert_eq!(outcome, Err(Elapsed));
    assert!(children.iter().all(|child| child.is_cancelled()));
}

/// TO-33
#[test]
fn errors_of_a_group_in_its_cleanup_come_out_in_place_of_the_expiry() {
    let world = World::new();
    world.main(async {
        let outcome = timeout(
            ms(5),
            TaskGroup::try_scope(async |group| {
                group.try_spawn(refuse(1, Err::<(), _>("in cleanup")));
                Ok(())
            }),
        );
        let error = outcome.await.unwrap().unwrap_err();
        assert!(matches!(error.errors(), [TaskError::Failed(error)] if **error == "in cleanup"));
        let met_later = cancel::catch(yield_now()).await;
        assert!(
            met_later.is_ok(),
            "the expiry was the only request, and is taken back"
        );
        assert_eq!(cancelling(), 0);
    });
}

/// TO-34
#[test]
fn its_debug_text_has_the_deadline_and_the_stage() {
    let world = World::new();
    world.main(async {
        let mut limited = timeout(ms(5), pending::<()>());
        assert!(futures::poll!(&mut limited).is_pending());
        let text = format!("{limited:?}");
        assert!(
            text.contains("Instant(5ms)") && text.contains("Armed"),
            "{text}"
        );
    });
}

/// WF-01, a cleanup that takes time delays the error.
#[test]
fn it_waits_for_the_cleanup() {
    let world = World::new();
    world.main(async {
        let awaited = spawn(clean_up::<()>(20));
        assert_eq!(timeout(ms(5), awaited).await, Err(Elapsed));
        assert_eq!(now(), at(25));
    });
}

#[test]
fn dropped_while_the_body_reacts_it_takes_its_request_back() {
    let world = World::new();
    world.main(async {
        let mut limited = Box::pin(timeout(ms(5), clean_up::<()>(50)));
        futures::future::select(&mut limited, sleep(ms(9))).await;
        assert_eq!(cancelling(), 1);
        drop(limited);
        assert_eq!(cancelling(), 0);
        yield_now().await;
    });
}

#[test]
fn dropped_it_disarms_its_timer() {
    let world = World::new();
    world.main(async {
        let mut limited = Box::pin(timeout(ms(5), pending::<()>()));
        assert!(futures::poll!(&mut limited).is_pending());
        let timers = tulipa_timers::Timers::current().unwrap();
        assert_eq!(timers.count(), 1);
        drop(limited);
        assert_eq!(timers.count(), 0);
    });
}

#[test]
fn an_abort_drops_the_body_at_once() {
    let world = World::new();
    let log = Log::default();
    let main = spawn(timeout(ms(50), {
        let _said_when_dropped = log.on_drop("dropped");
        async move {
            let _said_when_dropped = _said_when_dropped;
            clean_up::<()>(10).await
        }
    }));
    world.run();
    main.abort();
    world.run();
    assert_eq!(log.take(), ["dropped"]);
    assert_eq!((main.is_cancelled(), world.timers.count()), (true, 0));
}

#[test]
fn a_panic_of_the_body_goes_on_and_takes_timer_and_request_along() {
    let world = World::new();
    let main = spawn(async {
        let panics = async {
            let _expired = cancel::catch(pending::<()>()).await;
            panic!("as planned");
        };
        let limited = std::panic::AssertUnwindSafe(timeout(ms(5), panics));
        let panicked = futures::FutureExt::catch_unwind(limited).await.is_err();
        (panicked, cancelling())
    });
    world.run_out();
    assert_eq!(ended(main), (true, 0));
    assert_eq!(world.timers.count(), 0);
}

#[test]
fn a_body_that_panics_at_the_expiry_leaves_no_request_behind() {
    let world = World::new();
    let main = spawn(async {
        let _swallowed = cancel::catch(pending::<()>()).await;
        let mut polls = 0;
        let panics = poll_fn(|_| -> Poll<()> {
            polls += 1;
            assert!(polls < 2, "as planned");
            Poll::Pending
        });
        let limited = std::panic::AssertUnwindSafe(timeout(ms(5), panics));
        let panicked = futures::FutureExt::catch_unwind(limited).await.is_err();
        yield_now().await;
        (panicked, cancelling())
    });
    world.run();
    main.cancel();
    world.run_out();
    assert_eq!(ended(main), (true, 1));
}

#[test]
fn a_panic_in_a_destructor_of_the_body_goes_on() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("as planned");
        }
    }
    let world = World::new();
    let main = spawn(timeout(ms(5), async {
        let _bomb = Bomb;
        pending::<()>().await;
    }));
    world.run_out();
    assert_eq!((main.state(), main.cancelling()), (TaskState::Panicked, 0));
}

#[test]
fn under_a_mask_the_limit_of_the_inside_still_works() {
    let world = World::new();
    let main = spawn(cancel::mask(timeout(ms(5), pending::<()>())));
    world.pass(1);
    main.cancel();
    world.pass(9);
    assert!(main.is_cancelled(), "the request was met after the mask");

    let main = spawn(cancel::mask(timeout(ms(5), pending::<()>())));
    world.pass(9);
    assert_eq!(ended(main), Err(Elapsed));
}

#[test]
fn a_mask_inside_keeps_the_expiry_waiting() {
    let world = World::new();
    world.main(async {
        let outcome = timeout(ms(5), async {
            cancel::mask(sleep(ms(20))).await;
            yield_now().await;
            unreachable!("the expiry is met after the mask");
        });
        assert_eq!(outcome.await, Err(Elapsed));
        assert_eq!((now(), cancelling()), (at(20), 0));
    });
}

#[test]
fn a_shield_inside_is_left_at_once() {
    let world = World::new();
    let inner = try_spawn(after(50, Ok::<_, ()>(7))).shared();
    let outcome = world.main(timeout(ms(5), shield(inner.clone())));
    assert_eq!(outcome, Err(Elapsed));
    world.run_out();
    assert_eq!(inner.result(), Ok(Ok(&7)));
}
