//! `TaskGroup`s in each other, and with limits of time.

use crate::support::{Log, World, after, cancelling, clean_up, ended, failures, ms};
use std::future::pending;
use tulipa_combinators::{GroupError, TaskGroup, timeout};
use tulipa_task::{TaskError, spawn};

/// TG-20, TG-41
#[test]
fn a_group_that_fails_in_a_child_or_body_is_one_member() {
    #[derive(Debug)]
    enum Nested {
        Leaf(&'static str),
        Group(GroupError<Nested>),
    }
    async fn inner() -> Result<(), Nested> {
        let scope = TaskGroup::try_scope(async |group: TaskGroup<Nested>| {
            group.try_spawn(async { Err::<(), _>(Nested::Leaf("leaf")) });
            Ok(())
        });
        scope.await.map_err(Nested::Group)
    }
    let world = World::new();
    world.main(async {
        let in_a_child = TaskGroup::try_scope(async |group: TaskGroup<Nested>| {
            group.try_spawn(inner());
            Ok(())
        });
        let in_the_body = TaskGroup::try_scope(async |_group| inner().await);
        for error in [
            in_a_child.await.unwrap_err(),
            in_the_body.await.unwrap_err(),
        ] {
            let [TaskError::Failed(member)] = error.errors() else {
                panic!("{error:?}")
            };
            let Nested::Group(inner) = &**member else {
                panic!("{member:?}")
            };
            let [TaskError::Failed(leaf)] = inner.errors() else {
                panic!("{inner:?}")
            };
            assert!(matches!(**leaf, Nested::Leaf("leaf")));
        }
    });
}

/// TG-41
#[test]
fn an_inner_group_that_fails_and_is_handled_does_not_disturb_the_outer_one() {
    let world = World::new();
    world.main(async {
        let outer = TaskGroup::try_scope(async |outer: TaskGroup<&str>| {
            let sibling = outer.spawn(after(50, 7));
            let inner = TaskGroup::try_scope(async |inner: TaskGroup<&str>| {
                inner.try_spawn(after(5, Err::<(), _>("inner")));
                pending::<Result<(), _>>().await
            });
            assert_eq!(failures(&inner.await.unwrap_err()), ["inner"]);
            assert_eq!(cancelling(), 0);
            Ok(sibling.await.unwrap())
        });
        assert_eq!(outer.await.unwrap(), 7);
    });
}

/// TG-42
#[test]
fn a_failure_in_the_outer_group_passes_through_the_inner_one() {
    let world = World::new();
    let log = Log::default();
    world.main({
        let log = log.clone();
        async move {
            let outer = TaskGroup::try_scope(async |outer: TaskGroup<&str>| {
                outer.try_spawn(after(5, Err::<(), _>("outer")));
                let inner = TaskGroup::try_scope(async |inner: TaskGroup<&str>| {
                    let says = log.on_drop("inner child gone");
                    inner.spawn(async move {
                        let _says = says;
                        pending::<()>().await;
                    });
                    pending::<Result<(), _>>().await
                });
                let _ = inner.await;
                unreachable!("the cancellation goes through")
            });
            let outcome: Result<(), _> = outer.await;
            assert_eq!(failures(&outcome.unwrap_err()), ["outer"]);
            assert_eq!(cancelling(), 0);
        }
    });
    assert_eq!(log.take(), ["inner child gone"]);
}

/// TG-44
#[test]
fn failures_in_both_groups_at_one_moment_both_come_out() {
    let world = World::new();
    let main = spawn(async {
        let mut between = None;
        let outer = TaskGroup::try_scope(async |outer: TaskGroup<&str>| {
            outer.try_spawn(after(5, Err::<(), _>("outer")));
            let inner = TaskGroup::try_scope(async |inner: TaskGroup<&str>| {
                inner.try_spawn(after(5, Err::<(), _>("inner")));
                pending::<Result<(), _>>().await
            });
            let error = inner.await.unwrap_err();
            between = Some((failures(&error), cancelling()));
            Ok(())
        });
        let outer = failures(&outer.await.unwrap_err());
        (between.unwrap(), outer, cancelling())
    });
    world.pass(5);
    assert_eq!(ended(main), ((vec!["inner"], 1), vec!["outer"], 0));
}

/// TG-45
#[test]
fn a_limit_around_inside_and_in_a_child() {
    let world = World::new();
    world.main(async {
        let around = timeout(
            ms(5),
            TaskGroup::scope(async |group| {
                group.spawn(clean_up::<()>(10));
            }),
        );
        assert!(around.await.is_err());
        assert_eq!(
            (cancelling(), tulipa_timers::now().as_nanos()),
            (0, 15_000_000)
        );

        let handled_inside = TaskGroup::scope(async |group| {
            let child = group.spawn(after(10, 7));
            timeout(ms(5), pending::<()>()).await.unwrap_err();
            child.await.unwrap()
        });
        assert_eq!(handled_inside.await.unwrap(), 7);

        let inside = TaskGroup::try_scope(async |_group| timeout(ms(5), pending::<()>()).await);
        assert_eq!(inside.await.unwrap_err().errors().len(), 1);

        let in_a_child = TaskGroup::try_scope(async |group| {
            group.try_spawn(timeout(ms(5), pending::<()>()));
            Ok(())
        });
        assert_eq!(in_a_child.await.unwrap_err().errors().len(), 1);
        assert_eq!(cancelling(), 0);
    });
}
