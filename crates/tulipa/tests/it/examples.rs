//! Every example of asyncio's page, run as the program it is: what it prints, under virtual time if it waits for no world
//! outside.

use crate::process::{program, text};

/// What it prints, in virtual time, if it ends well.
#[track_caller]
fn printed(name: &str) -> Vec<String> {
    check(name, program(name).env("TULIPA_TIME", "virtual"))
}

/// The same of a program that waits for sockets or for threads of its own: the virtual clock would not.
#[track_caller]
fn printed_in_real_time(name: &str) -> Vec<String> {
    check(name, program(name).env_remove("TULIPA_TIME"))
}

#[track_caller]
fn check(name: &str, command: &mut std::process::Command) -> Vec<String> {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{name}: {output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(errors, "", "{name}");
    text(&output).lines().map(str::to_owned).collect()
}

#[test]
fn hello_world() {
    assert_eq!(printed("hello_world"), ["hello", "world"]);
}

#[test]
fn say_after_takes_three_seconds_in_sequence_and_two_at_once() {
    let expected = [
        "hello",
        "world",
        "in sequence: 3 s",
        "hello",
        "world",
        "as tasks: 2 s",
        "hello",
        "world",
        "in a group: 2 s",
    ];
    assert_eq!(printed("say_after"), expected);
}

#[test]
fn nested() {
    assert_eq!(printed("nested"), ["42", "42"]);
}

#[test]
fn factorial_gathers_in_the_order_of_the_arguments() {
    let mut lines = printed("factorial");
    assert_eq!(lines.pop().as_deref(), Some("[2, 6, 24]"));
    assert_eq!(
        lines.last().map(String::as_str),
        Some("Task C: factorial(4) = 24")
    );
    let mut expected = vec![];
    for (name, number, result) in [("A", 2, 2), ("B", 3, 6), ("C", 4, 24)] {
        for i in 2..=number {
            expected.push(format!(
                "Task {name}: Compute factorial({number}), currently i={i}..."
            ));
        }
        expected.push(format!("Task {name}: factorial({number}) = {result}"));
    }
    // Those that are due in the same second run on any worker.
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn display_date_shows_five_times_a_second_apart() {
    let lines = printed("display_date");
    assert_eq!(lines.len(), 5, "{lines:?}");
    let seconds: Vec<i32> = lines.iter().map(|line| second_of_the_day(line)).collect();
    for (before, after) in seconds.iter().zip(&seconds[1..]) {
        assert_eq!((after - before).rem_euclid(86_400), 1, "{lines:?}");
    }
}

/// Of a line such as `2026-01-31 12:00:00`.
fn second_of_the_day(line: &str) -> i32 {
    let (date, time) = line.split_once(' ').expect("a date and a time");
    let [year, month, day] = numbers(date, '-');
    assert!(
        year >= 2025 && (1..=12).contains(&month) && (1..=31).contains(&day),
        "{line}"
    );
    let [hour, minute, second] = numbers(time, ':');
    (hour * 60 + minute) * 60 + second
}

fn numbers(text: &str, separator: char) -> [i32; 3] {
    let numbers: Vec<i32> = text
        .split(separator)
        .map(|number| number.parse().expect("a number"))
        .collect();
    numbers.try_into().expect("three numbers")
}

#[test]
fn task_group_is_terminated_by_a_child_that_fails() {
    let mut lines = printed("task_group");
    let (first_group, second_group) = lines.split_at_mut(5);
    first_group[..2].sort_unstable(); // on any worker
    first_group[2..4].sort_unstable();
    let expected = [
        "Task 1: start",
        "Task 2: start",
        "Task 1: done",
        "Task 2: done",
        "Both tasks have completed now: 1, 2",
    ];
    assert_eq!(first_group, expected);
    second_group[..2].sort_unstable();
    let expected = [
        "Task 3: start",
        "Task 4: start",
        "Task 3: done",
        "terminated: [Failed(TerminateTaskGroup)]",
    ];
    assert_eq!(second_group, expected);
}

#[test]
fn eager_task_with_a_cached_page_is_done_at_once() {
    let expected = ["all about tulips, later", "all about tulips, at once"];
    assert_eq!(printed("eager"), expected);
}

#[test]
fn shield_keeps_the_cancellation_from_the_task() {
    let expected = ["who waited has None", "something() has 42"];
    assert_eq!(printed("shield"), expected);
}

#[test]
fn timeout_ends_a_part_of_the_task_and_can_be_moved() {
    let expected = [
        "The long operation timed out, but we've handled it.",
        "This statement will run regardless.",
        "It timed out at the time that was set.",
        "Looks like we haven't finished too late.",
    ];
    assert_eq!(printed("timeout"), expected);
}

#[test]
fn eternity_is_cut_short() {
    let lines = printed("eternity");
    assert!(
        lines[0].starts_with("timeout! ") && lines.len() == 1,
        "{lines:?}"
    );
}

#[test]
fn cancel_me_cleans_up_before_the_await_ends() {
    let expected = [
        "cancel_me(): before sleep",
        "cancel_me(): cancel sleep",
        "cancel_me(): after sleep",
        "main(): cancel_me is cancelled now",
    ];
    assert_eq!(printed("cancel_me"), expected);
}

#[test]
fn blocking_io_blocks_nobody_else() {
    let lines = printed_in_real_time("blocking_io");
    assert_eq!(lines[0], "started main");
    // The thread and the task begin at once.
    let position = |line| lines.iter().position(|printed| printed == line);
    assert!(position("start blocking_io").is_some(), "{lines:?}");
    assert!(
        position("other tasks go on") < position("blocking_io complete: Ok(())"),
        "{lines:?}"
    );
    assert_eq!(lines[4..], ["finished main"]);
}

#[test]
fn threadsafe() {
    assert_eq!(printed_in_real_time("threadsafe"), ["the result is 3"]);
}

#[test]
fn address_race_connects_by_the_family_that_listens() {
    let mut lines = printed_in_real_time("address_race");
    lines[..2].sort_unstable(); // whichever is the earliest
    let expected = [
        "IPv4 connection established",
        "no IPv6 connection",
        "connected to 127.0.0.1",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn wait_returns_when_it_was_told_to() {
    let expected = [
        r#"AllCompleted: done ["1 s", "2 s", "3 s"], pending []"#,
        "  Ok(1)",
        r#"  Err(Failed("2 s is too long"))"#,
        "  Ok(3)",
        r#"FirstCompleted: done ["1 s"], pending ["2 s", "3 s"]"#,
        "  Ok(1)",
        "  Err(Cancelled(Cancelled))",
        "  Err(Cancelled(Cancelled))",
        r#"FirstException: done ["1 s", "2 s"], pending ["3 s"]"#,
        "  Ok(1)",
        r#"  Err(Failed("2 s is too long"))"#,
        "  Err(Cancelled(Cancelled))",
    ];
    assert_eq!(printed("wait"), expected);
}
