//! Names, numbers, spawn locations, debug texts.

use crate::support::Bench;
use std::future::pending;
use tulipa_task::{Builder, Deferred, SharedTask, current_task};

/// CT-04
#[test]
fn a_task_has_the_name_it_is_given() {
    let bench = Bench::new();
    for name in ["bulb", ""] {
        let task = Builder::new()
            .name(name)
            .on(&bench.scheduler)
            .spawn(async { current_task().unwrap().name() });
        bench.run();
        assert_eq!(
            (task.name().as_str(), task.result()),
            (name, Ok(Ok(&name.to_owned())))
        );
    }
}

/// CT-05
#[test]
fn a_nameless_task_is_named_after_its_number_which_rises() {
    let bench = Bench::new();
    let tasks: Vec<_> = (0..600).map(|_| bench.spawn(async {})).collect();
    assert!(tasks.windows(2).all(|pair| pair[0].id() < pair[1].id()));
    assert_eq!(tasks[0].name(), format!("Task-{}", tasks[0].id()));
    assert_eq!(
        format!("{:?}", tasks[0].id()),
        format!("TaskId({})", tasks[0].id().get())
    );
    bench.run();
}

#[test]
fn threads_never_share_a_number() {
    let bench = Bench::new();
    let made = |scheduler: tulipa_task::Scheduler| {
        std::thread::spawn(move || {
            (0..700)
                .map(|_| Builder::new().on(&scheduler).spawn(async {}).id())
                .collect::<Vec<_>>()
        })
    };
    let threads = [0; 3].map(|_| made(bench.scheduler.clone()));
    let mut ids: Vec<_> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2100);
    bench.run();
}

/// T-15
#[test]
fn a_task_is_renamed_at_any_time() {
    let bench = Bench::new();
    let task = bench.spawn(async {});
    for name in ["before", "again"] {
        task.set_name(name);
        assert_eq!(task.name(), name);
    }
    bench.run();
    task.set_name(format!("after {}", 1));
    assert_eq!(task.name(), "after 1");
}

#[test]
fn a_task_knows_where_it_was_spawned() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let builder = Builder::new();
    let spawned = (line!(), tulipa_task::spawn(async {}));
    let built = (line!(), builder.spawn(async {}));
    let local = (line!(), tulipa_task::spawn_local(async {}));
    let bloom = (line!(), Deferred::<u8>::new());
    let tasks = [spawned, built, local].map(|(line, task)| (line, task.location()));
    for (line, location) in tasks.into_iter().chain([(bloom.0, bloom.1.location())]) {
        assert!(location.file().ends_with("names.rs"));
        assert_eq!(location.line(), line);
    }
    bench.run();
}

/// T-19
#[test]
fn its_debug_text_says_what_it_waits_for() {
    let bench = Bench::new();
    let bloom = Deferred::<()>::new();
    let waits = bench.spawn(bloom.clone());
    assert!(
        !format!("{waits:?}").contains("waits for"),
        "it has not begun"
    );
    bench.run();
    let expected = format!(", waits for deferred {}, spawned at ", bloom.id());
    assert!(format!("{waits:?}").contains(&expected), "{waits:?}");
    bloom.set_result(()).unwrap();
    bench.run();
    assert!(!format!("{waits:?}").contains("waits for"), "{waits:?}");
}

/// T-19: tasks that wait for each other have a text of one line each.
#[test]
fn the_debug_text_of_a_circle_has_an_end() {
    let bench = Bench::new();
    let other = Deferred::<SharedTask<()>>::new();
    let one = bench.spawn({
        let other = other.clone();
        async move { drop(other.await.unwrap().await) }
    });
    let one = one.shared();
    let two = bench.spawn({
        let one = one.clone();
        async move { drop(one.await) }
    });
    let two = two.shared();
    other.set_result(two.clone()).unwrap();
    bench.run();
    for (task, awaited) in [(&one, &two), (&two, &one)] {
        let expected = format!(", waits for task {}, spawned at ", awaited.id());
        assert!(format!("{task:?}").contains(&expected), "{task:?}");
    }
    one.abort();
    bench.run();
}

#[test]
fn every_handle_has_the_debug_text_of_the_task() {
    let bench = Bench::new();
    let task = bench.spawn(async {});
    let text = format!("{:?}", &*task);
    assert!(text.starts_with("<pending `Task-"), "{text}");
    assert_eq!(format!("{task:?}"), text);
    assert_eq!(format!("{:?}", task.shared()), text);
    bench.run();
}

/// T-18
#[test]
fn its_debug_text_says_how_it_is() {
    let bench = Bench::new();
    let named = |name| Builder::new().name(name).on(&bench.scheduler);
    let text =
        |task: &tulipa_task::TaskRef| format!("{task:?}").split(',').next().unwrap().to_owned();
    let waits = named("waits").spawn(pending::<()>());
    let fails = named("fails").try_spawn(async { Err::<(), _>(0) });
    let panics = named("panics").spawn(async { panic!() });
    let ends = named("ends").spawn(async {});
    assert_eq!(text(&waits), "<pending `waits`");
    bench.run();
    waits.cancel();
    assert_eq!(text(&waits), "<cancelling `waits`");
    bench.run();
    let texts = [text(&waits), text(&fails), text(&panics), text(&ends)];
    assert_eq!(
        texts,
        [
            "<cancelled `waits`",
            "<failed `fails`",
            "<panicked `panics`",
            "<finished `ends`"
        ]
    );
    fails.mark_read();
    panics.mark_read();
    let _: &tulipa_task::Task<()> = &panics;
}
