//! Tasks that end on several threads at once, while others wait for them. What is asked is that nobody waits for ever,
//! that nothing is given twice, and that counts are right; who is first is up to the machine.

use futures::StreamExt;
use futures::executor::block_on;
use futures::future::join_all;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use tulipa_combinators::{ReturnWhen, TaskGroup, as_completed, gather, shield, wait};
use tulipa_task::doctest::Queue;
use tulipa_task::{Builder, Deferred, Scheduler, TaskError, all_tasks, spawn};

type Fallible = Deferred<usize, usize>;

const ROUNDS: usize = 200;
const CHILDREN: usize = 64;
const THREADS: usize = 4;

fn children() -> Vec<Fallible> {
    (0..CHILDREN).map(|_| Fallible::new()).collect()
}

/// Ends the children on several threads, all at once, while `waits` runs on this one.
fn while_ending<T>(
    children: &[Fallible],
    end: impl Fn(usize, &Fallible) + Sync,
    waits: impl FnOnce() -> T,
) -> T {
    let start = Barrier::new(THREADS + 1);
    let (start, end) = (&start, &end);
    thread::scope(|scope| {
        for first in 0..THREADS {
            scope.spawn(move || {
                start.wait();
                for (key, child) in children.iter().enumerate().skip(first).step_by(THREADS) {
                    end(key, child);
                }
            });
        }
        start.wait();
        waits()
    })
}

fn succeed(key: usize, child: &Fallible) {
    child.set_result(key).unwrap();
}

fn fail_at_times(key: usize, child: &Fallible) {
    match key % 8 {
        5 => child.set_error(key).unwrap(),
        _ => child.set_result(key).unwrap(),
    }
}

#[test]
fn gather_has_every_value() {
    for _ in 0..ROUNDS {
        let children = children();
        let all = gather(children.clone());
        let values = while_ending(&children, succeed, || block_on(all));
        assert!(values.unwrap().into_iter().eq(0..CHILDREN));
    }
}

#[test]
fn gather_has_the_first_failure_and_no_other() {
    for _ in 0..ROUNDS {
        let children = children();
        let all = gather(children.clone());
        let error = while_ending(&children, fail_at_times, || block_on(all)).unwrap_err();
        assert!(matches!(error, TaskError::Failed(key) if key % 8 == 5));
    }
}

#[test]
fn gather_returns_every_exception() {
    for _ in 0..ROUNDS {
        let children = children();
        let all = gather(children.clone()).return_exceptions();
        let outcomes = while_ending(&children, fail_at_times, || block_on(all));
        assert_eq!(
            outcomes.iter().filter(|outcome| outcome.is_err()).count(),
            CHILDREN / 8
        );
    }
}

#[test]
fn gather_is_made_while_the_children_end() {
    for _ in 0..ROUNDS {
        let children = children();
        let values = while_ending(&children, succeed, || block_on(gather(children.clone())));
        assert!(values.unwrap().into_iter().eq(0..CHILDREN));
    }
}

#[test]
fn wait_wakes_up_and_leaves_no_one_behind() {
    for round in 0..ROUNDS {
        let children = children();
        let return_when = match round % 3 {
            0 => ReturnWhen::AllCompleted,
            1 => ReturnWhen::FirstCompleted,
            _ => ReturnWhen::FirstException,
        };
        while_ending(&children, fail_at_times, || {
            block_on(async {
                let mut waiting = children.clone();
                while !waiting.is_empty() {
                    let before = waiting.len();
                    let (done, pending) = wait(waiting).return_when(return_when).await;
                    assert!(!done.is_empty() && done.iter().all(|child| child.is_done()));
                    done.iter().for_each(|child| child.mark_read());
                    assert_eq!(done.len() + pending.len(), before);
                    waiting = pending;
                }
            });
        });
    }
}

#[test]
fn as_completed_gives_each_task_once() {
    for _ in 0..ROUNDS {
        let children = children();
        let stream = as_completed(children.clone());
        let mut keys = while_ending(&children, succeed, || {
            block_on(
                stream
                    .then(|child| async { child.await.unwrap() })
                    .collect::<Vec<_>>(),
            )
        });
        keys.sort_unstable();
        assert!(keys.into_iter().eq(0..CHILDREN));
    }
}

#[test]
fn awaitables_on_several_threads_have_each_result_once() {
    for _ in 0..ROUNDS {
        let children = children();
        let mut all = as_completed(children.clone());
        let mut awaitables = all.awaitables().collect::<Vec<_>>();
        let shares: Vec<Vec<_>> = (0..THREADS)
            .map(|_| awaitables.split_off(awaitables.len() - CHILDREN / THREADS))
            .collect();
        let mut keys = while_ending(&children, succeed, || {
            thread::scope(|scope| {
                let shares = shares
                    .into_iter()
                    .map(|share| scope.spawn(|| block_on(join_all(share))));
                let shares: Vec<_> = shares.collect();
                let results = shares.into_iter().flat_map(|share| share.join().unwrap());
                results.map(Result::unwrap).collect::<Vec<_>>()
            })
        });
        keys.sort_unstable();
        assert!(keys.into_iter().eq(0..CHILDREN));
    }
}

#[test]
fn awaitables_that_are_dropped_pass_on_what_they_were_given() {
    for _ in 0..ROUNDS {
        let children = children();
        let mut all = as_completed(children.clone());
        let (mut given_up, kept): (Vec<_>, Vec<_>) = all
            .awaitables()
            .enumerate()
            .partition(|(key, _)| key % 2 == 0);
        for (_, next) in &mut given_up {
            assert!(block_on(async { futures::poll!(next) }).is_pending());
        }
        let kept = kept.into_iter().map(|(_, next)| next);
        let results = while_ending(&children, succeed, || {
            thread::scope(|scope| {
                scope.spawn(|| drop(given_up));
                block_on(join_all(kept))
            })
        });
        assert_eq!(results.len(), CHILDREN / 2);
    }
}

#[test]
fn shields_wake_up() {
    for _ in 0..ROUNDS {
        let children = children();
        let shields = join_all(children.clone().into_iter().map(shield));
        let values = while_ending(&children, succeed, || block_on(shields));
        assert_eq!(values.len(), CHILDREN);
    }
}

/// Runs the queue on several threads until `over`.
fn run_on_threads(queue: &Arc<Queue>, over: impl Fn() -> bool + Sync) {
    let (queue, over) = (queue, &over);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(move || {
                while !over() {
                    if !queue.step() {
                        thread::yield_now();
                    }
                }
            });
        }
    });
}

#[test]
fn a_group_waits_for_children_that_run_anywhere() {
    for round in 0..ROUNDS {
        let queue = Queue::new();
        let scheduler = Scheduler::new(queue.clone());
        let ended = Arc::new(AtomicUsize::new(0));
        let main = Builder::new().on(&scheduler).spawn({
            let ended = ended.clone();
            TaskGroup::scope(async move |group: TaskGroup| {
                for _ in 0..CHILDREN {
                    let (ended, adds) = (ended.clone(), group.clone());
                    group.spawn(async move {
                        let counts = ended.clone();
                        adds.spawn(async move { counts.fetch_add(1, Ordering::Relaxed) });
                        ended.fetch_add(1, Ordering::Relaxed);
                    });
                }
            })
        });
        run_on_threads(&queue, || main.is_done());
        assert!(main.result().unwrap().unwrap().is_ok(), "round {round}");
        // Relaxed, here and above: the end of the task orders what its children did.
        assert_eq!(ended.load(Ordering::Relaxed), 2 * CHILDREN);
    }
}

#[test]
fn a_group_whose_children_fail_anywhere_ends_with_their_errors() {
    for _ in 0..ROUNDS {
        let queue = Queue::new();
        let scheduler = Scheduler::new(queue.clone());
        let main = Builder::new().on(&scheduler).spawn(TaskGroup::try_scope(
            async move |group: TaskGroup<usize>| {
                for key in 0..CHILDREN {
                    let child = group
                        .try_spawn(async move { if key % 8 == 5 { Err(key) } else { Ok(key) } });
                    if key == 5 {
                        // If it has to wait, it is cancelled; the child may also have ended before.
                        assert_eq!(child.await, Err(TaskError::Failed(Arc::new(5))));
                    }
                }
                Ok(())
            },
        ));
        run_on_threads(&queue, || main.is_done());
        let error = main.result().unwrap().unwrap().as_ref().unwrap_err();
        assert!(
            error
                .errors()
                .iter()
                .all(|error| matches!(error, TaskError::Failed(key) if **key % 8 == 5))
        );
        let _entered = scheduler.enter();
        assert!(all_tasks().is_empty());
    }
}

#[test]
fn a_group_that_is_cancelled_from_outside_leaves_nobody_behind() {
    for _ in 0..ROUNDS {
        let queue = Queue::new();
        let scheduler = Scheduler::new(queue.clone());
        let main =
            Builder::new()
                .on(&scheduler)
                .spawn(TaskGroup::scope(async |group: TaskGroup| {
                    for _ in 0..CHILDREN {
                        let adds = group.clone();
                        group.spawn(async move {
                            adds.spawn(std::future::pending::<()>());
                            std::future::pending::<()>().await;
                        });
                    }
                }));
        thread::scope(|scope| {
            scope.spawn(|| run_on_threads(&queue, || main.is_done()));
            main.cancel();
        });
        assert!(main.is_cancelled());
        let _entered = scheduler.enter();
        assert!(all_tasks().is_empty());
    }
}

/// A gather in a task, cancelled while its children end: the request is passed on, or met by the task; it is not lost.
#[test]
fn a_gather_that_is_cancelled_while_children_end_is_cancelled() {
    for _ in 0..ROUNDS {
        let queue = Queue::new();
        let scheduler = Scheduler::new(queue.clone());
        let _entered = scheduler.enter();
        let children = children();
        let all = spawn(gather(children.clone()));
        let accepted = AtomicBool::new(false);
        let end = |key: usize, child: &Fallible| {
            if key == CHILDREN - 2 {
                accepted.store(all.cancel(), Ordering::Relaxed); // read after the threads were joined
            }
            let _unless_cancelled = child.set_result(key);
        };
        while_ending(&children, end, || run_on_threads(&queue, || all.is_done()));
        assert_eq!(all.is_cancelled(), accepted.into_inner());
        assert!(children.iter().all(|child| child.is_done()));
    }
}
