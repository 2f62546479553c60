//! Whoever was cancelled and is kept from ending, by a mask or a shield, waits as everybody waits: at no cost.

use crate::time::on_each;
use std::future::pending;
use std::time::Duration;
use tulipa::{
    Deferred, Handle, Task, TaskExt as _, TaskGroup, cancel, gather, shield, sleep, spawn, task,
    timeout, wait_for,
};

#[cfg(target_os = "linux")]
#[path = "../support/switches.rs"]
mod switches;
#[cfg(target_os = "linux")]
use switches::switches;

type Gate = Deferred<()>;

/// Tasks that have been asked to end, and will when the gate opens. Each has begun before it was asked.
fn stuck(gate: &Gate) -> Vec<(&'static str, Task<()>)> {
    let masked = || {
        let gate = gate.clone();
        async { cancel::mask(gate).await.expect("it opens") }
    };
    let asked = |task: Task<()>| {
        task.cancel();
        task
    };
    vec![
        ("a masked child", asked(eager(group(masked())))),
        (
            "a shielded child",
            asked(eager(group(shielding(gate.clone())))),
        ),
        ("a child of a child", asked(eager(group(group(masked()))))),
        ("a masked body", asked(eager(masked_body(gate.clone())))),
        (
            "a masked cleanup",
            asked(eager(cancel::finally(pending(), masked()))),
        ),
        ("gathered tasks", asked(eager(gathered(masked(), masked())))),
        ("a group whose time is up", eager(timed(masked()))),
        ("a task whose time is up", eager(limited(masked()))),
        ("a task that has grace", eager(given_grace(masked()))),
    ]
}

fn eager(future: impl Future<Output = ()> + Send + 'static) -> Task<()> {
    task::Builder::new().eager(true).spawn(future)
}

async fn group(child: impl Future<Output = ()> + Send + 'static) {
    let ended = TaskGroup::scope(async |group| drop(group.builder().eager(true).spawn(child)));
    ended.await.expect("no child fails");
}

async fn shielding(gate: Gate) {
    let mut opening = spawn(async move { gate.await.expect("it opens") });
    if cancel::catch(shield(&mut opening)).await.is_err() {
        shield(opening).await.expect("nobody cancels it");
    }
}

async fn masked_body(gate: Gate) {
    let ended = TaskGroup::scope(async |group| {
        group.spawn(pending::<()>()).detach();
        cancel::mask(gate).await.expect("it opens");
    });
    ended.await.expect("no child fails");
}

async fn gathered(
    one: impl Future<Output = ()> + Send + 'static,
    other: impl Future<Output = ()> + Send + 'static,
) {
    let _cancelled = gather([eager(one), eager(other)]).await;
}

async fn timed(child: impl Future<Output = ()> + Send + 'static) {
    let _elapsed = timeout(Duration::from_nanos(1), group(child)).await;
}

async fn limited(child: impl Future<Output = ()> + Send + 'static) {
    let _elapsed = wait_for(eager(child), Duration::ZERO).await;
}

async fn given_grace(child: impl Future<Output = ()> + Send + 'static) {
    let _ending = eager(child).cancel_within(Duration::MAX).await;
}

/// An hour, in which the main task is polled once a minute, and nobody else.
#[test]
fn who_is_kept_from_ending_is_not_polled() {
    on_each(async || {
        let gate = Gate::new();
        let tasks = stuck(&gate);
        sleep(Duration::from_secs(1)).await; // whatever had to happen
        let polls = || Handle::current().expect("this is a task").stats().polls();
        let before = polls();
        for _ in 0..60 {
            sleep(Duration::from_secs(60)).await;
        }
        assert_eq!(polls() - before, 60);
        for (what, task) in &tasks {
            assert!(!task.is_done(), "{what}");
        }
        gate.set_result(()).expect("it was closed");
        for (what, task) in tasks {
            let ended = timeout(Duration::from_secs(1), task).await;
            assert!(ended.is_ok(), "{what}");
        }
    });
}

/// On the system's clock and threads: none of them is given a core while other threads are at work.
#[cfg(target_os = "linux")]
#[test]
fn threads_of_who_is_kept_from_ending_sleep() {
    use std::sync::mpsc;
    use tulipa::{Builder, Runtime};

    let gate = Gate::new();
    let (entered, handle) = mpsc::channel();
    let closed = gate.clone();
    let stuck = std::thread::Builder::new()
        .name("stuck-main".to_owned())
        .spawn(move || {
            let builder = Builder::new().workers(2).thread_name("stuck");
            builder.run(async move {
                let tasks = stuck(&closed);
                entered
                    .send(Handle::current().expect("this is a task"))
                    .expect("it is waited for");
                for (what, task) in tasks {
                    assert!(cancel::catch(task).await.is_ok(), "{what}");
                }
            })
        });
    let stuck = stuck.unwrap();
    let handle = handle.recv().unwrap();

    let busy = Runtime::builder().workers(2).build().unwrap();
    let spent = || (handle.stats().polls(), switches("stuck"));
    let while_others_work = |rounds| {
        let before = spent();
        for _ in 0..rounds {
            busy.handle().spawn(async {}).result_blocking().unwrap();
        }
        let after = spent();
        (after.0 - before.0, after.1 - before.1)
    };
    let came_to_rest = (0..1_000).any(|_| while_others_work(100) == (0, 0));
    assert!(came_to_rest, "it is busy: {:?}", while_others_work(100));
    let (polls, switches) = while_others_work(1_000);
    assert!(
        polls == 0 && switches <= 5,
        "{polls} polls, {switches} context switches"
    );

    gate.set_result(()).unwrap();
    stuck.join().unwrap().unwrap();
}
