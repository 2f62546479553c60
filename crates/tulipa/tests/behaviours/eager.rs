//! EG: tasks whose first step is taken where they are spawned.

use crate::support::{Log, secs, settle};
use futures::future::BoxFuture;
use futures::{FutureExt, poll};
use std::task::Poll;
use std::time::Duration;
use tulipa::task::Builder;
use tulipa::{
    Task, TaskError, TaskGroup, WaitForError, gather, shield, sleep, spawn, wait_for, yield_now,
};

fn eager<F>(future: F) -> Task<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    Builder::new().eager(true).spawn(future)
}

/// EG-01, EG-19: there is no switch for all tasks of a runtime; each spawn says, and what says nothing begins in its turn.
#[tulipa::test]
async fn only_what_asks_for_it_begins_inside_its_spawn() {
    assert!(eager(async {}).is_done());
    assert!(!Builder::new().eager(false).spawn(async {}).is_done());
    assert!(!spawn(async {}).is_done());
    assert!(!Builder::new().spawn(async {}).is_done());
}

/// EG-15
#[tulipa::test]
async fn what_waits_for_tasks_that_are_done_is_ready_at_once() {
    let all = gather([1, 2].map(|n| eager(async move { n })));
    assert_eq!(poll!(all), Poll::Ready(Ok(vec![1, 2])));
    let fails = |n| {
        Builder::new()
            .eager(true)
            .try_spawn(async move { Err::<(), _>(n) })
    };
    assert_eq!(
        poll!(gather([1, 2].map(fails))),
        Poll::Ready(Err(TaskError::Failed(1)))
    );
    assert_eq!(poll!(shield(eager(async { 3 }))), Poll::Ready(Ok(3)));
}

/// EG-16
#[tulipa::test]
async fn a_limit_of_nothing_finds_an_eager_body_begun() {
    let log = Log::new();
    let at_once = eager({
        let log = log.clone();
        async move { log.say("at once") }
    });
    assert_eq!(wait_for(at_once, Duration::ZERO).await, Ok(()));
    let later = eager({
        let log = log.clone();
        async move {
            log.say("begins");
            sleep(secs(1)).await;
            log.say("ends");
        }
    });
    assert_eq!(
        wait_for(later, Duration::ZERO).await,
        Err(WaitForError::Elapsed)
    );
    settle().await;
    assert_eq!(log.take(), ["at once", "begins"]);
}

const WIDTH: usize = 5;
const DEPTH: usize = 4;
const TASKS: usize = WIDTH + WIDTH.pow(2) + WIDTH.pow(3) + WIDTH.pow(4);

/// How many tasks of a tree of gathers were done when they were spawned.
fn tree_of_gathers(depth: usize) -> BoxFuture<'static, usize> {
    async move {
        if depth == 0 {
            return 0;
        }
        let children: Vec<_> = (0..WIDTH)
            .map(|_| eager(tree_of_gathers(depth - 1)))
            .collect();
        let done = children.iter().filter(|child| child.is_done()).count();
        done + gather(children).await.unwrap().iter().sum::<usize>()
    }
    .boxed()
}

/// The same of a tree of groups.
fn tree_of_groups(depth: usize) -> BoxFuture<'static, usize> {
    async move {
        if depth == 0 {
            return 0;
        }
        let tree = TaskGroup::scope(async |group| {
            let child = |_| group.builder().eager(true).spawn(tree_of_groups(depth - 1));
            let children: Vec<_> = (0..WIDTH).map(child).collect();
            let done = children.iter().filter(|child| child.is_done()).count();
            done + gather(children).await.unwrap().iter().sum::<usize>()
        });
        tree.await.unwrap()
    }
    .boxed()
}

/// EG-17
#[tulipa::test]
async fn trees_whose_leaves_never_suspend_are_done_where_they_are_spawned() {
    assert_eq!(poll!(tree_of_gathers(DEPTH)), Poll::Ready(TASKS));
    assert_eq!(poll!(tree_of_groups(DEPTH)), Poll::Ready(TASKS));
    yield_now().await;
}
