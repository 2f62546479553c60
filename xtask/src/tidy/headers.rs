//! Every file says what it is for, and is about one thing.

use super::Finding;
use super::tree::{File, Tree, is_ui_fixture};

/// Past this a file is about more than one thing.
const MOST_LINES: usize = 700;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|file| !is_ui_fixture(&file.path))
        .flat_map(|file| missing_docs(file).into_iter().chain(too_long(file)))
        .collect()
}

/// A crate page is module docs too: `#![doc = include_str!(..)]`.
fn missing_docs(file: &File) -> Option<Finding> {
    let first = file
        .text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let has_docs = first.starts_with("//!") || first.starts_with("#![doc = include_str!");
    (!has_docs).then(|| {
        Finding::new(
            &file.path,
            1,
            "does not start with module docs (`//!` what it is for, and why)",
        )
    })
}

fn too_long(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > MOST_LINES).then(|| {
        Finding::new(
            &file.path,
            lines,
            format!("has {lines} lines, over {MOST_LINES}: split it by subject"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::tree;
    use super::check;

    #[test]
    fn files_without_module_docs_are_found() {
        let tree = tree(&[
            ("a.rs", "use x;\n//! late\n"),
            ("crates/a/examples/b.rs", "fn main() {}\n"),
        ]);
        assert_eq!(check(&tree).len(), 2);
    }

    #[test]
    fn module_docs_or_a_crate_page_will_do() {
        let tree = tree(&[
            ("a.rs", "//! About a.\n"),
            ("lib.rs", "#![doc = include_str!(\"../README.md\")]\n"),
            ("crates/a/tests/ui/bad.rs", "fn main() {}\n"),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn a_file_over_the_limit_is_found() {
        let long = format!("//! Long.\n{}", "\n".repeat(super::MOST_LINES));
        assert_eq!(check(&tree(&[("a.rs", &long)])).len(), 1);
        let fits = format!("//! Fits.\n{}", "\n".repeat(super::MOST_LINES - 1));
        assert_eq!(check(&tree(&[("a.rs", &fits)])), []);
    }
}
