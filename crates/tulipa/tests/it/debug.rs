//! Debug mode, by the builder and by the environment; and reports that go astray. What debug mode sees is tested with the
//! executor.

use crate::process::{Running, program, text};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tulipa::task::ReportKind;
use tulipa::{Builder, Flavour, RunError, Runtime, TaskGroup, cancel, current_task, gather, spawn};

/// What a program says of itself, and what the runtime says, where `TULIPA_DEBUG` has that value.
fn run(scenario: &str, debug: Option<&str>) -> (String, String) {
    let mut program = program("child");
    program.arg(scenario).env_remove("TULIPA_DEBUG");
    program.envs(debug.map(|value| ("TULIPA_DEBUG", value)));
    let output = Running::start(&mut program).finish();
    assert!(output.status.success(), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (text(&output).to_owned(), errors)
}

/// D-01, R-08
#[test]
fn the_environment_turns_debug_mode_on_and_the_builder_decides() {
    let slow = "tulipa: a poll took long: `main`, spawned at ";
    for (value, is_on) in [
        (None, false),
        (Some(""), false),
        (Some("0"), false),
        (Some("1"), true),
        (Some("yes"), true),
    ] {
        let (_, errors) = run("every poll is slow", value);
        assert_eq!(errors.contains(slow), is_on, "{value:?}: {errors}");
        let (_, errors) = run("debug mode is off", value);
        assert_eq!(errors, "", "{value:?}");
    }
}

/// D-08
#[test]
fn in_debug_mode_the_shutdown_is_a_line() {
    let (_, errors) = run("every poll is slow", Some("1"));
    let lines = errors
        .lines()
        .filter(|line| line.contains("the runtime has shut down"));
    let [line] = lines.collect::<Vec<_>>()[..] else {
        panic!("{errors}")
    };
    assert!(line.ends_with("shutdown: all ended in time"), "{line}");
}

/// D-04, D-05, D-09: without debug mode.
#[test]
fn a_failure_that_nobody_reads_is_a_line_with_name_place_and_error() {
    let (said, errors) = run("a failure that nobody reads", None);
    assert_eq!(said, "it went on\n");
    let begins = "tulipa: an error was never retrieved: `bulb`, spawned at ";
    assert!(errors.starts_with(begins), "{errors}");
    assert!(
        errors.contains("debug.rs:") && errors.ends_with(": \"wilted\"\n"),
        "{errors}"
    );
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

/// D-10
#[test]
fn when_the_handler_panics_the_default_one_says_both() {
    let (said, errors) = run("a handler that panics", None);
    assert_eq!(said, "it went on\n");
    let lines = errors.lines().filter(|line| line.starts_with("tulipa: "));
    let [line] = lines.collect::<Vec<_>>()[..] else {
        panic!("{errors}")
    };
    for part in [
        "never retrieved: `bulb`",
        "debug.rs:",
        "wilted",
        "out of paper",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
}

/// D-11
#[test]
fn when_the_default_handler_fails_too_there_is_a_last_line() {
    let (said, errors) = run("a failure that cannot be shown", None);
    assert_eq!(said, "it went on\n");
    let lines = errors.lines().filter(|line| line.starts_with("tulipa: "));
    let [line] = lines.collect::<Vec<_>>()[..] else {
        panic!("{errors}")
    };
    let expected = "tulipa: an error was never retrieved: `bulb`; this could not be reported: \
                    panicked: there are no words";
    assert_eq!(line, expected);
}

/// Of what kind each report is, and what it says.
type Reports = Arc<Mutex<Vec<(ReportKind, String)>>>;

/// What a runtime in debug mode has to say, in its own words.
fn observed(builder: Builder) -> (Runtime, Reports) {
    let reports = Reports::default();
    let told = reports.clone();
    let builder = builder.debug(true).exception_handler(move |report| {
        let failure = format!("{}: {:?}", report.task_name(), report.failure());
        told.lock().unwrap().push((report.kind(), failure));
    });
    (builder.build().unwrap(), reports)
}

/// D-02: by the clock of the runtime, so that a poll which moves a virtual one is as long as that.
#[test]
fn a_slow_poll_is_slow_by_the_clock_of_the_runtime() {
    for flavour in [Flavour::CurrentThread, Flavour::Deterministic] {
        let builder = Builder::new().flavour(flavour).virtual_time(true);
        let (runtime, reports) = observed(builder.slow_poll(Duration::from_secs(3)));
        let clock = runtime.timers().clock().clone();
        let main = async move {
            tulipa::sleep(Duration::from_secs(100)).await; // no poll takes that long
            clock.advance(Duration::from_secs(3));
        };
        runtime.run(main).unwrap();
        let slow = (ReportKind::SlowPoll, "main: 3s".to_owned());
        assert_eq!(*reports.lock().unwrap(), [slow], "{flavour:?}");
    }
}

/// Of tasks that wait for each other through combinators.
#[test]
fn a_circle_through_a_group_and_a_gather_is_reported() {
    let (runtime, reports) = observed(
        Builder::new()
            .flavour(Flavour::Deterministic)
            .in_order(true),
    );
    let ended = runtime.run(TaskGroup::scope(async |group| {
        let main = current_task().unwrap();
        group
            .spawn(async move {
                let mut observed = tulipa::wait([main]);
                gather([spawn(async move { drop((&mut observed).await) })]).await
            })
            .detach();
    }));
    assert!(matches!(ended, Err(RunError::Refused(_))), "a deadlock");
    let reports = reports.lock().unwrap();
    let circles = reports
        .iter()
        .filter(|report| report.0 == ReportKind::Circle);
    assert_eq!(circles.count(), 1, "{reports:?}");
}

/// A limit of time is no reason to be silent: it is a circle as long as it lasts, and ends when time is up.
#[test]
fn a_circle_that_a_timeout_breaks_is_reported_all_the_same() {
    let builder = Builder::new()
        .flavour(Flavour::Deterministic)
        .virtual_time(true);
    let (runtime, reports) = observed(builder);
    let main = async {
        let main = current_task().unwrap();
        let child = spawn(async move { tulipa::wait([main]).await.0.len() });
        let limited = tulipa::timeout(Duration::from_secs(1), child);
        let elapsed = cancel::mask(limited).await.is_err();
        assert!(elapsed);
    };
    runtime.run(main).unwrap();
    assert_eq!(reports.lock().unwrap().len(), 1);
}
