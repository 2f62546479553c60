//! `wait`.

use crate::support::{Log, World, after, cancelling, ended, is_cancelled, message, ms, some};
use tulipa_combinators::{ReturnWhen, wait};
use tulipa_task::{
    Awaitable, Deferred, SharedTask, Task, TaskRef, TaskState, cancel, current_task, spawn,
    try_spawn, yield_now,
};
use tulipa_timers::{Instant, now};

type Fallible = Deferred<u8, &'static str>;

const CONDITIONS: [ReturnWhen; 3] = [
    ReturnWhen::AllCompleted,
    ReturnWhen::FirstCompleted,
    ReturnWhen::FirstException,
];

/// W-01
#[test]
fn it_gives_the_tasks_back_when_all_have_ended() {
    let world = World::new();
    world.main(async {
        let tasks = [3, 1, 2].map(|time| spawn(after(time, time)));
        let (done, pending) = wait(tasks).await;
        assert!(pending.is_empty());
        let (again, pending) = wait(done).await;
        assert!(pending.is_empty());
        let mut values = Vec::new();
        for task in again {
            values.push(task.await.unwrap());
        }
        assert_eq!(values, [3, 1, 2], "in the order given");
    });
    assert_eq!(world.now(), 3);
}

/// W-02
#[test]
fn it_gives_way_once_even_if_all_have_ended() {
    for return_when in CONDITIONS {
        let world = World::new();
        let log = Log::default();
        let ready = Fallible::new();
        ready.set_result(1).unwrap();
        let main = spawn({
            let log = log.clone();
            async move {
                wait([ready]).return_when(return_when).await;
                log.say("waited");
            }
        });
        let other = spawn({
            let log = log.clone();
            async move { log.say("other") }
        });
        world.run();
        assert!(main.is_done() && other.is_done());
        assert_eq!(log.take(), ["other", "waited"]);
    }
}

/// W-03
#[test]
#[should_panic(expected = "wait was given no tasks")]
fn of_nothing_it_panics() {
    let _never = wait::<[Task<()>; 0]>([]);
}

/// W-07
#[test]
fn handles_to_one_task_count_once() {
    let world = World::new();
    let (done, pending) = world.main(async {
        let one = spawn(async {}).shared();
        let other = spawn(std::future::pending::<()>()).shared();
        let waiting =
            wait([one.clone(), other.clone(), one, other]).return_when(ReturnWhen::FirstCompleted);
        let (done, pending) = waiting.await;
        (done.len(), pending.len())
    });
    assert_eq!((done, pending), (1, 1));
}

/// W-08
#[test]
fn any_iterator_of_any_handles_will_do() {
    let world = World::new();
    world.main(async {
        let mut tasks: Vec<Task<u8>> = (0..3).map(|n| spawn(async move { n })).collect();
        let refs: Vec<TaskRef> = tasks.iter().map(|task| task.task_ref().clone()).collect();
        assert_eq!(wait(refs.iter()).await.0.len(), 3);
        assert_eq!(wait(refs).await.0.len(), 3);
        assert_eq!(wait(&mut tasks).await.0.len(), 3);
        assert_eq!(wait(tasks.iter()).await.0.len(), 3);
        let shared: Vec<SharedTask<u8>> = tasks.into_iter().map(Task::shared).collect();
        assert_eq!(
            wait(shared.iter().filter(|task| task.is_done()))
                .await
                .0
                .len(),
            3
        );
    });
}

/// W-09
#[test]
fn first_completed_ends_with_whatever_end_of_the_first() {
    let ends: [fn(&Fallible); 3] = [
        |child| child.set_result(1).unwrap(),
        |child| child.set_error("no").unwrap(),
        |child| assert!(child.cancel()),
    ];
    for end in ends {
        let world = World::new();
        let [first, other] = [Fallible::new(), Fallible::new()];
        let main = spawn(wait([other, first.clone()]).return_when(ReturnWhen::FirstCompleted));
        world.run();
        end(&first);
        world.run();
        let (done, pending) = ended(main);
        assert_eq!((done.len(), pending.len()), (1, 1));
        assert_eq!(done[0].task_ref(), first.task_ref());
    }
}

/// W-10
#[test]
fn what_ends_before_the_awaiter_has_its_turn_is_done_too() {
    let world = World::new();
    let children = [Fallible::new(), Fallible::new(), Fallible::new()];
    let main = spawn(wait(children.clone()).return_when(ReturnWhen::FirstCompleted));
    world.run();
    children[2].set_result(1).unwrap();
    children[0].set_result(1).unwrap();
    world.run();
    let (done, pending) = ended(main);
    assert_eq!((done.len(), pending.len()), (2, 1));
    assert_eq!(
        done[0].task_ref(),
        children[0].task_ref(),
        "in the order given"
    );
}

/// W-11
#[test]
fn first_exception_ends_with_an_error_or_panic_also_with_one_from_before() {
    let world = World::new();
    let [failed, other] = [Fallible::new(), Fallible::new()];
    failed.set_error("no").unwrap();
    let (done, pending) = world.main(wait([other, failed]).return_when(ReturnWhen::FirstException));
    assert_eq!((done.len(), pending.len()), (1, 1));

    let tasks = [
        spawn(after(1, ())),
        spawn(after(9, ())),
        spawn(async {
            after(5, ()).await;
            panic!("as planned")
        }),
    ];
    let (done, pending) = world.main(wait(tasks).return_when(ReturnWhen::FirstException));
    assert_eq!((done.len(), pending.len()), (2, 1));
}

/// W-12, W-13
#[test]
fn a_cancellation_is_no_exception_to_wait_for() {
    let world = World::new();
    let [cancelled, other] = [Fallible::new(), Fallible::new()];
    let main =
        spawn(wait([cancelled.clone(), other.clone()]).return_when(ReturnWhen::FirstException));
    world.run();
    cancelled.cancel();
    world.run();
    assert!(!main.is_done());
    other.set_result(1).unwrap();
    world.run();
    assert_eq!(ended(main).0.len(), 2);
}

/// W-14, W-15
#[test]
fn when_time_is_up_it_gives_what_there_is() {
    let world = World::new();
    let (done, pending) = world.main(async {
        let tasks = [1, 5, 9].map(|time| spawn(after(time, time)));
        wait(tasks).timeout(ms(5)).await
    });
    assert!(done.len() + pending.len() == 3 && !done.is_empty() && !pending.is_empty());
    assert_eq!(
        (pending[0].cancelling(), pending[0].is_cancelled()),
        (0, false)
    );

    let (done, pending) = world.main(wait([spawn(after(9, ()))]).timeout(ms(1)));
    assert_eq!((done.len(), pending.len()), (0, 1));
}

/// The time is counted from the first poll, as asyncio's `wait` is a coroutine.
#[test]
fn its_time_begins_when_it_is_awaited() {
    let world = World::new();
    let over = world.main(async {
        let waiting = wait([spawn(after(30, ()))]).timeout(ms(10));
        after(15, ()).await;
        waiting.await;
        now()
    });
    assert_eq!(over, Instant::START + ms(25));
}

/// W-16
#[test]
fn no_time_is_one_turn() {
    let world = World::new();
    let (done, pending) = world.main(async {
        let ended = Fallible::new();
        ended.set_result(1).unwrap();
        wait([ended, Fallible::new()]).timeout(ms(0)).await
    });
    assert_eq!((done.len(), pending.len(), world.now()), (1, 1, 0));
}

/// W-17
#[test]
fn failures_are_not_read_by_it() {
    let world = World::new();
    world.main(async {
        let tasks = [
            try_spawn(async { Err::<(), _>("unread") }),
            try_spawn(async { Ok(()) }),
        ];
        let (done, _) = wait(tasks).await;
        assert_eq!(done.len(), 2);
    });
    let reports = world.queue.reports();
    assert!(
        reports.len() == 1 && reports[0].contains("unread"),
        "{reports:?}"
    );
}

/// W-18
#[test]
fn the_failure_that_ends_a_wait_for_it_counts_as_read() {
    let world = World::new();
    world.main(async {
        let tasks = [
            try_spawn(async { Err::<(), _>("seen") }),
            try_spawn(after(1, Ok(()))),
        ];
        wait(tasks).return_when(ReturnWhen::FirstException).await;
    });
    assert_eq!(world.queue.reports(), [""; 0]);
}

/// W-19
#[test]
fn a_request_is_not_passed_on() {
    let world = World::new();
    let child = Fallible::new();
    let main = spawn(wait([child.clone()]));
    world.run();
    main.cancel_with("stop");
    world.run();
    assert_eq!(message(main.result().unwrap()), some("stop"));
    assert_eq!(child.state(), TaskState::Pending);
}

/// W-19, rule 9: an abort leaves them alone as well.
#[test]
fn an_abort_is_not_passed_on() {
    let world = World::new();
    let child = Fallible::new();
    let main = spawn(wait([child.clone()]));
    world.run();
    main.abort();
    world.run();
    assert_eq!((main.is_cancelled(), child.is_done()), (true, false));
}

/// W-20
#[test]
fn a_request_wins_over_what_was_waited_for() {
    let world = World::new();
    let child = Fallible::new();
    let main = spawn(is_cancelled(wait([child.clone()]).timeout(ms(1))));
    world.run();
    child.set_result(1).unwrap();
    main.cancel();
    world.run();
    assert!(ended(main));

    let main = spawn(is_cancelled(wait([Fallible::new()]).timeout(ms(1))));
    world.run();
    main.cancel();
    world.timers.advance(ms(1));
    world.run();
    assert!(ended(main));
}

/// W-21
#[test]
fn it_leaves_nothing_behind_in_the_tasks() {
    let world = World::new();
    let long_lived = Fallible::new();
    let watched = long_lived.clone();
    let main = spawn(async move {
        for _ in 0..100 {
            wait([long_lived.clone(), ended_deferred()])
                .return_when(ReturnWhen::FirstCompleted)
                .await;
            wait([long_lived.clone()]).timeout(ms(0)).await;
            let mut waiting = wait([long_lived.clone()]);
            futures::future::select(&mut waiting, Box::pin(yield_now())).await;
        }
        cancel::catch(wait([long_lived])).await.is_err()
    });
    world.run();
    assert_eq!(watched.awaited_by().len(), 1, "that of the last wait");
    main.cancel();
    world.run();
    assert_eq!(watched.awaited_by().len(), 0);
    assert!(ended(main));
}

fn ended_deferred() -> Fallible {
    let deferred = Fallible::new();
    deferred.set_result(1).unwrap();
    deferred
}

#[test]
fn its_timer_goes_with_it() {
    let world = World::new();
    world.main(async {
        wait([spawn(async {})]).timeout(ms(1_000)).await;
    });
    assert_eq!((world.timers.count(), world.now()), (0, 0));
}

#[test]
fn the_count_of_requests_is_left_alone() {
    let world = World::new();
    world.main(async {
        wait([spawn(after(5, ()))]).timeout(ms(1)).await;
        assert_eq!(cancelling(), 0);
    });
}

#[test]
fn a_task_that_waits_for_itself_panics() {
    let world = World::new();
    let task = spawn(async {
        wait([current_task().unwrap()]).await;
    });
    world.run();
    let Ok(Err(tulipa_task::TaskError::Panicked(panic))) = task.result() else {
        panic!("{task:?}")
    };
    assert!(panic.message().unwrap().contains("gave itself to wait"));
}
