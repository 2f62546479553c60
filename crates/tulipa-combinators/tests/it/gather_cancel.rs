//! `gather` when its awaiter is cancelled: the request is passed on, and the cancellation comes back.

use crate::support::{
    Log, World, after, cancelling, clean_up, ended, is_cancelled, message, ms, refuse, some,
};
use tulipa_combinators::{gather, shield};
use tulipa_task::{
    Deferred, IntoTask, SharedTask, TaskError, TaskState, cancel, current_task, spawn, try_spawn,
};
use tulipa_timers::sleep;

type Fallible = Deferred<u8, &'static str>;

/// G-12, G-21
#[test]
fn a_request_goes_to_every_child_that_has_not_ended() {
    let world = World::new();
    let children = [Fallible::new(), Fallible::new(), Fallible::new()];
    children[1].set_result(1).unwrap();
    let all = spawn(gather(children.clone()));
    world.run();
    assert!(all.cancel_with("stop"));
    world.run();
    assert_eq!(children[1].state(), TaskState::Finished);
    for child in [&children[0], &children[2]] {
        assert_eq!(message(child.result().unwrap()), some("stop"));
    }
    assert_eq!(all.state(), TaskState::Cancelled);
    assert_eq!(message(all.result().unwrap()), some("stop"));
}

/// G-13
#[test]
fn it_is_not_over_before_the_children_are() {
    let world = World::new();
    let all = spawn(gather([spawn(clean_up::<()>(10))]));
    world.run();
    all.cancel();
    world.pass(9);
    assert!(!all.is_done());
    world.pass(1);
    assert!(all.is_cancelled());
}

/// G-14, G-15
#[test]
fn when_all_have_ended_a_request_is_left_alone_and_the_awaiter_is_cancelled() {
    for return_exceptions in [false, true] {
        let world = World::new();
        let child = Fallible::new();
        let all = gather([child.clone()]);
        let all = spawn(async move {
            match return_exceptions {
                true => is_cancelled(all.return_exceptions()).await,
                false => is_cancelled(all).await,
            }
        });
        world.run();
        child.set_result(1).unwrap();
        all.cancel();
        world.run();
        assert!(ended(all));
        assert_eq!(
            child.result(),
            Ok(Ok(&1)),
            "who asks the child has its result"
        );
    }
}

/// G-16
#[test]
fn when_it_has_failed_no_child_is_cancelled_any_more() {
    let world = World::new();
    let [broken, other] = [Fallible::new(), Fallible::new()];
    let all = spawn(gather([broken.clone(), other.clone()]));
    world.run();
    broken.set_error("broken").unwrap();
    all.cancel();
    world.run();
    assert!(all.is_cancelled());
    assert!(!other.is_done() && !other.is_cancelled());
}

/// G-17
#[test]
fn returning_exceptions_it_waits_for_every_cleanup_and_then_is_cancelled() {
    let world = World::new();
    let children = [10, 30].map(|time| spawn(clean_up::<()>(time)));
    let all = spawn(async move {
        gather(children).return_exceptions().await;
        unreachable!("the list of outcomes is not given");
    });
    world.run();
    all.cancel_with("stop");
    world.pass(29);
    assert!(!all.is_done());
    world.pass(1);
    assert_eq!(message(all.result().unwrap()), some("stop"));
}

/// G-17, G-19: the message is that of the last to end, if it ended cancelled.
#[test]
fn returning_exceptions_the_last_to_end_gives_the_message() {
    for (refuses_after, cleaned_up_after, expected) in [(1, 2, some("stop")), (2, 1, None)] {
        let world = World::new();
        let children = [
            spawn(clean_up(cleaned_up_after)),
            spawn(refuse(refuses_after, ())),
        ];
        let all = spawn(gather(children).return_exceptions());
        world.run();
        all.cancel_with("stop");
        world.run_out();
        assert_eq!(message(all.result().unwrap()), expected);
    }
}

/// G-18
#[test]
fn it_is_over_when_the_first_child_has_ended_cancelled() {
    let world = World::new();
    let children = [30, 10].map(|time| spawn(clean_up::<()>(time)).shared());
    let all = spawn(gather(children.clone()));
    world.run();
    all.cancel();
    world.pass(10);
    assert!(all.is_cancelled());
    assert!(!children[0].is_done(), "it still cleans up");
    assert_eq!(children[0].cancelling(), 1, "it was asked once");
    world.pass(20);
    assert!(children[0].is_cancelled());
}

/// G-19
#[test]
fn children_that_refuse_do_not_keep_it_from_being_cancelled() {
    for return_exceptions in [false, true] {
        let world = World::new();
        let children = [1, 2].map(|time| spawn(refuse(time, time)));
        let all = spawn(async move {
            let all = gather(children);
            match return_exceptions {
                true => all.return_exceptions().await.len(),
                false => all.await.unwrap().len(),
            }
        });
        world.run();
        all.cancel_with("stop");
        world.run_out();
        assert_eq!(message(all.result().unwrap()), None);
        assert_eq!(world.now(), 2);
    }
}

/// G-20
#[test]
fn the_first_to_end_decides_between_an_error_and_the_cancellation() {
    for (error_after, cleaned_up_after) in [(1, 2), (2, 1)] {
        let world = World::new();
        let fails = try_spawn(async move { refuse(error_after, Err("broken")).await });
        let all = spawn(gather([fails, try_spawn(clean_up(cleaned_up_after))]));
        world.run();
        all.cancel();
        world.run_out();
        match error_after < cleaned_up_after {
            true => assert_eq!(ended(all), Err::<Vec<()>, _>(TaskError::Failed("broken"))),
            false => assert!(all.is_cancelled()),
        }
    }
}

#[test]
fn each_request_is_passed_on() {
    let world = World::new();
    let child = spawn(async {
        let mut caught = 0;
        while cancel::catch(sleep(ms(100))).await.is_err() {
            caught += 1;
        }
        caught
    });
    let child = child.shared();
    let all = spawn(gather([child.clone()]));
    for _ in 0..3 {
        world.pass(1);
        all.cancel();
    }
    world.run_out();
    assert_eq!(child.result(), Ok(Ok(&3)));
    assert!(all.is_cancelled());
    assert_eq!((child.cancelling(), all.cancelling()), (3, 3));
}

#[test]
fn a_request_before_the_first_poll_of_the_gather_is_passed_on() {
    let world = World::new();
    let children = [Fallible::new(), Fallible::new()];
    let all = spawn({
        let children = children.clone();
        async move {
            current_task().unwrap().cancel();
            gather(children).await
        }
    });
    world.run();
    assert!(all.is_cancelled() && children.iter().all(|child| child.is_cancelled()));
}

/// G-24
#[test]
fn a_request_reaches_the_innermost() {
    let world = World::new();
    let leaf = Fallible::new();
    let inner = gather([leaf.clone()]);
    let all = spawn(gather([inner]));
    world.run();
    all.cancel_with("stop");
    world.run();
    assert_eq!(message(leaf.result().unwrap()), some("stop"));
    assert!(all.is_cancelled());
}

/// G-25
#[test]
fn a_shared_child_fails_the_other_gather() {
    let world = World::new();
    let child: SharedTask<()> = spawn(std::future::pending()).shared();
    let [cancelled, other] = [child.clone(), child].map(|child| spawn(gather([child])));
    world.run();
    cancelled.cancel();
    world.run();
    assert!(cancelled.is_cancelled());
    assert!(matches!(ended(other), Err(TaskError::Cancelled(_))));
}

/// G-31
#[test]
fn shields_keep_the_request_from_the_children() {
    let world = World::new();
    let children = [Fallible::new(), Fallible::new()];
    let all = spawn(gather(children.clone().map(shield)));
    world.run();
    all.cancel();
    world.run();
    assert!(all.is_cancelled());
    assert!(children.iter().all(|child| !child.is_done()));
}

/// TC-28 for many: the awaiter that caught the cancellation goes on.
#[test]
fn who_catches_the_cancellation_goes_on() {
    let world = World::new();
    let main = spawn(async {
        let children = [spawn(clean_up::<()>(5)), spawn(clean_up(9))];
        let caught = cancel::catch(gather(children)).await.is_err();
        (caught, cancelling(), after(10, "went on").await)
    });
    world.run();
    main.cancel();
    world.run_out();
    assert_eq!(ended(main), (true, 1, "went on"));
}

/// Rule 9.
#[test]
fn dropped_while_waiting_because_its_task_is_aborted_it_cancels_the_children() {
    let world = World::new();
    let children = [Fallible::new(), Fallible::new()];
    let all = spawn(gather(children.clone()));
    let never_polled = spawn({
        let all = gather([Fallible::new()]);
        async move {
            std::future::pending::<()>().await;
            all.await
        }
    });
    world.run();
    all.abort();
    never_polled.abort();
    world.run();
    assert!(children.iter().all(|child| child.is_cancelled()));
}

/// TC-31, TC-20: cancelled by others at the same moment.
#[test]
fn a_child_cancelled_by_others_and_a_request_are_one_cancellation() {
    let world = World::new();
    let child = Fallible::new();
    let all = spawn(gather([child.clone(), Fallible::new()]));
    world.run();
    child.cancel_with("theirs");
    all.cancel_with("ours");
    world.run();
    assert_eq!(message(all.result().unwrap()), some("ours"));
}

#[test]
fn cancel_on_error_lets_a_request_through_to_the_cleanup() {
    let world = World::new();
    let log = Log::default();
    let fails = try_spawn(after(1, Err("broken")));
    let stubborn = try_spawn({
        let log = log.clone();
        async move {
            for _ in 0..2 {
                let _refused = cancel::catch(std::future::pending::<()>()).await;
                log.say("asked");
            }
            Ok(())
        }
    });
    let all = spawn(gather([fails, stubborn]).cancel_on_error());
    world.pass(1);
    assert_eq!(log.take(), ["asked"]);
    all.cancel();
    world.run();
    assert_eq!(log.take(), ["asked"]);
    assert_eq!(ended(all), Err(TaskError::Failed("broken")));
}

/// As `gather` in a task of its own, its cancellation is that of the task.
#[test]
fn made_a_task_it_can_be_cancelled() {
    let world = World::new();
    let child = Fallible::new();
    let all = gather([child.clone()]).into_task();
    assert!(all.cancel());
    world.run();
    assert!(all.is_cancelled() && child.is_cancelled());
}

/// Else two gathers that wait for each other's tasks would pass it back and forth for ever.
#[test]
fn a_request_that_comes_round_ends_the_circle() {
    let world = World::new();
    let links = [(); 2].map(|()| Deferred::<SharedTask<()>>::new());
    let [other, one] = links.clone();
    let tasks = [one, other].map(|next| {
        let gathers = spawn(async move {
            gather([next.await.unwrap()]).await.unwrap();
        });
        gathers.shared()
    });
    for (link, task) in links.iter().zip(&tasks) {
        link.set_result(task.clone()).unwrap();
    }
    world.run();
    tasks[0].cancel();
    for _ in 0..1_000 {
        if tasks.iter().all(|task| task.is_cancelled()) {
            return;
        }
        world.step();
    }
    panic!("{tasks:?}");
}
