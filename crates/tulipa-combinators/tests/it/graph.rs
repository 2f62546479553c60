//! Who waits for whom, as far as the combinators have a part in it.

use crate::support::{World, ms};
use std::future::pending;
use tulipa_combinators::{ReturnWhen, TaskGroup, as_completed, gather, shield, timeout, wait};
use tulipa_task::{Awaitable, Deferred, Task, TaskRef, spawn, yield_now};

type Child = Deferred<()>;

fn is_awaited_by<T>(child: &impl Awaitable, task: &Task<T>) -> bool {
    child.task_ref().awaited_by() == [task.task_ref().clone()]
}

/// CG-04
#[test]
fn children_of_a_group_are_awaited_by_its_task_from_the_beginning() {
    let world = World::new();
    let (send, receive) = std::sync::mpsc::channel();
    let main = spawn(TaskGroup::scope(async move |group| {
        send.send(group.spawn(pending::<()>())).unwrap();
        pending::<()>().await;
    }));
    world.run();
    assert!(is_awaited_by(&receive.recv().unwrap(), &main));
}

/// CG-05
#[test]
fn each_awaiter_is_known() {
    let world = World::new();
    let child = Child::new();
    let tasks: [TaskRef; 3] = [
        spawn(gather([child.clone()])).task_ref().clone(),
        spawn(shield(child.clone())).task_ref().clone(),
        spawn(wait([child.clone()])).task_ref().clone(),
    ];
    world.run();
    let mut known = child.awaited_by();
    known.sort_by_key(|task| task.id());
    assert_eq!(known, tasks);
}

/// CG-06, CG-11
#[test]
fn gathered_tasks_are_awaited_by_the_task_that_gathers() {
    let world = World::new();
    let child = Child::new();
    let made_here = gather([child.clone(), Child::new()]);
    let main = spawn(made_here);
    world.run();
    assert!(is_awaited_by(&child, &main), "not by who called `gather`");
    child.set_result(()).unwrap();
    assert_eq!(child.awaited_by(), []);
}

/// CG-07
#[test]
fn a_shielded_task_is_awaited_by_the_task_that_shields_it() {
    let world = World::new();
    let child = Child::new();
    let main = spawn(shield(child.clone()));
    world.run();
    assert!(is_awaited_by(&child, &main));
}

/// CG-08, CG-11: and not any more when the wait is over.
#[test]
fn tasks_in_a_wait_are_awaited_by_the_task_that_waits() {
    let world = World::new();
    let child = Child::new();
    let main = spawn({
        let waiting = wait([child.clone()]).timeout(ms(5));
        async {
            waiting.await;
            yield_now().await;
            pending::<()>().await;
        }
    });
    world.run();
    assert!(is_awaited_by(&child, &main));
    world.pass(5);
    assert_eq!(child.awaited_by(), []);
}

/// CG-09
#[test]
fn a_timeout_adds_nothing() {
    let world = World::new();
    let child = Child::new();
    let main = spawn(timeout(ms(5), child.clone()));
    world.run();
    assert!(is_awaited_by(&child, &main));
}

/// CG-12
#[test]
fn as_completed_and_what_is_made_outside_of_a_task_have_no_edges() {
    let _world = World::new();
    let child = Child::new();
    let stream = as_completed([child.clone()]);
    let all = gather([child.clone()]);
    let waiting = wait([child.clone()]).return_when(ReturnWhen::FirstCompleted);
    assert_eq!(child.awaited_by(), []);
    drop((stream, all, waiting));
}
