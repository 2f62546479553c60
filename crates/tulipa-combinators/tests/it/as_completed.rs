//! `as_completed`, in both styles.

use crate::support::{Log, World, after, cancelling, ended, ms};
use futures::future::join_all;
use futures::{Stream, StreamExt};
use std::pin::pin;
use tulipa_combinators::{Elapsed, WaitForError, as_completed};
use tulipa_task::{
    Deferred, Task, TaskError, TaskState, cancel, current_task, spawn, try_spawn, yield_now,
};
use tulipa_timers::sleep;

type Fallible = Deferred<u8, &'static str>;

/// The values of a stream of tasks.
async fn values<T>(mut stream: impl Stream<Item = Task<T>> + Unpin) -> Vec<T> {
    let mut values = Vec::new();
    while let Some(task) = stream.next().await {
        values.push(task.await.unwrap());
    }
    values
}

/// AC-01
#[test]
fn tasks_come_in_the_order_in_which_they_end() {
    let world = World::new();
    let order = world
        .main(async { values(as_completed([3, 1, 2].map(|time| spawn(after(time, time))))).await });
    assert_eq!(order, [1, 2, 3]);
}

/// AC-01
#[test]
fn results_come_in_the_order_in_which_they_end() {
    let world = World::new();
    let order = world.main(async {
        let mut order = Vec::new();
        for next in as_completed([3, 1, 2].map(|time| spawn(after(time, time)))).awaitables() {
            order.push(next.await.unwrap());
        }
        order
    });
    assert_eq!(order, [1, 2, 3]);
}

/// AC-02, AC-15
#[test]
fn tasks_run_whether_it_is_iterated_or_not() {
    let world = World::new();
    let log = Log::default();
    world.main({
        let log = log.clone();
        async move {
            let tasks = ["a", "b"].map(|name| {
                let log = log.clone();
                spawn(async move {
                    sleep(ms(1)).await;
                    log.say(name);
                })
            });
            drop(as_completed(tasks));
        }
    });
    world.run_out();
    assert_eq!(log.take(), ["a", "b"]);
}

/// AC-03, AC-04
#[test]
fn it_gives_the_very_tasks_and_they_have_ended() {
    let world = World::new();
    world.main(async {
        let tasks = [try_spawn(after(2, Err("no"))), try_spawn(after(1, Ok(())))];
        let [second, first] = [tasks[0].task_ref().clone(), tasks[1].task_ref().clone()];
        let mut stream = as_completed(tasks);
        let task = stream.next().await.unwrap();
        assert_eq!(
            (task.task_ref(), task.state()),
            (&first, TaskState::Finished)
        );
        let task = stream.next().await.unwrap();
        assert_eq!(
            (task.task_ref(), task.state()),
            (&second, TaskState::Failed)
        );
    });
    let reports = world.queue.reports();
    assert!(
        reports.len() == 1 && reports[0].contains("\"no\""),
        "the error was not read: {reports:?}"
    );
}

/// AC-05
#[test]
fn awaitables_give_results_and_errors() {
    let world = World::new();
    world.main(async {
        let mut both = as_completed([try_spawn(after(2, Err("no"))), try_spawn(after(1, Ok(7)))]);
        let [one, other] = both.awaitables().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(one.await, Ok(7));
        assert_eq!(other.await, Err(TaskError::Failed("no")));
    });
}

/// AC-06
#[test]
fn handles_to_one_task_are_one_item() {
    let world = World::new();
    let count = world.main(async {
        let [one, other] = [1, 2].map(|time| spawn(after(time, ())).shared());
        as_completed([other.clone(), one.clone(), one, other])
            .count()
            .await
    });
    assert_eq!(count, 2);
}

/// AC-07
#[test]
fn of_nothing_it_ends_at_once() {
    let world = World::new();
    world.main(async {
        assert!(as_completed::<[Fallible; 0]>([]).next().await.is_none());
        assert!(
            as_completed::<[Fallible; 0]>([])
                .awaitables()
                .next()
                .is_none()
        );
        assert!(
            as_completed::<[Fallible; 0]>([])
                .timeout(ms(0))
                .next()
                .await
                .is_none()
        );
    });
    assert_eq!(world.timers.count(), 0);
}

/// AC-08, AC-10
#[test]
fn when_time_is_up_each_outstanding_awaitable_says_so() {
    let world = World::new();
    let tasks = [spawn(after(1, 1)), spawn(after(50, 2)), spawn(after(60, 3))];
    let watched = tasks[1].task_ref().clone();
    let outcomes = world.main(async {
        let mut limited = as_completed(tasks).timeout(ms(10));
        join_all(limited.awaitables()).await
    });
    assert_eq!(
        outcomes,
        [
            Ok(1),
            Err(WaitForError::Elapsed),
            Err(WaitForError::Elapsed)
        ]
    );
    world.run_out();
    assert_eq!(
        (watched.state(), watched.cancelling()),
        (TaskState::Finished, 0)
    );
}

/// AC-09
#[test]
fn when_time_is_up_the_stream_says_so_for_each_that_has_not_ended() {
    let world = World::new();
    let steps = world.main(async {
        let tasks = [50, 1, 60].map(|time| spawn(after(time, time)));
        let limited = as_completed(tasks).timeout(ms(10));
        limited
            .map(|step| step.map(|task| task.state()))
            .collect::<Vec<_>>()
            .await
    });
    assert_eq!(steps, [Ok(TaskState::Finished), Err(Elapsed), Err(Elapsed)]);
}

/// AC-10
#[test]
fn the_rest_can_be_cancelled_when_time_is_up() {
    let world = World::new();
    let child = Fallible::new();
    world.main({
        let child = child.clone();
        async move {
            let mut limited = as_completed([child]).timeout(ms(1));
            assert!(limited.next().await.unwrap().is_err());
            for task in limited.rest() {
                task.cancel();
            }
        }
    });
    assert!(child.is_cancelled());
}

/// AC-11
#[test]
fn its_time_begins_with_the_call() {
    let world = World::new();
    world.main(async {
        let tasks = [spawn(after(4, "in time")), spawn(after(12, "late"))];
        let mut limited = as_completed(tasks).timeout(ms(10));
        sleep(ms(20)).await;
        assert_eq!(limited.next().await.unwrap().unwrap().await, Ok("in time"));
        assert!(
            limited.next().await.unwrap().is_err(),
            "it ended, but after the time was up"
        );
        assert!(limited.next().await.is_none());
    });
}

/// AC-12
#[test]
fn with_no_time_what_has_ended_is_given_and_the_others_are_late() {
    let world = World::new();
    let steps = world.main(async {
        let ended = Fallible::new();
        ended.set_result(1).unwrap();
        let limited = as_completed([Fallible::new(), ended]).timeout(ms(0));
        limited.map(|step| step.is_ok()).collect::<Vec<_>>().await
    });
    assert_eq!(steps, [true, false]);
}

/// AC-13
#[test]
fn the_timer_goes_when_all_have_ended() {
    let world = World::new();
    world.main(async {
        let tasks = [1, 2].map(|time| spawn(after(time, ())));
        let limited = as_completed(tasks).timeout(ms(1_000));
        sleep(ms(2)).await;
        yield_now().await;
        let timers = tulipa_timers::Timers::current().unwrap();
        assert_eq!(timers.count(), 0, "also before they are given");
        assert_eq!(limited.count().await, 2);
    });
    assert_eq!(world.now(), 2);
}

#[test]
fn the_timer_goes_with_the_last_that_could_be_told() {
    let world = World::new();
    world.main(async {
        let mut limited = as_completed([Fallible::new(), Fallible::new()]).timeout(ms(1_000));
        let mut awaitables = limited.awaitables().collect::<Vec<_>>();
        drop(limited);
        let timers = tulipa_timers::Timers::current().unwrap();
        awaitables.pop();
        assert_eq!(timers.count(), 1);
        awaitables.pop();
        assert_eq!(timers.count(), 0);
    });
}

/// AC-14
#[test]
fn it_goes_on_where_it_stopped() {
    let world = World::new();
    world.main(async {
        let mut stream = as_completed([1, 2, 3, 4].map(|time| spawn(after(time, time))));
        assert_eq!(stream.next().await.unwrap().await, Ok(1));
        for next in stream.awaitables().take(2) {
            next.await.unwrap();
        }
        assert_eq!(values(stream).await, [4]);
    });
}

/// AC-16
#[test]
fn the_first_that_is_awaited_has_the_first_result() {
    let world = World::new();
    world.main(async {
        let mut all = as_completed([2, 1].map(|time| spawn(after(time, time))));
        let [one, other] = all.awaitables().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(other.await, Ok(1));
        assert_eq!(one.await, Ok(2));
    });
}

/// AC-17
#[test]
fn awaited_at_once_each_result_is_given_once() {
    let world = World::new();
    let mut results = world.main(async {
        let mut all = as_completed((0..100_u64).map(|n| spawn(after(n * 7 % 10, n))));
        let awaiting: Vec<_> = all.awaitables().map(spawn).collect();
        let results = join_all(awaiting).await;
        results
            .into_iter()
            .map(|result| result.unwrap().unwrap())
            .collect::<Vec<_>>()
    });
    results.sort_unstable();
    assert!(results.into_iter().eq(0..100));
}

/// AC-18
#[test]
fn a_child_that_somebody_cancels_is_an_item_as_any() {
    let world = World::new();
    let children = [Fallible::new(), Fallible::new()];
    let main = spawn({
        let mut both = as_completed(children.clone());
        async move {
            let given = both.next().await.unwrap();
            let outcome = both.awaitables().next().unwrap().await;
            (
                given.is_cancelled(),
                outcome.unwrap_err().is_cancelled(),
                cancelling(),
            )
        }
    });
    world.run();
    for child in &children {
        child.cancel();
    }
    world.run();
    assert_eq!(ended(main), (true, true, 0));
}

/// AC-19
#[test]
fn an_awaitable_that_is_cancelled_was_one_of_the_supply() {
    let world = World::new();
    let children = [Fallible::new(), Fallible::new()];
    let mut both = as_completed(children.clone());
    let [one, other] = both.awaitables().collect::<Vec<_>>().try_into().unwrap();
    let [cancelled, waiting] = [one, other].map(spawn);
    world.run();
    cancelled.cancel();
    world.run();
    assert!(cancelled.is_cancelled() && children.iter().all(|child| !child.is_done()));
    children[1].set_result(1).unwrap();
    world.run();
    assert_eq!(ended(waiting), Ok(1));
    assert!(both.awaitables().next().is_none());
}

/// AC-19: what it was given when it was cancelled goes to another.
#[test]
fn an_awaitable_that_is_cancelled_when_it_was_given_a_result_passes_it_on() {
    for waits in [true, false] {
        let world = World::new();
        let children = [Fallible::new(), Fallible::new()];
        let mut both = as_completed(children.clone());
        let [one, other] = both.awaitables().collect::<Vec<_>>().try_into().unwrap();
        let cancelled = spawn(one);
        world.run();
        let waiting = waits.then(|| spawn(other)); // else it is dropped
        world.run();
        children[1].set_result(7).unwrap();
        cancelled.cancel();
        world.run();
        assert!(cancelled.is_cancelled());
        if let Some(waiting) = waiting {
            assert_eq!(ended(waiting), Ok(7));
        }
    }
}

/// AC-20
#[test]
fn both_styles_share_one_supply() {
    let world = World::new();
    world.main(async {
        let mut all = as_completed([1, 2, 3].map(|time| spawn(after(time, time))));
        let awaitable = all.awaitables().next().unwrap();
        assert_eq!(all.next().await.unwrap().await, Ok(1));
        assert_eq!(awaitable.await, Ok(2));
        assert_eq!(all.next().await.unwrap().await, Ok(3));
        assert!(all.next().await.is_none());
        assert!(all.awaitables().next().is_none());
    });
}

/// AC-20: a stream that was Pending does not keep what an awaitable waits for.
#[test]
fn a_stream_that_is_given_up_leaves_the_line() {
    let world = World::new();
    let child = Fallible::new();
    let main = spawn({
        let mut all = as_completed([child.clone()]);
        async move {
            assert!(futures::poll!(all.next()).is_pending());
            all.awaitables().next().unwrap().await
        }
    });
    world.run();
    child.set_result(7).unwrap();
    world.run();
    assert_eq!(ended(main), Ok(7));
}

/// AC-23
#[test]
fn any_iterator_will_do() {
    let world = World::new();
    let count = world.main(async {
        let tasks: Vec<_> = (0..4).map(|n| spawn(async move { n })).collect();
        as_completed(tasks.iter().filter(|task| !task.is_cancelled()))
            .count()
            .await
    });
    assert_eq!(count, 4);
}

/// Rule 2: `as_completed` leaves a request alone.
#[test]
fn a_request_is_not_passed_on() {
    let world = World::new();
    let child = Fallible::new();
    let main = spawn({
        let child = child.clone();
        async move { as_completed([child]).next().await.is_some() }
    });
    world.run();
    main.cancel();
    world.run();
    assert!(main.is_cancelled() && !child.is_done());
}

/// TC-07
#[test]
fn a_request_wins_over_a_task_that_has_ended_and_that_is_not_lost() {
    let world = World::new();
    let child = Fallible::new();
    let main = spawn({
        let child = child.clone();
        async move {
            let mut stream = pin!(as_completed([child]));
            let cancelled = cancel::catch(stream.next()).await.is_err();
            (cancelled, stream.next().await.unwrap().await)
        }
    });
    world.run();
    child.set_result(7).unwrap();
    main.cancel();
    world.run();
    assert_eq!(ended(main), (true, Ok(7)));
}

#[test]
fn a_task_that_is_one_of_its_own_panics() {
    let world = World::new();
    let task = spawn(async {
        drop(as_completed([current_task().unwrap()]));
    });
    world.run();
    assert_eq!(task.state(), TaskState::Panicked);
}

#[test]
fn its_size_is_known() {
    let world = World::new();
    world.main(async {
        let mut stream = as_completed([1, 2].map(|time| spawn(after(time, time))));
        assert_eq!(stream.size_hint(), (2, Some(2)));
        stream.next().await.unwrap().await.unwrap();
        assert_eq!(stream.size_hint(), (1, Some(1)));
        assert_eq!(stream.rest().len(), 1);
    });
}
