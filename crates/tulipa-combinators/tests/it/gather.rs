//! `gather` when nobody cancels it.

use crate::support::{Log, World, after, clean_up, ended, message, ms, some};
use std::sync::Arc;
use tulipa_combinators::gather;
use tulipa_task::{Deferred, IntoTask, TaskError, TaskState, spawn, try_spawn, yield_now};
use tulipa_timers::sleep;

type Fallible = Deferred<u8, &'static str>;

/// G-01
#[test]
fn values_come_in_the_order_of_the_arguments() {
    let world = World::new();
    let values = world.main(async {
        let tasks = [3, 1, 2].map(|time| spawn(after(time, time)));
        gather(tasks).await.unwrap()
    });
    assert_eq!(values, [3, 1, 2]);
    assert_eq!(world.now(), 3);
}

/// G-01
#[test]
fn it_is_not_done_before_the_last() {
    let world = World::new();
    let children = [Fallible::new(), Fallible::new()];
    let all = spawn(gather(children.clone()));
    for (n, child) in children.iter().enumerate().rev() {
        world.run();
        assert!(!all.is_done());
        child.set_result(n as u8).unwrap();
    }
    world.run();
    assert_eq!(ended(all), Ok(vec![0, 1]));
}

/// G-02
#[test]
fn of_nothing_it_is_ready_at_once() {
    let world = World::new();
    assert_eq!(world.main(gather::<[Fallible; 0]>([])), Ok(vec![]));
    let all = world.main(gather::<[Fallible; 0]>([]).return_exceptions());
    assert!(all.is_empty());
}

/// G-03
#[test]
fn tasks_take_their_first_steps_in_the_order_of_the_arguments() {
    let world = World::new();
    let log = Log::default();
    let tasks = ["a", "b", "c"].map(|name| {
        let log = log.clone();
        spawn(async move { log.say(name) })
    });
    let all = spawn(gather(tasks));
    world.run();
    assert!(all.is_done());
    assert_eq!(log.take(), ["a", "b", "c"]);
}

/// G-04
#[test]
fn a_task_given_twice_runs_once_and_stands_at_both_places() {
    let world = World::new();
    let log = Log::default();
    let values = world.main({
        let log = log.clone();
        async move {
            let twice = spawn(async move { log.say("ran") }).shared();
            let other = spawn(async {}).shared();
            gather([twice.clone(), other, twice]).await.unwrap().len()
        }
    });
    assert_eq!((values, log.take()), (3, vec!["ran".to_owned()]));
}

/// G-05
#[test]
fn the_first_failure_is_the_result_at_once_and_the_others_run_on() {
    let world = World::new();
    let [slow, broken] = [Fallible::new(), Fallible::new()];
    let all = spawn(gather([slow.clone(), broken.clone()]));
    world.run();
    broken.set_error("broken").unwrap();
    world.run();
    assert_eq!(ended(all), Err(TaskError::Failed("broken")));
    assert_eq!((slow.state(), slow.cancelling()), (TaskState::Pending, 0));
}

/// G-06
#[test]
fn the_first_failure_is_the_first_in_time() {
    let world = World::new();
    let error = world.main(async {
        let tasks = [2, 1].map(|time| try_spawn(after(time, Err::<(), _>(time))));
        gather(tasks).await
    });
    assert_eq!(error, Err(TaskError::Failed(1)));
}

/// G-06
#[test]
fn of_failures_before_the_call_the_first_argument_counts() {
    let world = World::new();
    let [one, other] = [Fallible::new(), Fallible::new()];
    other.set_error("other").unwrap();
    one.set_error("one").unwrap();
    assert_eq!(
        world.main(gather([one, other])),
        Err(TaskError::Failed("one"))
    );
}

/// G-06: from the call on, also before the first await.
#[test]
fn it_watches_the_tasks_before_it_is_awaited() {
    let world = World::new();
    let [one, other] = [Fallible::new(), Fallible::new()];
    let all = gather([one.clone(), other.clone()]);
    other.set_error("other").unwrap();
    one.set_error("one").unwrap();
    assert_eq!(world.main(all), Err(TaskError::Failed("other")));
}

/// G-07
#[test]
fn later_failures_count_as_read() {
    let world = World::new();
    let error = world.main(async {
        let tasks = [1, 2, 2].map(|time| try_spawn(after(time, Err::<(), _>(time))));
        gather(tasks).await
    });
    assert_eq!(error, Err(TaskError::Failed(1)));
    assert_eq!(world.queue.reports(), [""; 0]);
}

/// G-08, G-11: the message of the child that was cancelled is kept.
#[test]
fn exceptions_are_returned_in_their_places_when_all_have_ended() {
    let world = World::new();
    let outcomes = world.main(async {
        let panics = try_spawn(async { panic!("as planned") });
        let fails = try_spawn(async { Err("no") });
        let cancelled = try_spawn(std::future::pending());
        cancelled.cancel_with("stop");
        let slow = try_spawn(after(5, Ok(7)));
        gather([slow, panics, fails, cancelled])
            .return_exceptions()
            .await
    });
    assert_eq!(world.now(), 5);
    assert_eq!(outcomes[0], Ok(7));
    assert!(
        matches!(&outcomes[1], Err(TaskError::Panicked(panic)) if panic.message() == Some("as planned"))
    );
    assert_eq!(outcomes[2], Err(TaskError::Failed("no")));
    assert_eq!(message(outcomes[3].as_ref()), some("stop"));
}

#[test]
fn a_panic_is_a_failure() {
    let world = World::new();
    let outcome = world.main(gather([spawn(async { panic!("as planned") })]));
    assert!(
        matches!(outcome, Err(TaskError::Panicked(panic)) if panic.message() == Some("as planned"))
    );
}

/// G-09, G-10
#[test]
fn a_child_that_somebody_cancels_is_a_failure_and_the_siblings_run_on() {
    let world = World::new();
    let [cancelled, other] = [Fallible::new(), Fallible::new()];
    let all = spawn(gather([cancelled.clone(), other.clone()]));
    world.run();
    cancelled.cancel_with("stop");
    world.run();
    assert_eq!((all.state(), all.cancelling()), (TaskState::Finished, 0));
    assert_eq!(message(ended(all)), some("stop"));
    assert!(!other.is_done());
}

/// G-22
#[test]
fn when_all_have_ended_it_is_ready_without_suspending() {
    let world = World::new();
    let child = Fallible::new();
    child.set_result(1).unwrap();
    let all = gather([child.clone(), child]).into_task();
    assert_eq!(all.result(), Ok(Ok(&vec![1, 1])));
    let failed = Fallible::new();
    failed.set_error("no").unwrap();
    assert!(gather([failed]).into_task().is_done());
    drop(world);
}

/// G-23
#[test]
fn when_one_has_failed_it_is_ready_without_suspending() {
    let _world = World::new();
    let [failed, other] = [Fallible::new(), Fallible::new()];
    failed.set_error("no").unwrap();
    let all = gather([other, failed]).into_task();
    assert_eq!(all.result(), Ok(Err(&TaskError::Failed("no"))));
}

/// G-28
#[test]
fn a_failure_that_nobody_reads_is_reported() {
    let world = World::new();
    let all = gather([try_spawn(async { Err::<(), _>("nobody reads this") })]).into_task();
    world.run();
    drop(all);
    let reports = world.queue.reports();
    assert!(
        reports.len() == 1 && reports[0].contains("nobody reads this"),
        "{reports:?}"
    );
}

/// G-30: shared, a finished gather gives the same value again.
#[test]
fn shared_it_can_be_awaited_again() {
    let world = World::new();
    let same = world.main(async {
        let all = gather([spawn(async { Arc::new(1) })]).into_task().shared();
        let (first, again) = (all.clone().await.unwrap(), all.await.unwrap());
        Arc::ptr_eq(&first[0], &again[0])
    });
    assert!(same);
}

#[test]
fn dropped_it_leaves_the_tasks_to_run_on() {
    let world = World::new();
    let log = Log::default();
    world.main({
        let log = log.clone();
        async move {
            let children = [1, 2].map(|time| {
                let log = log.clone();
                spawn(async move {
                    sleep(ms(time)).await;
                    log.say("through");
                })
            });
            let mut all = gather(children);
            futures::future::select(&mut all, Box::pin(yield_now())).await;
            drop(all);
        }
    });
    world.run_out();
    assert_eq!(log.take(), ["through", "through"]);
}

#[test]
fn dropped_it_leaves_no_observer_behind() {
    let world = World::new();
    let child = Fallible::new();
    let all = spawn(gather([child.clone()]));
    world.run();
    assert_eq!(child.awaited_by(), [all.task_ref().clone()]);
    all.abort();
    world.run();
    assert_eq!(child.awaited_by(), []);
}

#[test]
fn tasks_by_reference_stay_with_their_owner() {
    let world = World::new();
    world.main(async {
        let mut tasks = [spawn(after(1, 1)), spawn(after(2, 2))];
        assert_eq!(gather(&mut tasks).await, Ok(vec![1, 2]));
        assert!(tasks.iter().all(|task| task.state() == TaskState::Finished));
    });
}

#[test]
fn cancel_on_error_cancels_the_others_and_waits_for_their_cleanup() {
    let world = World::new();
    let outcome = world.main(async {
        let cleans_up = try_spawn(clean_up::<Result<(), _>>(10));
        let fails = try_spawn(after(5, Err("broken")));
        gather([cleans_up, fails]).cancel_on_error().await
    });
    assert_eq!(
        (outcome, world.now()),
        (Err(TaskError::Failed("broken")), 15)
    );
}

#[test]
fn cancel_on_error_takes_a_cancelled_child_for_an_error() {
    let world = World::new();
    let children = [Fallible::new(), Fallible::new(), Fallible::new()];
    let all = spawn(gather(children.clone()).cancel_on_error());
    world.run();
    children[1].cancel_with("stop");
    world.run();
    assert!(children.iter().all(|child| child.is_cancelled()));
    assert_eq!(message(ended(all)), some("stop"));
}

#[test]
fn cancel_on_error_gives_the_values_if_there_is_none() {
    let world = World::new();
    let values = world.main(gather([1, 2].map(|n| spawn(after(n, n)))).cancel_on_error());
    assert_eq!(values, Ok(vec![1, 2]));
}

#[test]
#[should_panic(expected = "gave itself to gather and would never end")]
fn a_task_that_gathers_itself_panics() {
    let world = World::new();
    let me = Arc::new(std::sync::Mutex::new(None));
    let task = spawn({
        let me = me.clone();
        async move {
            yield_now().await;
            let itself: tulipa_task::SharedTask<()> = me.lock().unwrap().take().unwrap();
            gather([itself]).await.unwrap();
        }
    })
    .shared();
    *me.lock().unwrap() = Some(task.clone());
    world.run();
    let Ok(Err(TaskError::Panicked(panic))) = task.result() else {
        panic!("{task:?}")
    };
    panic.clone().resume();
}

#[test]
fn a_result_that_was_taken_is_a_panic_with_the_remedy() {
    let world = World::new();
    let outcome = world.main(async {
        let mut task = spawn(async {});
        (&mut task).await.unwrap();
        spawn(gather([task])).await
    });
    let Err(TaskError::Panicked(panic)) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(panic.message().unwrap().contains("task.shared()"));
}

#[test]
fn a_gather_in_a_gather_gives_lists_of_lists() {
    let world = World::new();
    let lists = world.main(async {
        let inner = [[1, 2], [3, 4]].map(|row| gather(row.map(|n| spawn(after(n, n)))));
        gather(inner).await.unwrap()
    });
    assert_eq!(lists, [[1, 2], [3, 4]]);
}
