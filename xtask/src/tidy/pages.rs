//! A crate's README is its crate page, so that the example in it is a test.

use super::Finding;
use super::tree::Tree;

const INCLUDED: &str = "#![doc = include_str!(\"../README.md\")]";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.crates()
        .filter_map(|krate| page(tree, krate))
        .collect()
}

fn page(tree: &Tree, krate: &str) -> Option<Finding> {
    let readme = format!("crates/{krate}/README.md");
    if !tree.has(&readme) {
        return Some(Finding::new(
            readme,
            0,
            "is missing: every crate has a page",
        ));
    }
    let root = format!("crates/{krate}/src/lib.rs");
    let included = tree
        .file(&root)
        .is_some_and(|file| file.text.contains(INCLUDED));
    (!included).then(|| Finding::new(root, 1, format!("does not show its README: `{INCLUDED}`")))
}

#[cfg(test)]
mod tests {
    use super::super::samples::tree;
    use super::{INCLUDED, check};

    #[test]
    fn a_crate_without_a_readme_is_found() {
        let tree = tree(&[
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lib.rs", INCLUDED),
        ]);
        assert_eq!(check(&tree)[0].path, "crates/a/README.md");
    }

    #[test]
    fn a_readme_that_is_not_the_page_is_found() {
        let files = [
            ("crates/a/Cargo.toml", ""),
            ("crates/a/README.md", ""),
            ("crates/a/src/lib.rs", "//! A.\n"),
        ];
        assert_eq!(check(&tree(&files))[0].path, "crates/a/src/lib.rs");
    }

    #[test]
    fn a_readme_that_is_the_page_is_fine() {
        let files = [
            ("crates/a/Cargo.toml", ""),
            ("crates/a/README.md", ""),
            ("crates/a/src/lib.rs", INCLUDED),
        ];
        assert_eq!(check(&tree(&files)), []);
    }
}
