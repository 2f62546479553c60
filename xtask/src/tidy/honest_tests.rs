//! Tests run, all of them, and depend on events, not on time.
//!
//! Clippy refuses `thread::sleep` too, but an `allow` or a `cfg` hides it from clippy. Examples may sleep: one of
//! them shows what a blocking call does.

use super::Finding;
use super::source::Source;
use super::tree::Tree;

pub(super) fn check(source: &Source, _: &Tree) -> Vec<Finding> {
    sleeps(source).chain(ignored(source)).collect()
}

fn sleeps(source: &Source) -> impl Iterator<Item = Finding> {
    let example = source.path.contains("/examples/");
    let sleeps = source.paths.iter().filter(move |path| {
        !example && path.segments.ends_with(&["thread".into(), "sleep".into()])
    });
    sleeps.map(|path| {
        Finding::new(
            &source.path,
            path.line,
            "sleeps: move a clock, or wait for an event",
        )
    })
}

fn ignored(source: &Source) -> impl Iterator<Item = Finding> {
    let ignored = (0..source.tokens.len()).filter(|at| source.reads(*at, &["#", "[", "ignore"]));
    ignored.map(|at| {
        Finding::new(
            &source.path,
            source.tokens[at].line,
            "an ignored test is no test: mend it or drop it",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{FINE, lines};
    use super::check;

    #[test]
    fn sleeping_tests_are_found() {
        let text = "use std::thread;\n#[test]\nfn f() {\n    thread::sleep(A);\n}\n";
        assert_eq!(lines(check, "crates/a/tests/it/main.rs", text), [4]);
        assert_eq!(
            lines(check, "crates/a/src/a.rs", "use std::thread::sleep;\n"),
            [1]
        );
    }

    #[test]
    fn ignored_tests_are_found() {
        let text = "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n";
        assert_eq!(lines(check, "crates/a/tests/it/main.rs", text), [2]);
    }

    #[test]
    fn a_sleeping_task_or_example_is_fine() {
        assert_eq!(
            lines(
                check,
                "crates/a/tests/it/main.rs",
                "fn f() { time::sleep(A); }\n"
            ),
            FINE
        );
        assert_eq!(
            lines(
                check,
                "crates/a/examples/b.rs",
                "fn f() { std::thread::sleep(A); }\n"
            ),
            FINE
        );
    }
}
