//! In a crate with a `sync.rs`, what threads share comes through it: that is how loom gets to see it.
//!
//! `disallowed-types` sees through re-exports, so it cannot tell the door from the wall.
//! A `Cell` or `RefCell` may be had from `std`: no two threads can share one, so there is nothing to explore. So may
//! threads: models start their own.

use super::Finding;
use super::source::{Source, UsedPath};
use super::tree::Tree;

/// Paths that go around the door, each with all that lies below it.
const AROUND: &[&str] = &[
    "core::cell::UnsafeCell",
    "core::sync::atomic",
    "crossbeam_utils::sync",
    "loom",
    "parking_lot",
    "std::cell::UnsafeCell",
    "std::sync::Barrier",
    "std::sync::Condvar",
    "std::sync::Mutex",
    "std::sync::Once",
    "std::sync::RwLock",
    "std::sync::atomic",
    "std::sync::mpsc",
    "std::thread::Thread",
    "std::thread::park",
    "std::thread::park_timeout",
    "std::thread::sleep",
    "std::thread::yield_now",
];

pub(super) fn check(source: &Source, tree: &Tree) -> Vec<Finding> {
    let Some(krate) = source.krate() else {
        return Vec::new();
    };
    let door = format!("crates/{krate}/src/sync.rs");
    let behind_it = tree.has(&door) && source.is_library() && !source.path.contains("/src/sync");
    if !behind_it {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = source
        .paths
        .iter()
        .filter(|path| !source.is_test(path.line))
        .filter_map(|path| around(source, path))
        .collect();
    findings.dedup();
    findings
}

fn around(source: &Source, path: &UsedPath) -> Option<Finding> {
    let wall = AROUND.iter().find(|wall| leads_through(path, wall))?;
    let what = format!("`{wall}` goes around the crate's sync.rs: take it from there");
    Some(Finding::new(&source.path, path.line, what))
}

/// A lone word that was not imported is no path: `loom` in `#[cfg(loom)]`.
fn leads_through(path: &UsedPath, wall: &str) -> bool {
    let is_path = path.imported_as.is_some() || path.segments.len() > 1;
    let mut segments = path.segments.iter();
    is_path
        && wall
            .split("::")
            .all(|name| segments.next().is_some_and(|segment| segment == name))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{FINE, lines_in};
    use super::check;

    const DOOR: &[&str] = &["crates/a/src/sync.rs"];

    #[test]
    fn imports_and_mentions_around_the_door_are_found() {
        let text = "use std::{sync::{Arc, Mutex}, thread};\n\nfn f() { thread::park(); }\nfn g() { parking_lot::Mutex::new(()); }\n";
        assert_eq!(lines_in(check, "crates/a/src/b.rs", text, DOOR), [1, 3, 4]);
    }

    #[test]
    fn what_came_through_the_door_is_fine() {
        let text = "#[cfg(loom)]\nuse crate::sync::{Mutex, atomic::AtomicUsize, thread};\nuse std::sync::Arc;\nfn f(m: &Mutex<()>) { thread::park(); }\n";
        assert_eq!(lines_in(check, "crates/a/src/b.rs", text, DOOR), FINE);
    }

    #[test]
    fn the_door_itself_tests_and_models_are_exempt() {
        let text = "use std::sync::Mutex;\n";
        assert_eq!(lines_in(check, "crates/a/src/sync.rs", text, DOOR), FINE);
        assert_eq!(
            lines_in(check, "crates/a/tests/it/main.rs", text, DOOR),
            FINE
        );
        assert_eq!(
            lines_in(check, "crates/a/src/models/wake.rs", text, DOOR),
            FINE
        );
        let tests = "#[cfg(test)]\nmod tests {\n    use std::sync::Mutex;\n}\n";
        assert_eq!(lines_in(check, "crates/a/src/b.rs", tests, DOOR), FINE);
    }

    #[test]
    fn a_crate_without_a_door_takes_from_std() {
        assert_eq!(
            lines_in(check, "crates/b/src/b.rs", "use std::sync::Mutex;\n", DOOR),
            FINE
        );
    }
}
