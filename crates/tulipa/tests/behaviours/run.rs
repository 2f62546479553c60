//! R: `run`, and the runtime that outlives one.

use crate::support::{Log, one_thread, panic_of, runtime};
use std::future::pending;
use std::num::ParseIntError;
use std::time::Duration;
use tulipa::context::Context;
use tulipa::{
    Deferred, Flavour, Handle, Runtime, cancel, context_var, spawn, to_thread, yield_now,
};

///
#[test]
fn an_error_of_main_is_what_run_returns() {
    let ended: Result<u8, ParseIntError> = tulipa::run(async { "seven".parse() }).unwrap();
    assert_eq!(ended, "seven".parse::<u8>());
}

///
#[test]
fn each_run_has_a_runtime_of_its_own_which_is_closed_after_it() {
    let builder = one_thread();
    let current = || {
        builder
            .clone()
            .run(async { Handle::current().unwrap() })
            .unwrap()
    };
    let (first, second) = (current(), current());
    assert_ne!(first, second);
    for handle in [first, second] {
        assert!(handle.is_closed());
        assert!(panic_of(|| handle.spawn(async {})).contains("shut down"));
    }
}

/// what says nothing of it is as the environment has it (D-01).
#[test]
fn a_run_is_in_debug_mode_if_it_is_told_so() {
    for debug in [true, false] {
        let reports = Log::new();
        let told = reports.clone();
        let builder = one_thread().debug(debug).slow_poll(Duration::ZERO);
        let builder = builder.exception_handler(move |report| told.say(report.to_string()));
        builder.run(async {}).unwrap();
        assert_eq!(reports.take().is_empty(), !debug);
    }
}

///
#[test]
fn tasks_end_before_threads_and_threads_before_the_runtime() {
    let log = Log::new();
    let (of_task, of_thread) = (log.clone(), log.clone());
    let (release, released) = std::sync::mpsc::channel::<()>();
    let handle = one_thread().run(async move {
        let begun = Deferred::<()>::new();
        let begins = begun.clone();
        let thread = to_thread(move || {
            begins.set_result(()).unwrap();
            let _hung_up = released.recv();
            of_thread.say("thread");
        });
        spawn(async move {
            let _release = release;
            let _thread = cancel::catch(thread).await; // the await ends, the thread does not
            let cleaned = to_thread(|| "cleanup, with a thread of its own").await;
            of_task.say(cleaned.unwrap());
        })
        .detach();
        begun.await.unwrap();
        Handle::current().unwrap()
    });
    assert_eq!(log.take(), ["cleanup, with a thread of its own", "thread"]);
    assert!(handle.unwrap().is_closed());
}

/// a runtime is there when it has been built, and stays the same.
#[test]
fn every_run_of_a_runtime_is_on_that_one() {
    let runtime = runtime();
    let seen = [(); 2].map(|()| runtime.run(async { Handle::current().unwrap() }).unwrap());
    assert!(seen.iter().all(|handle| handle == runtime.handle()));
}

context_var! { static COLOUR: &'static str = "white" }

///
#[test]
fn the_runs_of_a_runtime_share_the_context_it_was_built_in() {
    COLOUR.set("red");
    let runtime = runtime();
    COLOUR.set("blue");
    let seen = || runtime.run(async { COLOUR.get() }).unwrap();
    assert_eq!(seen(), "red", "as of when it was built");
    runtime
        .run(async { COLOUR.set("green") })
        .map(drop)
        .unwrap();
    assert_eq!(seen(), "green", "as the run before has left it");
    assert_eq!(COLOUR.get(), "blue");
}

/// however the run before has ended.
#[test]
fn a_run_that_was_cancelled_leaves_its_context_too() {
    let runtime = runtime();
    let cancelled = runtime.run(async {
        COLOUR.set("black");
        cancel::raise::<()>("enough").await
    });
    assert!(cancelled.is_err());
    assert_eq!(runtime.run(async { COLOUR.get() }).unwrap(), "black");
}

///
#[test]
fn a_run_in_a_context_uses_that_and_leaves_the_runtimes_alone() {
    let (runtime, context) = (runtime(), Context::new());
    let main = async {
        let before = COLOUR.get();
        COLOUR.set("yellow");
        yield_now().await;
        (before, COLOUR.get())
    };
    context.run(|| COLOUR.set("red"));
    assert_eq!(runtime.run_in(&context, main).unwrap(), ("red", "yellow"));
    assert_eq!(
        context.run(|| COLOUR.get()),
        "yellow",
        "it ran in itself, not in a copy"
    );
    assert_eq!(runtime.run(async { COLOUR.get() }).unwrap(), "white");
}

/// asyncio leaves it pending; here nothing outlives the run.
#[test]
fn what_a_cleanup_spawns_is_cancelled_and_waited_for_too() {
    for flavour in [Flavour::CurrentThread, Flavour::MultiThread] {
        let log = Log::new();
        let of_task = log.clone();
        let runtime = Runtime::builder()
            .flavour(flavour)
            .workers(2)
            .build()
            .unwrap();
        let begun = Deferred::<()>::new();
        let begins = begun.clone();
        runtime
            .run(async move {
                spawn(async move {
                    begins.set_result(()).unwrap();
                    let _asked = cancel::catch(pending::<()>()).await;
                    let late = spawn(pending::<()>());
                    late.add_done_callback(move |late| of_task.say(late.is_cancelled()));
                    late.detach();
                })
                .detach();
                begun.await.unwrap();
            })
            .unwrap();
        assert!(runtime.shutdown().unwrap().is_clean());
        assert_eq!(log.take(), [true], "{flavour:?}");
    }
}
