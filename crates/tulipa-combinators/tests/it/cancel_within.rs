//! `cancel_within`: cancel, wait, abort; and which of them it was.

use crate::support::{Log, World, after, clean_up, ms, refuse};
use std::fmt::Debug;
use std::future::{pending, ready};
use std::time::Duration;
use tulipa_combinators::{Ending, TaskExt as _};
use tulipa_task::{
    Awaitable, Deferred, InvalidState, SharedTask, Task, TaskError, TaskState, cancel, spawn,
    try_spawn,
};
use tulipa_timers::sleep;

/// What becomes of `task`, which has begun, and how long that takes.
fn within<A>(world: &World, task: A, grace: u64) -> (Ending<A::Value, A::Error>, u64)
where
    A: Awaitable + Send + 'static,
    A::Value: Debug + Send,
    A::Error: Debug + Send,
{
    world.run();
    let began = world.now();
    let ending = world.main(async move {
        let ending = task.cancel_within(ms(grace)).await;
        (ending, tulipa_timers::now())
    });
    let (ending, at) = ending;
    (ending, at.as_nanos() / 1_000_000 - began)
}

#[track_caller]
fn assert_cancelled<T: Debug, E: Debug>(ending: &Ending<T, E>) {
    assert!(matches!(ending, Ending::Cancelled(_)), "{ending:?}");
}

#[test]
fn a_task_that_lets_it_through_in_time_is_cancelled() {
    let world = World::new();
    let (ending, took) = within(&world, spawn(clean_up::<()>(3)), 5);
    assert_cancelled(&ending);
    assert_eq!(took, 3, "it is not waited for longer");
}

#[test]
fn a_task_that_has_not_begun_never_does_and_is_cancelled() {
    let world = World::new();
    let log = Log::default();
    let ending = world.main({
        let log = log.clone();
        async move {
            spawn(async move { log.say("begun") })
                .cancel_within(ms(5))
                .await
        }
    });
    assert_cancelled(&ending);
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn a_task_that_refuses_ends_by_itself() {
    let world = World::new();
    assert_eq!(
        within(&world, spawn(refuse(3, 7)), 5),
        (Ending::ByItself(Ok(7)), 3)
    );
    let failing = try_spawn(refuse(3, Err::<(), _>("no")));
    let failed = Ending::ByItself(Err(TaskError::Failed("no")));
    assert_eq!(within(&world, failing, 5), (failed, 3));
}

#[test]
fn a_panic_in_the_cleanup_is_an_end_by_itself() {
    let world = World::new();
    let panicking = spawn(async {
        let _ = cancel::catch(pending::<()>()).await;
        panic!("as planned");
    });
    let (ending, _) = within(&world, panicking, 5);
    assert!(
        matches!(ending, Ending::ByItself(Err(TaskError::Panicked(_)))),
        "{ending:?}"
    );
}

#[test]
fn a_cleanup_that_outlasts_the_grace_is_aborted() {
    let world = World::new();
    let log = Log::default();
    let gone = log.on_drop("gone");
    let task = spawn(async move {
        let _gone = gone;
        clean_up::<()>(6).await;
    });
    world.run();
    let ending = within(&world, task, 5);
    assert_eq!(ending, (Ending::Aborted, 5));
    assert_eq!(log.take(), ["gone"]);
}

#[test]
fn a_masked_step_is_waited_for_and_a_longer_one_aborted() {
    let world = World::new();
    let masked = |time| spawn(async move { cancel::mask(sleep(ms(time))).await });
    let (ending, took) = within(&world, masked(3), 5);
    assert_cancelled(&ending);
    assert_eq!(took, 3);
    assert_eq!(within(&world, masked(60_000), 5), (Ending::Aborted, 5));
}

#[test]
fn a_task_that_catches_again_and_again_is_aborted() {
    let world = World::new();
    let stubborn = spawn(async {
        loop {
            let _ = cancel::catch(pending::<()>()).await;
        }
    });
    assert_eq!(
        within::<Task<()>>(&world, stubborn, 5),
        (Ending::Aborted, 5)
    );
}

#[test]
fn a_task_that_has_ended_is_not_asked() {
    let world = World::new();
    let task = spawn(ready(7)).shared();
    let failed = try_spawn(ready(Err::<(), _>("no")));
    let cancelled = spawn(pending::<()>());
    world.run();
    cancelled.cancel_with("theirs");
    world.run();
    assert_eq!(
        within(&world, task.clone(), 5),
        (Ending::ByItself(Ok(7)), 0)
    );
    assert_eq!(task.cancelling(), 0);
    let failure = Ending::ByItself(Err(TaskError::Failed("no")));
    assert_eq!(within(&world, failed, 5), (failure, 0));
    let (ending, _) = within(&world, cancelled, 5);
    let Ending::ByItself(Err(TaskError::Cancelled(theirs))) = ending else {
        panic!("{ending:?}")
    };
    assert_eq!(theirs.message(), Some("theirs"));
}

#[test]
fn with_no_grace_it_is_an_abort() {
    let world = World::new();
    let log = Log::default();
    let task = spawn({
        let log = log.clone();
        async move {
            let _gone = log.on_drop("gone");
            let _ = cancel::catch(pending::<()>()).await;
            log.say("cleaned up");
        }
    });
    assert_eq!(within(&world, task, 0), (Ending::Aborted, 0));
    assert_eq!(log.take(), ["gone"]);
}

#[test]
fn a_deferred_needs_no_grace() {
    let world = World::new();
    let (ending, took) = within(&world, Deferred::<()>::new(), 0);
    assert_cancelled(&ending);
    assert_eq!(took, 0);
}

#[test]
fn with_all_the_time_there_is_it_never_aborts() {
    let world = World::new();
    let year = 365 * 24 * 3600 * 1_000;
    let task = spawn(clean_up::<()>(year));
    world.run();
    let ending = world.main(async move { task.cancel_within(Duration::MAX).await });
    assert_cancelled(&ending);
    assert_eq!(world.now(), year);
}

/// What a request meets.
#[test]
fn a_request_ends_the_wait_and_leaves_the_task_to_its_cleanup() {
    let world = World::new();
    let task = spawn(clean_up::<()>(50)).shared();
    world.run();
    let waiting = spawn({
        let task = task.clone();
        async move {
            let _ending = task.cancel_within(ms(5)).await;
        }
    });
    world.pass(1);
    waiting.cancel();
    world.run();
    assert!(waiting.is_cancelled());
    assert_eq!((task.state(), task.cancelling()), (TaskState::Pending, 1));
    world.pass(48);
    assert!(!task.is_done(), "nobody aborted it at 5");
    world.pass(1);
    assert!(task.is_cancelled());
}

#[test]
fn a_request_that_comes_with_the_end_of_the_task_wins() {
    let world = World::new();
    let task = spawn(clean_up::<()>(5)).shared();
    world.run();
    let waiting = spawn({
        let task = task.clone();
        async move {
            let _ending = task.cancel_within(ms(50)).await;
        }
    });
    world.run();
    world.timers.advance(ms(5));
    while !task.is_done() {
        world.step();
    }
    waiting.cancel();
    world.run();
    assert!(waiting.is_cancelled());
}

#[test]
fn a_request_waits_outside_a_mask() {
    let world = World::new();
    let task = spawn(clean_up::<()>(50)).shared();
    world.run();
    let waiting = spawn({
        let task = task.clone();
        async move {
            assert_eq!(
                cancel::mask(task.cancel_within(ms(5))).await,
                Ending::Aborted
            )
        }
    });
    world.pass(1);
    waiting.cancel();
    world.pass(3);
    assert!(!waiting.is_done());
    world.pass(1);
    assert!(task.is_cancelled() && waiting.is_cancelled());
}

#[test]
fn dropped_it_leaves_the_task_to_its_cleanup() {
    let world = World::new();
    let task = spawn(clean_up::<()>(50)).shared();
    world.run();
    world.main({
        let task = task.clone();
        async move {
            let mut waiting = task.cancel_within(ms(5));
            assert!(futures::poll!(&mut waiting).is_pending());
        }
    });
    world.run_out();
    assert!(task.is_cancelled());
    assert_eq!(world.now(), 50);
}

#[test]
fn nothing_is_cancelled_before_it_is_awaited() {
    let world = World::new();
    let task = spawn(after(5, 7)).shared();
    world.run();
    drop(task.clone().cancel_within(ms(5)));
    world.run_out();
    assert_eq!(task.result(), Ok(Ok(&7)));
}

#[test]
fn by_reference_the_handle_is_kept() {
    let world = World::new();
    world.main(async {
        let mut task = spawn(refuse(1, 7));
        after(1, ()).await;
        assert_eq!(
            (&mut task).cancel_within(ms(5)).await,
            Ending::ByItself(Ok(7))
        );
        assert_eq!(task.result(), Err(InvalidState::Taken));
        assert_eq!(task.cancelling(), 1);
    });
}

#[test]
fn a_task_that_gives_itself_panics_and_is_not_cancelled() {
    let world = World::new();
    let own = Deferred::<SharedTask<()>>::new();
    let task = spawn({
        let own = own.clone();
        async move {
            let _ending = own.await.unwrap().cancel_within(ms(5)).await;
        }
    });
    task.set_name("ouroboros");
    let task = task.shared();
    own.set_result(task.clone()).unwrap();
    world.run();
    let Ok(Err(TaskError::Panicked(panic))) = task.result() else {
        panic!("{task:?}")
    };
    let message = panic.message().unwrap();
    assert!(
        message.contains("`ouroboros` gave itself to cancel_within"),
        "{message}"
    );
    assert_eq!(task.cancelling(), 0);
}

#[test]
fn outside_of_a_task_it_works_too() {
    let world = World::new();
    let task = spawn(pending::<()>());
    world.run();
    let mut waiting = task.cancel_within(ms(5));
    let waker = futures::task::noop_waker();
    let mut cx = std::task::Context::from_waker(&waker);
    assert!(std::pin::Pin::new(&mut waiting).poll(&mut cx).is_pending());
    world.run();
    let std::task::Poll::Ready(ending) = std::pin::Pin::new(&mut waiting).poll(&mut cx) else {
        panic!("{waiting:?}")
    };
    assert_cancelled(&ending);
}

#[test]
fn where_there_are_no_timers_nothing_is_cancelled() {
    let queue = tulipa_task::doctest::Queue::new();
    let _entered = tulipa_task::Scheduler::new(queue.clone()).enter();
    let task = spawn(pending::<()>()).shared();
    let asked = spawn(task.clone().cancel_within(ms(5)));
    queue.run();
    assert!(matches!(asked.result(), Ok(Err(TaskError::Panicked(_)))));
    assert_eq!((task.cancelling(), task.is_done()), (0, false));
}
