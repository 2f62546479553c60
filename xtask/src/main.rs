//! `cargo xtask`: what a developer and CI run, the same on every machine that has a Rust toolchain.
//!
//! This file is the flags and the dispatch; each command has a module of its own.

#![forbid(unsafe_code)]
#![allow(
    clippy::print_stdout,
    reason = "a command line tool talks on standard output"
)]

mod bench;
mod ci;
mod conformance;
mod docs;
mod limit;
mod loom;
mod process;
mod tally;
mod test;
mod tidy;

use clap::{Parser, Subcommand};
use process::Failure;
use std::process::ExitCode;

/// Development tasks of the tulipa workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Runs every test, doc tests included.
    Test(test::Options),
    /// Runs all that must pass before a change lands: format, tidy, coverage, clippy, docs, tests, vectors, loom.
    Ci,
    /// Measures tulipa beside its peers: a table, a page in target/bench, and JSON if asked for.
    Bench(bench::Options),
    /// Explores the loom models of the crates that have some.
    Loom(loom::Options),
    /// Compares tulipa with CPython's asyncio, on recorded programs or new ones.
    Conformance(conformance::Options),
    /// Runs the checks that no lint can make.
    Tidy,
    /// Builds the API docs with warnings as errors, runs the book's Python programs, and builds it where mdbook is installed.
    Docs,
    /// Runs one program and kills it when its time is up; what `cargo` starts test binaries with.
    #[command(hide = true)]
    Limit(limit::Options),
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().task) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(task: Task) -> Result<ExitCode, Failure> {
    match task {
        Task::Limit(options) => return limit::run(&options),
        Task::Test(options) => test::run(&options)?.print(),
        Task::Loom(options) => loom::run(&options)?.print(),
        Task::Bench(options) => bench::run(&options)?,
        Task::Ci => ci::run()?,
        Task::Conformance(options) => conformance::run(&options)?,
        Task::Tidy => tidy::run()?,
        Task::Docs => docs::run()?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
