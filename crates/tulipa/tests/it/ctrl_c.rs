//! Ctrl-C: what it does to `run`, to the main task, to what is left, and to the process. Each test is a program that
//! presses it on itself.

use crate::process::{Running, program, text};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

const SIGINT: i32 = 2;

fn run(scenario: &str) -> Output {
    Running::start(program("child").arg(scenario)).finish()
}

/// What it said, if it came to its end.
#[track_caller]
fn said(output: &Output) -> Vec<&str> {
    assert!(output.status.success(), "{output:?}");
    text(output).lines().collect()
}

/// What it said, if the signal ended it.
#[track_caller]
fn killed(output: &Output) -> Vec<&str> {
    assert_eq!(output.status.signal(), Some(SIGINT), "{output:?}");
    text(output).lines().collect()
}

/// The scenario as a shell starts it after `setting` something.
fn run_in_a_shell(setting: &str, scenario: &str) -> Output {
    let child = program("child");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{setting}; exec \"$0\" \"$@\"")]);
    Running::start(shell.arg(child.get_program()).arg(scenario)).finish()
}

/// R-30
#[test]
fn it_cancels_the_main_task_and_run_ends_after_the_cleanup() {
    assert_eq!(said(&run("idle")), ["main cleans up", "interrupted"]);
}

/// R-30: nobody sleeps who could be woken.
#[test]
fn it_cancels_a_main_task_that_never_waits() {
    assert_eq!(said(&run("busy")), ["interrupted"]);
}

#[test]
fn it_counts_from_the_beginning_of_run() {
    assert_eq!(
        said(&run("before main begins")).last(),
        Some(&"interrupted")
    );
}

/// R-31
#[test]
fn a_main_task_that_refuses_gives_its_value_or_error() {
    assert_eq!(said(&run("main refuses")), [r#"ended with "a value""#]);
    assert_eq!(said(&run("main fails")), [r#"ended with Err("an error")"#]);
}

/// R-32
#[test]
fn a_main_task_that_another_has_cancelled_as_well_is_cancelled_not_interrupted() {
    let output = run("main is cancelled by another, too");
    assert_eq!(said(&output), ["the main task was cancelled"]);
}

/// R-33
#[test]
fn the_second_aborts_a_cleanup_that_hangs() {
    let expected = ["main cleans up", "main is gone", "interrupted"];
    assert_eq!(said(&run("twice")), expected);
}

/// R-33: the value of main stands; asyncio would lose it.
#[test]
fn one_that_comes_when_main_has_ended_aborts_what_is_left() {
    let output = run("when main has ended");
    let expected = [
        "what was left refuses",
        "what was left is gone",
        r#"ended with "a value""#,
    ];
    assert_eq!(said(&output), expected);
}

/// R-33: a poll that never returns ends with the process.
#[test]
fn the_third_ends_the_process() {
    assert_eq!(killed(&run("three times")), ["asked"]);
}

/// R-34
#[test]
fn it_cancels_nobody_but_the_main_task_and_the_others_when_that_has_ended() {
    let expected = [
        "the child was asked 0 times",
        "main ends",
        "the child is cancelled",
        "interrupted",
    ];
    assert_eq!(said(&run("children run on")), expected);
}

/// R-35
#[test]
fn a_run_on_another_thread_leaves_the_signal_alone() {
    assert_eq!(killed(&run("on another thread")), [""; 0]);
}

/// R-35
#[test]
fn a_signal_that_is_handled_or_ignored_stays_so() {
    assert_eq!(
        said(&run("handled by the program")),
        ["ended with (true, 0)"]
    );
    let ignored = run_in_a_shell("trap '' INT", "ignored");
    assert_eq!(said(&ignored), ["ended with 0"]);
}

/// R-35
#[test]
fn afterwards_it_ends_the_process_again() {
    assert_eq!(killed(&run("afterwards")), ["ended with ()"]);
}

/// R-35
#[test]
fn each_run_counts_from_zero() {
    let once = ["main cleans up", "interrupted"];
    assert_eq!(said(&run("in each of two runs")), [once, once].concat());
}

/// R-36
#[test]
fn where_it_cannot_be_handled_the_program_runs_without() {
    let output = run_in_a_shell("ulimit -n 64", "without descriptors");
    assert_eq!(killed(&output), [r#"ended with "a value""#]);
}

/// R-30: as a shell expects it of a program that was interrupted.
#[test]
fn a_main_by_attribute_exits_with_130() {
    let output = run("by attribute");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(text(&output), "a child cleans up\n");
    let output = run("twice by attribute");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
}
