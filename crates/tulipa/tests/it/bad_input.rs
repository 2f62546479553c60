//! Bad input gets an error or a panic that says what to do, and nothing hangs: durations beyond all measure, outcomes set
//! twice, tasks in a circle, and all that can be done with what is left of a runtime that has gone.
//!
//! What belongs to one combinator is tested there: an empty `wait`, a task given twice, a group after its end.

use crate::bad_use::{assert_names, panic_of};
use crate::time::on_each;
use futures::StreamExt as _;
use std::future::{pending, ready};
use std::sync::mpsc;
use std::time::Duration;
use tulipa::{
    Builder, Deferred, Flavour, Handle, ReturnWhen, RunError, Runtime, Task, TaskError,
    TaskExt as _, as_completed, cancel, gather, interval, sleep, spawn, task, time, timeout,
    timeout_at, to_thread, wait, wait_for, wrap_thread, yield_now,
};

const AGES: Duration = Duration::MAX;

#[test]
fn a_limit_of_all_time_is_none() {
    on_each(async || {
        let nap = || sleep(Duration::from_secs(365 * 24 * 3600));
        assert_eq!(timeout(AGES, nap()).await, Ok(()));
        assert_eq!(timeout_at(time::now() + AGES, nap()).await, Ok(()));
        assert_eq!(wait_for(spawn(nap()), AGES).await, Ok(()));
        let (done, left) = wait([spawn(nap())]).timeout(AGES).await;
        assert_eq!((done.len(), left.len()), (1, 0));
        let mut ends = as_completed([spawn(nap())]).timeout(AGES);
        assert!(matches!(ends.next().await, Some(Ok(_))));
        let ending = spawn(cancel::finally(pending::<()>(), nap()));
        drop(ending.cancel_within(AGES).await);
        interval(AGES).tick().await;
    });
}

#[test]
fn no_time_at_all_is_a_turn_for_others_and_never_a_wait() {
    on_each(async || {
        let began = time::now();
        sleep(Duration::ZERO).await;
        assert!(timeout(Duration::ZERO, pending::<()>()).await.is_err());
        assert_eq!(
            timeout(Duration::ZERO, ready(1)).await,
            Ok(1),
            "it did not wait"
        );
        assert!(
            wait_for(spawn(pending::<()>()), Duration::ZERO)
                .await
                .is_err()
        );
        let waiting = [spawn(pending::<()>())];
        let (done, left) = wait(waiting).timeout(Duration::ZERO).await;
        assert_eq!((done.len(), left.len()), (0, 1));
        let mut ends = as_completed(left).timeout(Duration::ZERO);
        assert!(matches!(ends.next().await, Some(Err(_))));
        assert_eq!(time::now(), began);
        assert_names(
            &panic_of(|| interval(Duration::ZERO)),
            &["a period of zero", "yield_now"],
        );
    });
}

#[test]
fn settings_of_all_time_are_taken() {
    let builder = Builder::new()
        .workers(2)
        .grace(AGES)
        .join_limit(AGES)
        .blocking_keep_alive(AGES);
    let ended = builder.run(async {
        spawn(pending::<()>()).detach();
        to_thread(|| 7).await
    });
    assert_eq!(ended.unwrap(), Ok(7));
}

/// F-05
#[test]
fn an_outcome_that_is_set_twice_comes_back_and_the_first_stands() {
    let deferred = Deferred::<_, &str>::new();
    deferred.set_result(1).unwrap();
    assert_eq!(deferred.set_result(2).unwrap_err().0, 2);
    assert_eq!(deferred.set_error("no").unwrap_err().0, "no");
    assert!(!deferred.cancel());
    let error = deferred.set_result(3).unwrap_err().to_string();
    assert_names(&error, &["ended already", "is_done()"]);
    assert_eq!(deferred.result(), Ok(Ok(&1)));
}

/// Who waits for whom, with the names, where somebody can find out: the deterministic flavour.
#[test]
fn tasks_in_a_circle_are_named() {
    // In virtual time, a circle that could not be cancelled would have the grace last for ever.
    let simulated = Builder::new()
        .flavour(Flavour::Deterministic)
        .workers(2)
        .virtual_time(true);
    let ended = simulated.run(async {
        let ring: Vec<_> = (0..3)
            .map(|_| Deferred::<task::SharedTask<()>>::new())
            .collect();
        let names = ["hen", "egg", "nest"];
        for (place, name) in names.into_iter().enumerate() {
            let next = ring[(place + 1) % names.len()].clone();
            let task = task::Builder::new().name(name).spawn(async move {
                let next = next.await.expect("it is set");
                next.await.expect("it never ends");
            });
            ring[place].set_result(task.shared()).expect("it is new");
        }
        ring[0].clone().await.unwrap().await.unwrap();
    });
    let Err(RunError::Refused(error)) = ended else {
        panic!("{ended:?}")
    };
    let text = error.to_string();
    for (one, next) in [
        ("main", "hen"),
        ("hen", "egg"),
        ("egg", "nest"),
        ("nest", "hen"),
    ] {
        let line = text
            .lines()
            .find(|line| line.contains(&format!("`{one}`, spawned")));
        assert!(
            line.is_some_and(|line| line.ends_with(&format!("`{next}`"))),
            "{text}"
        );
    }
}

/// Every combinator that takes tasks, given the task that calls it.
#[test]
fn a_task_that_waits_for_itself_is_named_whatever_it_calls() {
    type Shared = task::SharedTask<()>;
    type Call = fn(Shared) -> futures::future::BoxFuture<'static, ()>;
    let calls: [(&str, Call); 7] = [
        ("gather", |own| {
            Box::pin(async { drop(gather([own]).await) })
        }),
        ("wait", |own| Box::pin(async { drop(wait([own]).await) })),
        ("wait, first", |own| {
            Box::pin(async { drop(wait([own]).return_when(ReturnWhen::FirstCompleted).await) })
        }),
        ("as_completed", |own| {
            Box::pin(async { drop(as_completed([own]).next().await) })
        }),
        ("shield", |own| {
            Box::pin(async { drop(tulipa::shield(own).await) })
        }),
        ("wait_for", |own| {
            Box::pin(async { drop(wait_for(own, AGES).await) })
        }),
        ("cancel_within", |own| {
            Box::pin(async { drop(own.cancel_within(AGES).await) })
        }),
    ];
    for (what, call) in calls {
        let ended = tulipa::run(async move {
            let own = Deferred::<Shared>::new();
            let task = task::Builder::new().name("narcissus").spawn({
                let own = own.clone();
                async move { call(own.await.expect("it is set")).await }
            });
            let task = task.shared();
            own.set_result(task.clone()).unwrap();
            task.await
        });
        let Err(TaskError::Panicked(panic)) = ended.unwrap() else {
            panic!("{what} is misused")
        };
        let message = panic.message().unwrap();
        assert!(message.contains("`narcissus`"), "{what}: {message}");
    }
}

/// What is left of a runtime that has gone.
struct Left {
    handle: Handle,
    task: Task<()>,
}

fn gone() -> Left {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let handle = runtime.handle().clone();
    let task = handle.spawn(pending());
    drop(runtime);
    Left { handle, task }
}

/// RT-10
#[test]
fn a_handle_of_a_runtime_that_has_gone_says_so() {
    let Left { handle, .. } = gone();
    assert!(handle.is_closed());
    assert_names(
        &panic_of(|| handle.spawn(async {})),
        &["spawn", "shut down"],
    );
    assert_names(
        &panic_of(|| handle.try_spawn(async { Ok::<(), ()>(()) })),
        &["shut down"],
    );
    assert_names(
        &panic_of(|| task::Builder::new().on(handle.scheduler()).spawn(async {})),
        &["shut down"],
    );
    assert_names(
        &panic_of(|| drop(handle.spawn_blocking(|| ()))),
        &["shut down"],
    );
    assert!(handle.try_spawn_blocking(|| ()).unwrap_err().is_closed());
    assert!(handle.scheduler().registry().is_empty());
    let _still_counted = handle.stats().polls();
}

#[test]
fn a_task_of_a_runtime_that_has_gone_has_ended() {
    let Left { task, .. } = gone();
    assert!(task.is_cancelled());
    assert!(!task.cancel() && !task.abort());
    assert!(task.result_blocking().unwrap_err().is_cancelled());

    let Left { task, .. } = gone();
    let (told, hear) = mpsc::channel();
    let ended = tulipa::run(async move {
        task.add_done_callback(move |task| told.send(task.is_cancelled()).unwrap());
        yield_now().await;
        task.await
    });
    assert!(ended.unwrap().unwrap_err().is_cancelled());
    assert_eq!(hear.recv(), Ok(true), "callbacks run where they were added");
}

#[test]
fn a_callback_that_nobody_can_run_is_dropped() {
    let Left { task, .. } = gone();
    let (told, hear) = mpsc::channel::<()>();
    task.add_done_callback(move |_| told.send(()).unwrap());
    assert!(hear.recv().is_err(), "it was dropped, with what it holds");
}

#[test]
fn what_waits_for_a_thread_of_a_runtime_that_has_gone_is_cancelled() {
    let runtime = Runtime::builder()
        .workers(1)
        .blocking_threads(1)
        .build()
        .unwrap();
    let (begun, began) = mpsc::channel();
    let (finish, finished) = mpsc::channel::<()>();
    let handle = runtime.handle().clone();
    let running = handle.spawn_blocking(move || {
        begun.send(()).unwrap();
        finished.recv().unwrap();
        7
    });
    let queued = handle.spawn_blocking(|| unreachable!("the pool has been closed"));
    began.recv().unwrap();
    let closing = std::thread::spawn(move || drop(runtime));
    finish.send(()).unwrap();
    closing.join().unwrap();
    let ends = tulipa::run(async { (running.await, queued.await) }).unwrap();
    assert_eq!(ends.0, Ok(7), "it was waited for");
    let _: Result<(), TaskError> = ends.1;
}

#[test]
fn a_sleep_of_a_runtime_that_has_gone_says_so() {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    let [early, late] = [1, 2].map(|_| runtime.timers().sleep(Duration::from_secs(1)));
    let other = Runtime::builder().workers(2).build().unwrap();
    let waiting = other.handle().spawn(early);
    drop(runtime);
    let late = other.handle().spawn(late);
    for nap in [waiting, late] {
        let Err(TaskError::Panicked(panic)) = nap.result_blocking() else {
            panic!("nobody is left to wake it")
        };
        assert_names(panic.message().unwrap(), &["sleep", "has ended"]);
    }
}

#[test]
fn a_deferred_outlives_runtimes() {
    let (promise, answer) = wrap_thread();
    let deferred = Deferred::<u8>::new();
    let setting = deferred.clone();
    tulipa::run(async move { setting.set_result(7).unwrap() }).unwrap();
    promise.set_result(8).unwrap();
    let both = tulipa::run(async { (deferred.await, answer.await) });
    assert_eq!(both.unwrap(), (Ok(7), Ok(8)));
}
