//! A `TaskGroup` used where it cannot be.

use crate::support::{Log, World, after, clean_up, ms};
use std::future::pending;
use tulipa_combinators::{GroupClosed, TaskGroup};
use tulipa_task::{TaskError, TaskState, cancel, spawn, yield_now};

/// TG-07
#[test]
fn a_child_after_the_end_is_a_panic_with_the_remedy_or_an_error() {
    let world = World::new();
    let log = Log::default();
    let says = log.clone();
    let main = spawn(async move {
        let mut kept = None;
        TaskGroup::scope(async |group: TaskGroup| kept = Some(group))
            .await
            .unwrap();
        let group = kept.unwrap();
        assert!(!group.is_open());
        let unstarted = says.on_drop("dropped unstarted");
        let refused = group.builder().spawn_if_open(async move {
            let _unstarted = unstarted;
            unreachable!("it is not started")
        });
        let error = refused.map(|_: tulipa_task::Task<()>| ()).unwrap_err();
        assert!(error.to_string().contains("takes no more children"));
        drop(error);
        let refused = group.builder().try_spawn_if_open(async { Ok(()) });
        assert!(matches!(refused, Err(GroupClosed(_))));
        group.spawn(async {});
    });
    world.run();
    let Ok(Err(TaskError::Panicked(panic))) = main.result() else {
        panic!("{main:?}")
    };
    assert!(
        panic.message().unwrap().contains("whose scope has ended"),
        "{panic:?}"
    );
    assert_eq!(log.take(), ["dropped unstarted"]);
}

/// TG-07: not before the entry either: the group is made when its scope is first polled.
#[test]
fn the_body_is_not_called_before_the_scope_is_awaited() {
    let log = Log::default();
    let says = log.clone();
    drop(TaskGroup::scope(|_group: TaskGroup| {
        says.say("called");
        async {}
    }));
    assert_eq!(log.take(), [""; 0]);
}

/// TG-08
#[test]
fn a_child_of_a_group_that_is_being_cancelled_is_cancelled_before_it_begins() {
    let world = World::new();
    let log = Log::default();
    let says = log.clone();
    let main = spawn(TaskGroup::try_scope(async move |group: TaskGroup<&str>| {
        group.try_spawn(after(5, Err::<(), _>("broken")));
        let _interrupted = cancel::catch(pending::<()>()).await;
        assert!(!group.is_open());
        let unstarted = says.on_drop("dropped unstarted");
        let child = group.spawn(async move {
            let _unstarted = unstarted;
            says.say("began");
        });
        assert_eq!(
            (child.state(), child.name().is_empty()),
            (TaskState::Cancelled, false)
        );
        assert!(group.try_spawn(async { Ok(()) }).is_cancelled());
        assert!(group.builder().spawn_local(async {}).is_cancelled());
        assert!(
            group
                .builder()
                .try_spawn_local(async { Ok(()) })
                .is_cancelled()
        );
        assert!(group.builder().spawn_if_open(async {}).is_err());
        assert!(group.builder().try_spawn_if_open(async { Ok(()) }).is_err());
        Ok(())
    }));
    world.run_out();
    assert!(main.is_done());
    assert_eq!(log.take(), ["dropped unstarted"]);
}

/// TG-08: from a child that cleans up.
#[test]
fn a_child_that_is_cleaning_up_cannot_add_children() {
    let world = World::new();
    let log = Log::default();
    let says = log.clone();
    let main = spawn(TaskGroup::scope(async move |group: TaskGroup| {
        let adds = group.clone();
        group.spawn(cancel::finally(pending::<()>(), async move {
            says.say(format!("{:?}", adds.spawn(async {}).state()));
        }));
    }));
    world.run();
    main.cancel();
    world.run();
    assert!(main.is_cancelled());
    assert_eq!(log.take(), ["Cancelled"]);
}

/// TG-09: a scope is a future, and runs once; each makes a group of its own.
#[test]
fn each_scope_makes_a_group_of_its_own() {
    let world = World::new();
    world.main(async {
        let nested = TaskGroup::scope(async |outer: TaskGroup| {
            let inner = TaskGroup::scope(async |inner: TaskGroup| {
                inner.spawn(async {});
                (inner.tasks().len(), outer.tasks().len())
            });
            inner.await.unwrap()
        });
        assert_eq!(nested.await.unwrap(), (1, 0));
    });
}

/// TG-10
#[test]
fn outside_of_a_task_it_panics() {
    let scope = std::panic::AssertUnwindSafe(TaskGroup::scope(async |_group| {}));
    let polled = std::panic::catch_unwind(|| futures::executor::block_on(scope));
    let message = *polled.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.contains("outside of a task"), "{message}");
}

/// A place that was taken for a child is given back if spawning panics, and the group ends.
#[test]
fn a_spawn_that_panics_does_not_keep_the_group_waiting() {
    let world = World::new();
    let main = spawn(TaskGroup::scope(async |group: TaskGroup| {
        let spawns = std::panic::AssertUnwindSafe(|| {
            let shut_down = Closed::scheduler();
            let builder = tulipa_task::Builder::new().on(&shut_down);
            group.builder().options(builder).spawn(async {});
        });
        assert!(std::panic::catch_unwind(spawns).is_err());
        yield_now().await;
    }));
    world.run();
    assert!(main.is_done());
}

/// An executor that has shut down.
struct Closed(tulipa_task::Registry);

impl Closed {
    fn scheduler() -> tulipa_task::Scheduler {
        tulipa_task::Scheduler::new(std::sync::Arc::new(Self(tulipa_task::Registry::new())))
    }
}

impl tulipa_task::Schedule for Closed {
    fn schedule(&self, runnable: tulipa_task::Runnable, _: tulipa_task::Why) {
        drop(runnable);
    }

    fn registry(&self) -> &tulipa_task::Registry {
        &self.0
    }

    fn is_open(&self) -> bool {
        false
    }
}

/// A child whose executor drops it ends cancelled, and the group with it.
#[test]
fn a_child_that_its_executor_drops_has_ended() {
    let world = World::new();
    let main = spawn(TaskGroup::scope(async |group: TaskGroup| {
        group.spawn(clean_up::<()>(10));
        yield_now().await;
        for task in group.tasks() {
            task.abort();
        }
    }));
    world.run();
    assert!(main.is_done());
    assert_eq!(world.timers.advance(ms(1)), 0);
}
