//! Waiting for many: what a child adds, and what the waiting takes.

use crate::count::{HANDFUL, allocations, fewest, of_queues, on_each};
use futures::StreamExt;
use std::future::Future;
use tulipa::{Task, TaskGroup, as_completed, gather, spawn, wait, yield_now};

const MANY: usize = 100 * HANDFUL;

/// How many allocations it takes to wait for so many tasks that were spawned before.
async fn of<F>(n: usize, wait: fn(Vec<Task<()>>) -> F) -> usize
where
    F: Future<Output = ()> + Send,
{
    let tasks = || (0..n).map(|_| spawn(yield_now())).collect();
    fewest(|| allocations(wait(tasks()))).await
}

/// Asserts that it is `few` at most for a handful of tasks, and for a hundred times as many no more than that and what their
/// queues take.
async fn assert_flat<F>(few: usize, wait: fn(Vec<Task<()>>) -> F)
where
    F: Future<Output = ()> + Send,
{
    let count = of(HANDFUL, wait).await;
    assert!(count <= few, "{count} for a handful");
    let (count, most) = (of(MANY, wait).await, few + of_queues(MANY));
    assert!(count <= most, "{count} for {MANY}, and {most} are allowed");
}

/// The observer, its list of children.
#[test]
fn gathering_takes_as_many_allocations_for_any_number_of_tasks() {
    on_each(|| {
        assert_flat(2, |tasks| async {
            gather(tasks).await.unwrap();
        })
    });
}

#[test]
fn waiting_takes_as_many_allocations_for_any_number_of_tasks() {
    on_each(|| {
        assert_flat(6, |tasks| async {
            let (done, pending) = wait(tasks).await;
            assert!(!done.is_empty() && pending.is_empty());
        })
    });
}

#[test]
fn taking_tasks_as_they_end_takes_as_many_allocations_for_any_number() {
    on_each(|| {
        assert_flat(8, |tasks| async {
            let mut ended = as_completed(tasks);
            while let Some(task) = ended.next().await {
                task.await.unwrap();
            }
        })
    });
}

/// The list of children grows by doubling, and so do the queues; their cells may take another chunk.
#[test]
fn a_child_of_a_group_takes_no_allocation_of_its_own() {
    async fn children(n: usize) {
        let scope = TaskGroup::scope(async |group| {
            for _ in 0..n {
                group.spawn(yield_now()).detach();
            }
        });
        scope.await.unwrap();
    }
    on_each(|| async {
        let few = fewest(|| allocations(children(HANDFUL))).await;
        let many = fewest(|| allocations(children(MANY))).await;
        let most = of_queues(MANY) + 10;
        assert!(many - few <= most, "{few} for {HANDFUL}, {many} for {MANY}");
    });
}
