//! Failures that nobody read: reported once, when the last handle goes, with name and place.

use crate::support::Bench;
use std::sync::{Arc, Mutex};
use tulipa_task::{
    Awaitable, Builder, Deferred, Registry, Report, Runnable, Schedule, Scheduler, Task, TaskState,
    Why, current_task,
};

fn failed(bench: &Bench) -> Task<(), &'static str> {
    let task = bench.try_spawn(async { Err("wilted") });
    bench.run();
    task
}

/// T-22, F-12, D-05
#[test]
fn an_unread_error_is_reported_with_name_and_place() {
    let bench = Bench::new();
    let task = failed(&bench);
    task.set_name("bulb");
    drop(task);
    let report = bench.report();
    for part in [
        "an error was never retrieved",
        "`bulb`",
        "support.rs:",
        "wilted",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
}

#[test]
fn an_unread_panic_is_reported() {
    let bench = Bench::new();
    bench.spawn(async { panic!("rotten") }).detach();
    bench.run();
    let report = bench.report();
    assert!(
        report.contains("a panic was never retrieved") && report.contains("rotten"),
        "{report}"
    );
}

/// F-13
#[test]
fn any_one_read_is_enough() {
    let bench = Bench::new();
    assert!(failed(&bench).result().unwrap().is_err());
    assert!(failed(&bench).error().unwrap().is_some());
    assert!(failed(&bench).take_outcome().unwrap().is_err());
    failed(&bench).mark_read();
    drop(failed(&bench).shared().take_outcome());
    bench.spawn(failed(&bench)).detach();
    bench.run();
}

#[test]
fn looking_at_the_state_is_no_read() {
    let bench = Bench::new();
    let task = failed(&bench);
    let _looked = (task.is_done(), task.state(), format!("{task:?}"));
    drop(task);
    assert!(bench.report().contains("wilted"));
}

/// F-14
#[test]
fn values_and_cancellations_go_unread_in_silence() {
    let bench = Bench::new();
    let (_value, cancelled) = (
        bench.spawn(async { 1 }),
        bench.spawn(std::future::pending::<()>()),
    );
    cancelled.cancel();
    bench.run();
}

/// T-23, F-15
#[test]
fn a_late_request_counts_as_a_read() {
    let bench = Bench::new();
    let task = failed(&bench);
    assert!(!task.cancel());
}

#[test]
fn a_shared_failure_is_reported_when_the_last_holder_goes() {
    let bench = Bench::new();
    let shared = failed(&bench).shared();
    let other = shared.clone();
    drop(shared);
    assert_eq!(bench.reports().len(), 0);
    drop(other);
    assert!(bench.report().contains("wilted"));
}

#[derive(Default)]
struct Listens(Registry, Mutex<Vec<Runnable>>, Mutex<Vec<String>>);

impl Schedule for Listens {
    fn schedule(&self, runnable: Runnable, _: Why) {
        self.1.lock().unwrap().push(runnable);
    }
    fn registry(&self) -> &Registry {
        &self.0
    }
    fn report(&self, report: &Report<'_>) {
        let (message, name, line) = (
            report.message(),
            report.task_name(),
            report.location().line(),
        );
        let lines = format!(
            "{message}, {name}, {line}, {:?}, {}",
            report.failure(),
            report.task_id().get() > 0
        );
        self.2.lock().unwrap().push(lines);
        // What a handler may well do.
        assert!(self.0.snapshot().is_empty() && !format!("{report:?}").is_empty());
    }
}

/// D-09
#[test]
fn a_handler_gets_the_parts() {
    let listens = Arc::new(Listens::default());
    let scheduler = Scheduler::new(listens.clone());
    let builder = Builder::new().name("bulb").on(&scheduler);
    let (line, task) = (line!(), builder.try_spawn(async { Err::<(), _>(7) }));
    task.detach();
    let runnable = listens.1.lock().unwrap().pop().unwrap();
    assert!(runnable.run().is_none());
    let heard = listens.2.lock().unwrap().clone();
    assert_eq!(
        heard,
        [format!(
            "an error was never retrieved, bulb, {line}, 7, true"
        )]
    );
}

#[test]
fn a_task_reports_what_does_not_end_it() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        let task = current_task().unwrap();
        task.report("a leaf was lost", &"in the wind");
        "stands"
    });
    task.set_name("tree");
    bench.run();
    let report = bench.report();
    assert!(
        report.contains("a leaf was lost: `tree`") && report.contains("in the wind"),
        "{report}"
    );
    assert_eq!(task.result(), Ok(Ok(&"stands")));
}

#[test]
fn a_report_in_the_name_of_a_deferred_goes_to_the_current_executor() {
    let bench = Bench::new();
    let _entered = bench.enter();
    Deferred::<()>::new().report("nobody sets it", &());
    assert!(bench.report().contains("nobody sets it: `Deferred-"));
}

/// An executor that notes panics, before they end their tasks.
#[derive(Default)]
struct Alarmed(Registry, Mutex<Vec<Runnable>>, Mutex<Vec<String>>);

impl Schedule for Alarmed {
    fn schedule(&self, runnable: Runnable, _: Why) {
        self.1.lock().unwrap().push(runnable);
    }
    fn registry(&self) -> &Registry {
        &self.0
    }
    fn report(&self, _: &Report<'_>) {}
    fn panicked(&self, report: &Report<'_>) {
        let failure = format!("{} {:?}", report.task_name(), report.failure());
        self.2.lock().unwrap().push(failure);
        assert!(self.0.snapshot().iter().all(|task| !task.is_done()));
    }
}

#[test]
fn the_executor_hears_of_each_panic_once_before_its_task_ends() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let alarmed = Arc::new(Alarmed::default());
    let scheduler = Scheduler::new(alarmed.clone());
    let named = |name| Builder::new().name(name).on(&scheduler);
    let tasks = [
        named("body").spawn(async { panic!("in a body") }),
        named("drop").spawn(async {
            let _bad = Bad;
            current_task().unwrap().cancel();
            std::future::pending::<()>().await;
        }),
    ];
    scheduler.call_soon(|| panic!("in a callback"));
    loop {
        let Some(runnable) = alarmed.1.lock().unwrap().pop() else {
            break;
        };
        assert!(runnable.run().is_none());
    }
    assert!(tasks.iter().all(|task| task.state() == TaskState::Panicked));
    let mut heard = alarmed.2.lock().unwrap().clone();
    heard.sort_unstable();
    let expected = [
        r#"body Panic(Some("in a body"))"#,
        r#"callback Panic(Some("in a callback"))"#,
        r#"drop Panic(Some("in a destructor"))"#,
    ];
    assert_eq!(heard, expected);
}
