//! Every example, run as the program it is: under virtual time, what it prints and how it exits.

use std::path::PathBuf;
use std::process::{Command, Output};

/// The program that cargo has built beside this test.
fn program(name: &str) -> Command {
    let mut directory = std::env::current_exe().expect("a test is a file");
    directory.pop(); // the file
    directory.pop(); // deps
    let path: PathBuf = directory.join("examples").join(name);
    assert!(
        path.exists(),
        "{} is built with the tests of the package: `cargo test -p tulipa`",
        path.display()
    );
    let mut command = Command::new(path);
    command.env("TULIPA_TIME", "virtual");
    command
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it prints text")
}

/// What it prints when it ends well.
#[track_caller]
fn output_of(name: &str) -> Vec<String> {
    let output = program(name).output().expect("it starts");
    assert!(output.status.success(), "{name}: {output:?}");
    text(&output).lines().map(str::to_owned).collect()
}

#[test]
fn hello_world() {
    assert_eq!(output_of("hello_world"), ["hello", "world"]);
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
    assert_eq!(output_of("say_after"), expected);
}

#[test]
fn nested() {
    assert_eq!(output_of("nested"), ["42", "42"]);
}

#[test]
fn factorial_gathers_in_the_order_of_the_arguments() {
    let lines = output_of("factorial");
    assert_eq!(lines.last().map(String::as_str), Some("[2, 6, 24]"));
    assert!(
        lines.contains(&"Task C: Compute factorial(4), currently i=4...".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn display_date_shows_five_seconds() {
    assert_eq!(
        output_of("display_date"),
        ["0 s", "1 s", "2 s", "3 s", "4 s"]
    );
}

#[test]
fn eternity_is_cut_short() {
    assert_eq!(output_of("eternity"), ["timeout!"]);
}

#[test]
fn cancel_me() {
    let expected = [
        "cancel_me(): before sleep",
        "cancel_me(): cancel sleep",
        "cancel_me(): after sleep",
        "main(): cancel_me is cancelled now",
    ];
    assert_eq!(output_of("cancel_me"), expected);
}

#[test]
fn blocking_io_blocks_nobody_else() {
    // The sleeper frees the thread: in virtual time that would be a deadlock, since the clock waits for the thread.
    let output = program("blocking_io")
        .env_remove("TULIPA_TIME")
        .output()
        .expect("it starts");
    let text = text(&output);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines[0], lines[1]), ("started main", "start blocking_io"));
    assert_eq!(
        lines[lines.len() - 2..],
        ["from the thread", "finished main"]
    );
    assert!(lines.contains(&"the loop went on"), "{lines:?}");
}

#[test]
fn threadsafe() {
    // A thread that is none of the runtime's waits in real time.
    let output = program("threadsafe")
        .env_remove("TULIPA_TIME")
        .output()
        .expect("it starts");
    assert_eq!(text(&output), "3\n", "{output:?}");
}

#[test]
fn address_race_connects_by_the_family_that_listens() {
    let output = program("address_race")
        .env_remove("TULIPA_TIME")
        .output()
        .expect("it starts");
    assert!(text(&output).ends_with("connected by IPv4\n"), "{output:?}");
}

#[test]
fn wait_returns_when_it_was_told_to() {
    let lines = output_of("wait");
    let expected = [
        r#"AllCompleted: done ["1 s", "2 s", "3 s"], pending []"#,
        r#"FirstCompleted: done ["1 s"], pending ["2 s", "3 s"]"#,
        r#"FirstException: done ["1 s", "2 s"], pending ["3 s"]"#,
    ];
    for line in expected {
        assert!(
            lines.iter().any(|printed| printed == line),
            "{line:?} is not in {lines:#?}"
        );
    }
    assert_eq!(
        lines
            .iter()
            .filter(|line| *line == "  cancelled true")
            .count(),
        2,
        "{lines:#?}"
    );
}
