//! `cargo xtask tidy`: the checks that no lint can make, each in a file of its own with a bad and a good sample.
//!
//! | check | what it asks |
//! | --- | --- |
//! | [`headers`] | every `.rs` file starts with its module docs; none has more than 700 lines |
//! | [`sync_door`] | atomics, cells, locks and parks come through `sync.rs` where a crate has one |
//! | [`safety`] | `unsafe` only where it is allowed, always argued for |
//! | [`orderings`] | an ordering above `Relaxed` names its partner |
//! | [`honest_tests`] | no test sleeps or is ignored |
//! | [`pages`] | every crate's README is its crate page |
//! | [`layers`] | crates depend only downwards; every dependency has a reason |
//! | [`places`] | no path of one machine, no registry but the usual one |
//! | [`links`] | what a page links to exists |
//!
//! Lints see one configuration at a time; these read the text, so code under `cfg(loom)` is held to the same rules.

mod headers;
mod honest_tests;
mod layers;
mod links;
mod orderings;
mod pages;
mod places;
mod safety;
mod source;
mod sync_door;
mod tree;

use crate::process::{self, Failure};
use source::Source;
use std::fmt;
use tree::Tree;

/// One thing to mend.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    /// `line` counts from 1; 0 means the file as a whole.
    fn new(path: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Finding {
            path: path.into(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// Checks that read one Rust file.
const OF_A_SOURCE: &[fn(&Source, &Tree) -> Vec<Finding>] = &[
    sync_door::check,
    safety::check,
    orderings::check,
    honest_tests::check,
];

/// Checks that read any files, or all of them.
const OF_THE_TREE: &[fn(&Tree) -> Vec<Finding>] =
    &[headers::check, pages::check, places::check, links::check];

/// Runs every check on the workspace and prints what there is to mend.
pub(crate) fn run() -> Result<(), Failure> {
    let tree = Tree::read(process::root())?;
    let mut findings = check(&tree);
    findings.extend(layers::check(&layers::Packages::of_workspace()?, &tree));
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("tidy: {} files, nothing to mend", tree.files.len()),
        n => return Err(Failure::new(format!("tidy: to mend: {n}"))),
    }
    Ok(())
}

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = OF_THE_TREE.iter().flat_map(|check| check(tree)).collect();
    for file in tree.rust().filter(|file| !tree::is_ui_fixture(&file.path)) {
        match Source::parse(&file.path, &file.text) {
            Ok(source) => {
                findings.extend(OF_A_SOURCE.iter().flat_map(|check| check(&source, tree)))
            }
            Err(error) => {
                findings.push(Finding::new(&file.path, 0, format!("is not Rust: {error}")))
            }
        }
    }
    findings
}

/// What the tests of the checks are made of.
#[cfg(test)]
mod samples {
    use super::{Finding, Source, Tree};

    /// The lines with fault in a file that is as it should be.
    pub(super) const FINE: [usize; 0] = [];

    /// A tree of the given paths and texts.
    pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
        Tree::of(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned())),
        )
    }

    /// The lines that `check` finds fault with in a file of that path and text, in a tree with nothing else.
    pub(super) fn lines(
        check: fn(&Source, &Tree) -> Vec<Finding>,
        path: &str,
        text: &str,
    ) -> Vec<usize> {
        lines_in(check, path, text, &[])
    }

    /// Like [`lines`], in a tree that also has these files, all empty.
    pub(super) fn lines_in(
        check: fn(&Source, &Tree) -> Vec<Finding>,
        path: &str,
        text: &str,
        others: &[&str],
    ) -> Vec<usize> {
        let others: Vec<_> = others.iter().map(|path| (*path, "")).collect();
        let source = Source::parse(path, text).unwrap();
        check(&source, &tree(&others))
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_parses() {
        let tree = Tree::read(process::root()).unwrap();
        assert!(tree.rust().count() > 10, "the files were not found");
        let unparsable = |finding: &Finding| finding.what.starts_with("is not Rust");
        assert_eq!(check(&tree).into_iter().find(unparsable), None);
    }

    #[test]
    fn a_finding_leads_to_its_line() {
        assert_eq!(
            Finding::new("a.rs", 3, "is bad").to_string(),
            "a.rs:3: is bad"
        );
        assert_eq!(
            Finding::new("a.rs", 0, "is bad").to_string(),
            "a.rs: is bad"
        );
    }
}
