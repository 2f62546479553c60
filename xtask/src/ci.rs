//! `cargo xtask ci`: the steps in order. Warnings are errors here, and only here.
//!
//! A step that fails does not stop the others: one run tells all that is wrong.

use crate::process::{self, Failure};
use crate::tally::Tally;
use crate::{conformance, docs, loom, test, tidy};
use std::fmt;
use std::time::{Duration, Instant};

type Step = (&'static str, fn(&mut Tally) -> Result<(), Failure>);

/// Cheap ones first, so that a slip is told early.
const STEPS: &[Step] = &[
    ("format", |_| {
        process::run(process::cargo("fmt").args(["--all", "--check"]))
    }),
    ("tidy", |_| tidy::run()),
    ("coverage", |_| conformance::coverage()),
    ("clippy", |_| clippy()),
    ("docs", |_| docs::api()),
    ("tests", |tally| {
        test::run_into(&test::Options::default(), tally)
    }),
    ("vectors", |_| conformance::on_each_flavour()),
    ("loom", |tally| {
        loom::run_into(&loom::Options::default(), tally)
    }),
];

/// Runs all steps and prints what became of each.
pub(crate) fn run() -> Result<(), Failure> {
    let mut tally = Tally::default();
    let reports: Vec<Report> = STEPS
        .iter()
        .map(|step| run_step(step, &mut tally))
        .collect();
    println!("\nsummary");
    for report in &reports {
        println!("{report}");
    }
    tally.print();
    let failed: Vec<&str> = reports
        .iter()
        .filter(|r| r.failure.is_some())
        .map(|r| r.name)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("failed: {}", failed.join(", "))))
}

/// What became of one step.
struct Report {
    name: &'static str,
    took: Duration,
    failure: Option<Failure>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<8}{:>7.1} s  ", self.name, self.took.as_secs_f64())?;
        match &self.failure {
            None => f.write_str("ok"),
            Some(failure) => write!(f, "FAILED: {failure}"),
        }
    }
}

fn run_step(&(name, step): &Step, tally: &mut Tally) -> Report {
    println!("\n== {name}");
    let start = Instant::now();
    let failure = step(tally).err();
    Report {
        name,
        took: start.elapsed(),
        failure,
    }
}

fn clippy() -> Result<(), Failure> {
    process::run(process::cargo("clippy").args([
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_told_with_its_reason() {
        let step: Step = ("walk", |_| Err(Failure::new("it rained")));
        let report = run_step(&step, &mut Tally::default());
        assert!(
            report.to_string().ends_with("FAILED: it rained"),
            "{report}"
        );
    }

    #[test]
    fn a_step_that_passed_adds_its_tests() {
        let mut tally = Tally::default();
        let step: Step = ("count", |tally| {
            tally.add(Tally {
                passed: 3,
                ..Tally::default()
            });
            Ok(())
        });
        assert!(run_step(&step, &mut tally).to_string().ends_with("ok"));
        assert_eq!(tally.passed, 3);
    }
}
