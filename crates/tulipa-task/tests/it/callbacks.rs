//! Done callbacks: run by the executor, in order, never inside what ended the task.

use crate::support::{Bench, Count, Log, panic_of};
use std::future::pending;
use std::sync::{Arc, Mutex};
use tulipa_task::{
    CallbackHandle, Context, Deferred, TaskRef, context_var, current_task, spawn, yield_now,
};

fn say(log: &Log, line: &'static str) -> impl FnOnce(&TaskRef) + Send + 'static {
    let log = log.clone();
    move |_| log.say(line)
}

/// DC-01
#[test]
fn callbacks_run_in_the_order_added_and_not_inside_the_setter() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let (log, bloom) = (Log::new(), Deferred::<u8>::new());
    for line in ["one", "two", "three"] {
        bloom.add_done_callback(say(&log, line));
    }
    bloom.set_result(1).unwrap();
    assert_eq!(log.take(), [""; 0]);
    bench.run();
    assert_eq!(log.take(), ["one", "two", "three"]);
}

/// DC-02
#[test]
fn callbacks_are_given_the_task_however_it_ended() {
    let bench = Bench::new();
    let log = Log::new();
    let ends = [
        bench.try_spawn(async { Ok(()) }),
        bench.try_spawn(async { Err("wilted") }),
        bench.try_spawn(async { panic!("rotten") }),
        bench.try_spawn(pending()),
    ];
    for task in &ends {
        let log = log.clone();
        task.add_done_callback(move |task| log.say(format!("{:?}", task.state())));
    }
    ends[3].cancel();
    bench.run();
    assert_eq!(log.take(), ["Finished", "Failed", "Panicked", "Cancelled"]);
    for task in ends {
        task.mark_read();
    }
}

/// DC-03, EG-14
#[test]
fn a_callback_on_what_is_done_is_queued() {
    let bench = Bench::new();
    let log = Log::new();
    let task = bench.spawn(async {});
    bench.run();
    assert!(
        !task.add_done_callback(say(&log, "late")).remove(),
        "it cannot be called back"
    );
    assert_eq!(log.take(), [""; 0]);
    bench.run();
    assert_eq!(log.take(), ["late"]);
}

/// DC-04
#[test]
fn a_callback_added_twice_runs_twice() {
    let bench = Bench::new();
    let (ran, task) = (Count::new(), bench.spawn(async {}));
    for _ in 0..2 {
        let ran = ran.clone();
        task.add_done_callback(move |_| ran.up());
    }
    bench.run();
    assert_eq!(ran.get(), 2);
}

/// DC-05, DC-06
#[test]
fn any_subset_is_removed_and_the_rest_keeps_its_order() {
    let names = ["a", "b", "c", "d"];
    for removed in 0..16_u32 {
        let bench = Bench::new();
        let (log, task) = (Log::new(), bench.spawn(async {}));
        let handles: Vec<CallbackHandle> = names
            .map(|name| task.add_done_callback(say(&log, name)))
            .into();
        for (index, handle) in handles.into_iter().enumerate() {
            if removed & (1 << index) != 0 {
                assert!(handle.remove());
            }
        }
        bench.run();
        let left = names
            .iter()
            .enumerate()
            .filter(|(index, _)| removed & (1 << index) == 0);
        let left: Vec<&str> = left.map(|(_, name)| *name).collect();
        assert_eq!(log.take(), left);
    }
}

/// DC-07
#[test]
fn a_callback_that_is_queued_is_not_removed_any_more() {
    let bench = Bench::new();
    let (log, task) = (Log::new(), bench.spawn(async {}));
    let handle = task.add_done_callback(say(&log, "ran"));
    bench.step();
    assert!(task.is_done() && !handle.remove());
    bench.run();
    assert_eq!(log.take(), ["ran"]);
}

#[test]
fn a_removed_callback_is_dropped_at_once() {
    let bench = Bench::new();
    let (dropped, task) = (Count::new(), bench.spawn(async {}));
    let guard = dropped.guard();
    let handle = task.add_done_callback(move |_| drop(guard));
    assert!(handle.remove());
    assert_eq!(dropped.get(), 1);
    bench.run();
}

/// DC-09
#[test]
fn a_callback_added_by_a_callback_runs_after_it() {
    let bench = Bench::new();
    let (log, task) = (Log::new(), bench.spawn(async {}));
    task.add_done_callback({
        let log = log.clone();
        move |task| {
            task.add_done_callback(say(&log, "inner"));
            log.say("outer");
        }
    });
    task.add_done_callback(say(&log, "second"));
    bench.run();
    assert_eq!(log.take(), ["outer", "second", "inner"]);
}

/// DC-10, DC-11, CV-11
#[test]
fn a_callback_runs_in_the_context_of_who_added_it() {
    context_var! { static COLOUR: &'static str = "white" }
    let bench = Bench::new();
    let log = Log::new();
    let task = bench.spawn(async {
        COLOUR.set("of the task");
    });
    let adder = bench.spawn({
        let (log, task) = (log.clone(), task.task_ref().clone());
        async move {
            COLOUR.set("of the adder");
            task.add_done_callback({
                let log = log.clone();
                move |_| {
                    log.say(COLOUR.get());
                    COLOUR.set("lost");
                }
            });
            COLOUR.set("later");
            task.add_done_callback(move |_| log.say(COLOUR.get()));
            yield_now().await;
            COLOUR.get()
        }
    });
    bench.run();
    assert_eq!(adder.result(), Ok(Ok(&"later")));
    assert_eq!(log.take(), ["of the adder", "later"]);
    let garden = Context::new();
    garden.run(|| {
        task.add_done_callback(|_| {
            COLOUR.set("in a copy");
        })
    });
    bench.run();
    assert_eq!(garden.run(|| COLOUR.get()), "white");
}

/// DC-12, CU-03
#[test]
fn in_a_callback_the_task_is_done_and_none_is_current() {
    let bench = Bench::new();
    let (seen, task) = (Arc::new(Mutex::new(None)), bench.spawn(async {}));
    task.add_done_callback({
        let seen = seen.clone();
        move |task| {
            *seen.lock().unwrap() = Some((
                task.is_done(),
                current_task().is_none(),
                tulipa_task::all_tasks().len(),
            ))
        }
    });
    bench.run();
    assert_eq!(*seen.lock().unwrap(), Some((true, true, 0)));
}

#[test]
fn a_callback_may_spawn() {
    let bench = Bench::new();
    let (ran, task) = (Count::new(), bench.spawn(async {}));
    task.add_done_callback({
        let ran = ran.clone();
        move |_| spawn(async move { ran.up() }).detach()
    });
    bench.run();
    assert_eq!(ran.get(), 1);
}

#[test]
fn a_callback_on_a_deferred_needs_an_executor() {
    let told = panic_of(|| Deferred::<u8>::new().add_done_callback(|_| ()));
    assert!(
        told.contains("outside of a runtime") && told.contains("enter"),
        "{told}"
    );
}

#[test]
fn callbacks_of_a_deferred_that_is_never_set_are_dropped_with_it() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let (dropped, bloom) = (Count::new(), Deferred::<u8>::new());
    let guard = dropped.guard();
    let kept = bloom.add_done_callback(move |_| drop(guard));
    drop(bloom);
    assert_eq!(
        dropped.get(),
        0,
        "the callback's handle has the deferred, too"
    );
    drop(kept);
    assert_eq!(dropped.get(), 1);
}
