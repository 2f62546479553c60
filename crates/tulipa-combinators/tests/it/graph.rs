//! Who waits for whom, and what a task is said to wait for, as far as the combinators have a part in it.

use crate::support::{World, ms, refuse};
use futures::StreamExt;
use std::future::pending;
use tulipa_combinators::{
    ReturnWhen, TaskExt as _, TaskGroup, as_completed, gather, shield, timeout, wait,
};
use tulipa_task::{Awaitable, Deferred, Leaf, Task, TaskRef, spawn, yield_now};

type Child = Deferred<()>;

fn is_awaited_by<T>(child: &impl Awaitable, task: &Task<T>) -> bool {
    is_awaited_by_ref(child.task_ref(), task)
}

fn is_awaited_by_ref<T>(child: &TaskRef, task: &Task<T>) -> bool {
    child.awaited_by() == [task.task_ref().clone()]
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

/// What a task waits for in which nothing else waits.
#[track_caller]
fn leaf_of<T>(task: &Task<T>) -> Leaf {
    let waits = task.waits_for().expect("it is suspended");
    assert_eq!(waits.others(), 0, "{waits}");
    waits.leaf()
}

/// CG-06, CG-07, CG-08: and the combinator says for how many it waits, or for whom.
#[test]
fn a_task_in_a_combinator_waits_for_its_tasks() {
    let world = World::new();
    let [one, two, three] = [Child::new(), Child::new(), Child::new()];
    let all = || [one.clone(), two.clone(), three.clone()];
    three.set_result(()).unwrap();
    let gathering = spawn(gather(all()));
    let settling = spawn(gather(all()).return_exceptions());
    let waiting = spawn(wait(all()).timeout(ms(5)));
    let taking = spawn(as_completed(all()).skip(1).into_future());
    let shielding = spawn(shield(one.clone()));
    world.run();
    assert_eq!(leaf_of(&gathering), Leaf::Tasks(2));
    assert_eq!(leaf_of(&settling), Leaf::Tasks(2));
    assert_eq!(leaf_of(&waiting), Leaf::Tasks(2));
    assert_eq!(leaf_of(&taking), Leaf::Tasks(2));
    assert_eq!(leaf_of(&shielding), Leaf::Deferred(one.id()));
    world.pass(5);
    assert!(waiting.is_done());
    one.set_result(()).unwrap();
    world.run();
    assert!(shielding.is_done());
    assert_eq!(
        leaf_of(&gathering),
        Leaf::Tasks(2),
        "it was not polled: nothing was due"
    );
}

/// CG-04
#[test]
fn a_group_waits_for_its_children_when_its_body_is_through() {
    let world = World::new();
    let (body, child) = (Child::new(), Child::new());
    let main = spawn(TaskGroup::scope({
        let (body, child) = (body.clone(), child.clone());
        async move |group| {
            for _ in 0..2 {
                let child = child.clone();
                group.spawn(async { child.await.unwrap() }).detach();
            }
            body.await.unwrap();
        }
    }));
    world.run();
    assert_eq!(
        leaf_of(&main),
        Leaf::Deferred(body.id()),
        "as its body does"
    );
    body.set_result(()).unwrap();
    world.run();
    assert_eq!(leaf_of(&main), Leaf::Group(2));
    child.set_result(()).unwrap();
    world.run();
    assert!(main.is_done());
}

/// CG-09: neither when it arms its timer, nor when it looks at it again.
#[test]
fn the_timer_of_a_timeout_is_not_what_its_task_waits_for() {
    let world = World::new();
    let [first, second] = [Child::new(), Child::new()];
    let main = spawn({
        let [first, second] = [first.clone(), second.clone()];
        timeout(ms(5), async {
            first.await.unwrap();
            second.await.unwrap();
        })
    });
    world.run();
    assert_eq!(leaf_of(&main), Leaf::Deferred(first.id()));
    first.set_result(()).unwrap();
    world.run();
    assert_eq!(leaf_of(&main), Leaf::Deferred(second.id()));
    second.set_result(()).unwrap();
    world.run();
    assert!(main.is_done());
}

#[test]
fn neither_is_the_grace_of_a_cancel_within() {
    let world = World::new();
    let slow = spawn(refuse(9, ()));
    let inner = slow.task_ref().clone();
    let main = spawn(async { slow.cancel_within(ms(5)).await });
    world.run();
    world.run();
    assert_eq!(leaf_of(&main), Leaf::Task(inner.id()));
    assert!(is_awaited_by_ref(&inner, &main));
    world.pass(5);
    assert!(main.is_done());
}
