//! `cargo xtask conformance --coverage`: each behaviour of asyncio beside the tests that carry its number, or beside the
//! reason why it has none.
//!
//! A test carries a number in its name or in its doc comment. That it fails when the behaviour is broken cannot be read
//! off its source; the rest can.

use super::catalogue::{self, CATALOGUE, Catalogue, DIVERGENCES};
use super::id::{self, Id};
use super::scan::{self, Test};
use crate::process::{self, Failure};
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// Prints the table. A behaviour with neither a test nor a reason is a failure, and so is a number that there is not.
pub(crate) fn run() -> Result<(), Failure> {
    let root = process::root();
    let catalogue = Catalogue::read(&read(root, CATALOGUE)?)?;
    let divergences = catalogue::divergences(&read(root, DIVERGENCES)?);
    let table = Table::new(&catalogue, divergences, &tests_of(root)?);
    print!("{table}");
    println!("{}", table.summary());
    table.check()
}

fn read(root: &Path, path: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(root.join(path));
    text.map_err(|e| Failure::new(format!("cannot read {path}: {e}")))
}

/// The tests of every crate: those in its sources, and each of its integration test binaries.
fn tests_of(root: &Path) -> Result<Vec<Test>, Failure> {
    let failed = |e: io::Error| Failure::new(format!("cannot list the tests: {e}"));
    let read = |path: &str| fs::read_to_string(root.join(path)).ok();
    let mut tests = Vec::new();
    for krate in names(&root.join("crates")).map_err(failed)? {
        let folder = format!("crates/{krate}");
        tests.extend(scan::tests(&format!("{folder}/src/lib.rs"), &krate, &read)?);
        for binary in names(&root.join(&folder).join("tests")).map_err(failed)? {
            let name = binary.trim_end_matches(".rs");
            let roots =
                [&binary, &format!("{binary}/main.rs")].map(|r| format!("{folder}/tests/{r}"));
            if let Some(path) = roots.iter().find(|path| root.join(path).is_file()) {
                tests.extend(scan::tests(path, &format!("{krate}::{name}"), &read)?);
            }
        }
    }
    Ok(tests)
}

/// What lies in a folder, sorted; nothing in one that there is not.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// All behaviours, and what is wrong.
struct Table {
    rows: Vec<Row>,
    /// Numbers that are mentioned and not in the catalogue, with where.
    strays: Vec<String>,
}

struct Row {
    id: Id,
    tests: Vec<String>,
    divergence: Option<String>,
    ruled_out: Option<String>,
}

impl Table {
    fn new(catalogue: &Catalogue, mut divergences: HashMap<Id, String>, tests: &[Test]) -> Self {
        let mut carried: HashMap<Id, Vec<String>> = HashMap::new();
        for test in tests {
            for id in carried_by(test, catalogue) {
                let paths = carried.entry(id).or_default();
                if !paths.contains(&test.path) {
                    paths.push(test.path.clone());
                }
            }
        }
        let rows = catalogue.ids().map(|id| Row {
            id: id.clone(),
            tests: carried.remove(id).unwrap_or_default(),
            divergence: divergences.remove(id),
            ruled_out: catalogue.ruled_out(id).map(str::to_owned),
        });
        let rows = rows.collect();
        let tests = carried
            .iter()
            .flat_map(|(id, paths)| paths.iter().map(move |path| (id, path)));
        let mut strays: Vec<String> = tests.map(|(id, path)| format!("{id} in {path}")).collect();
        strays.extend(
            divergences
                .keys()
                .map(|id| format!("{id} in {DIVERGENCES}")),
        );
        strays.sort();
        Table { rows, strays }
    }

    fn summary(&self) -> String {
        let count = |which: fn(&Row) -> bool| self.rows.iter().filter(|row| which(row)).count();
        format!(
            "covered {} of {} behaviours: {} by tests, {} as divergences only; {} do not apply",
            count(|row| row.is_in_scope() && row.is_covered()),
            count(Row::is_in_scope),
            count(|row| row.is_in_scope() && !row.tests.is_empty()),
            count(|row| row.is_in_scope() && row.tests.is_empty() && row.divergence.is_some()),
            count(|row| !row.is_in_scope()),
        )
    }

    fn check(&self) -> Result<(), Failure> {
        let missing = self
            .rows
            .iter()
            .filter(|row| row.is_in_scope() && !row.is_covered());
        let missing: Vec<String> = missing.map(|row| row.id.to_string()).collect();
        let mut wrong = Vec::new();
        if !missing.is_empty() {
            wrong.push(format!(
                "neither a test nor a divergence: {}",
                missing.join(", ")
            ));
        }
        if !self.strays.is_empty() {
            wrong.push(format!("not in {CATALOGUE}: {}", self.strays.join(", ")));
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(Failure::new(wrong.join("; "))),
        }
    }
}

fn carried_by(test: &Test, catalogue: &Catalogue) -> Vec<Id> {
    let mut ids = id::mentioned(&test.doc);
    ids.extend(id::named(&test.name, |area| catalogue.has_area(area)));
    ids
}

impl Row {
    fn is_in_scope(&self) -> bool {
        self.ruled_out.is_none()
    }

    fn is_covered(&self) -> bool {
        !self.tests.is_empty() || self.divergence.is_some()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl fmt::Display for Row {
    /// The first thing beside the ID, the others below it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why_not = self
            .ruled_out
            .iter()
            .map(|why| format!("not applicable: {why}"));
        let divergence = self.divergence.iter().map(|why| format!("diverges: {why}"));
        let beside = why_not.chain(divergence).chain(self.tests.iter().cloned());
        let mut beside: Vec<String> = beside.collect();
        if beside.is_empty() {
            beside.push("NOTHING".to_owned());
        }
        write!(f, "{:<6} {}", self.id.to_string(), beside.join("\n       "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str =
        "## Areas\n| G | 3 | gather |\n## Ruled out\n| G-03 | it does not compile |\n";

    fn table(tests: &[(&str, &str)], divergences: &str) -> Table {
        let catalogue = Catalogue::read(CATALOGUE).unwrap();
        let test = |(name, doc): &(&str, &str)| Test {
            path: format!("a::it::{name}"),
            name: (*name).to_owned(),
            doc: (*doc).to_owned(),
        };
        let tests: Vec<Test> = tests.iter().map(test).collect();
        Table::new(&catalogue, catalogue::divergences(divergences), &tests)
    }

    #[test]
    fn every_behaviour_has_its_row() {
        let table = table(&[("a", "G-01"), ("g_01_b", "")], "| G-02 | that | so |\n");
        let expected = "G-01   a::it::a\n       a::it::g_01_b\nG-02   diverges: so\n\
            G-03   not applicable: it does not compile\n";
        assert_eq!(table.to_string(), expected);
        table.check().unwrap();
        assert_eq!(
            table.summary(),
            "covered 2 of 2 behaviours: 1 by tests, 1 as divergences only; 1 do not apply"
        );
    }

    #[test]
    fn a_behaviour_with_nothing_is_a_failure() {
        let failure = table(&[("a", "G-01")], "").check().unwrap_err();
        assert!(
            failure.to_string().ends_with("divergence: G-02"),
            "{failure}"
        );
    }

    #[test]
    fn a_number_that_there_is_not_is_a_failure() {
        let covered = "| G-02, G-04 | that | so |\n";
        let failure = table(&[("a", "G-01"), ("b", "TC-99")], covered)
            .check()
            .unwrap_err();
        let text = failure.to_string();
        assert!(
            text.contains("TC-99 in a::it::b") && text.contains("G-04 in docs"),
            "{text}"
        );
    }

    #[test]
    fn the_tests_of_the_workspace_are_found() {
        let tests = tests_of(process::root()).unwrap();
        let is_there = |path: &str| tests.iter().any(|test| test.path == path);
        assert!(is_there(
            "tulipa-task::it::eager::from_outside_of_the_executor_it_begins_there"
        ));
        assert!(tests.len() > 500, "{}", tests.len());
    }
}
