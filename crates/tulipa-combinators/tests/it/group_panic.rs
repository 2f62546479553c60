//! `TaskGroup` and panics: of children, of the body, and in destructors.

use crate::support::{World, clean_up, refuse};
use std::future::pending;
use tulipa_combinators::TaskGroup;
use tulipa_task::{Task, TaskError, TaskState, spawn, yield_now};

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("as planned");
    }
}

/// TG-46, TG-47
#[test]
fn a_panic_of_the_body_goes_on_when_the_children_have_ended() {
    let world = World::new();
    let main = spawn(TaskGroup::try_scope(async |group: TaskGroup<&str>| {
        group.try_spawn(refuse(10, Err::<(), _>("lost")));
        yield_now().await;
        panic!("as planned");
        #[expect(unreachable_code, reason = "it says what the body would give")]
        Ok(())
    }));
    world.pass(9);
    assert!(!main.is_done());
    world.pass(1);
    let Ok(Err(TaskError::Panicked(panic))) = main.result() else {
        panic!("{main:?}")
    };
    assert_eq!(panic.message(), Some("as planned"));
}

/// TG-48, TG-49: a panic of a child is a failure as any.
#[test]
fn a_panic_of_a_child_is_a_member_and_the_childs_own() {
    let world = World::new();
    let (send, receive) = std::sync::mpsc::channel();
    let error = world.main(TaskGroup::scope(async move |group| {
        let child: Task<()> = group.spawn(async { panic!("as planned") });
        send.send(child).unwrap();
        pending::<()>().await
    }));
    let error = error.unwrap_err();
    let [TaskError::Panicked(member)] = error.errors() else {
        panic!("{error:?}")
    };
    let child = receive.recv().unwrap();
    let Ok(Err(TaskError::Panicked(own))) = child.result() else {
        panic!("{child:?}")
    };
    assert_eq!((member, member.message()), (own, Some("as planned")));
    assert_eq!(
        error.to_string(),
        "1 error in a task group: panicked: as planned"
    );
    drop(child);
    assert_eq!(world.queue.reports(), [""; 0]);
}

#[test]
fn a_panic_in_the_destructor_of_a_cancelled_child_is_a_member() {
    let world = World::new();
    let error = world.main(TaskGroup::try_scope(async |group: TaskGroup<&str>| {
        let bomb = Bomb;
        group.spawn(async move {
            let _bomb = bomb;
            pending::<()>().await;
        });
        yield_now().await;
        Err::<(), _>("body")
    }));
    let error = error.unwrap_err();
    assert!(
        matches!(
            error.errors(),
            [TaskError::Panicked(_), TaskError::Failed(_)]
        ),
        "{error:?}"
    );
}

#[test]
fn a_panic_in_the_destructor_of_the_cancelled_body_goes_on_when_the_children_have_ended() {
    let world = World::new();
    let main = spawn(TaskGroup::scope(async |group| {
        group.spawn(clean_up::<()>(10));
        let _bomb = Bomb;
        pending::<()>().await;
    }));
    world.run();
    main.cancel();
    world.pass(9);
    assert!(!main.is_done());
    world.pass(1);
    assert_eq!(main.state(), TaskState::Panicked);
}
