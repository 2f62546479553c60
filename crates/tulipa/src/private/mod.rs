//! What the macros expand to. Not for use by hand.

pub mod gather;

use crate::{Builder, RunError};
use std::future::Future;
use std::process;

/// The exit status of a program that SIGINT ended: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// Runs a program's main task.
///
/// `TULIPA_TIME=virtual` and `TULIPA_WORKERS=n` in the environment change the clock and the number of workers, so that a
/// whole program can be tried under virtual time.
#[track_caller]
pub fn main<F>(builder: Builder, main: F) -> F::Output
where
    F: Future + 'static,
    F::Output: 'static,
{
    match from_environment(builder.ctrl_c(true)).run(main) {
        Ok(output) => output,
        Err(RunError::Interrupted) => process::exit(INTERRUPTED),
        Err(error) => {
            eprintln!("tulipa: {error}");
            process::exit(1);
        }
    }
}

/// Runs a test. `TULIPA_TEST_SEED` and `TULIPA_TEST_WORKERS` in the environment have the last word.
#[track_caller]
pub fn test<F>(mut builder: Builder, body: impl FnOnce() -> F) -> F::Output
where
    F: Future + 'static,
    F::Output: 'static,
{
    if let Some(seed) = number("TULIPA_TEST_SEED") {
        builder = builder.seed(seed);
    }
    if let Some(workers) = number("TULIPA_TEST_WORKERS") {
        builder = builder.workers(usize::try_from(workers).unwrap_or(usize::MAX));
    }
    match builder.run(body()) {
        Ok(output) => output,
        Err(error) => panic!("{error}"),
    }
}

fn from_environment(mut builder: Builder) -> Builder {
    if std::env::var_os("TULIPA_TIME").is_some_and(|time| time == "virtual") {
        builder = builder.virtual_time(true);
    }
    if let Some(workers) = number("TULIPA_WORKERS") {
        builder = builder.workers(usize::try_from(workers).unwrap_or(usize::MAX));
    }
    builder
}

/// A number from the environment; one that is none ends the program, rather than be passed over.
fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    match value.parse() {
        Ok(number) => Some(number),
        Err(error) => panic!("{variable}={value} is no number: {error}"),
    }
}
