//! `OnPanic::Abort`: a panic in anything that the runtime runs ends the process.

use crate::process::{Running, program, text};
use tulipa::{Builder, OnPanic, TaskError, spawn};

/// What it said on both channels, if it was aborted.
#[track_caller]
fn aborted(scenario: &str) -> (String, String) {
    let output = Running::start(program("child").arg(scenario)).finish();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        const ABORT: i32 = 6;
        assert_eq!(output.status.signal(), Some(ABORT), "{output:?}");
    }
    assert!(!output.status.success());
    (text(&output).to_owned(), errors)
}

#[test]
fn a_panic_anywhere_ends_the_process_and_nothing_is_cleaned_up() {
    for place in ["a task", "main", "a thread", "a callback", "a destructor"] {
        let (said, errors) = aborted(&format!("panic in {place}"));
        assert_eq!(said, "", "in {place}");
        assert!(errors.contains("as planned"), "in {place}: {errors}");
    }
}

#[test]
fn the_task_that_takes_the_process_along_is_named() {
    let (_, errors) = aborted("panic in a task");
    let report = "tulipa: a panic: `bad`, spawned at ";
    assert!(errors.contains(report), "{errors}");
}

/// Who panics himself.
#[test]
fn the_exception_handler_is_told_before() {
    let (said, _) = aborted("panic that is told to the handler");
    assert!(said.starts_with("tulipa: a panic: `bad`"), "{said}");
}

#[test]
fn without_it_a_panic_is_stored_in_its_task() {
    for builder in [Builder::new(), Builder::new().on_panic(OnPanic::Store)] {
        let ended = builder.run(async { spawn(async { panic!("as planned") }).await });
        let Err(TaskError::<std::convert::Infallible>::Panicked(panic)) = ended.unwrap() else {
            panic!("it panicked")
        };
        assert_eq!(panic.message(), Some("as planned"));
    }
}
