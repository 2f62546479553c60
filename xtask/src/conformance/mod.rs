//! `cargo xtask conformance`: the recorded asyncio programs, or new ones that a Python is asked about, run on tulipa; and
//! with `--coverage` the behaviours of asyncio, each beside the tests that hold tulipa to it.
//!
//! The interpreter is an example of the facade crate, built when it is asked for: `cargo xtask` itself does not wait for
//! tulipa to compile.

mod catalogue;
mod coverage;
mod id;
mod scan;

pub(crate) use coverage::run as coverage;

use crate::process::{self, Failure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Lies beside the interpreter.
const ORACLE: &str = "crates/tulipa/tests/conformance/oracle.py";

/// What an oracle must be: before 3.13 `uncancel` and `as_completed` were others.
const OLDEST: (&str, (u32, u32)) = ("cpython", (3, 13));

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run the vectors of FILE (JSON lines, or such a file with gzip) instead of the recorded ones.
    #[arg(long, value_name = "FILE", conflicts_with = "oracle")]
    vectors: Option<PathBuf>,
    /// On which flavour of the runtime. `multi` runs only the vectors that hold on several threads.
    #[arg(long, value_enum, default_value_t = Flavour::Deterministic)]
    flavour: Flavour,
    /// How many workers: threads of `multi` (4, if this is not said), simulated ones of `deterministic` (1).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    workers: Option<u32>,
    /// Run this vector alone.
    #[arg(long, value_name = "ID")]
    only: Option<String>,
    /// Show both accounts of each vector that differs, or of the one chosen.
    #[arg(long)]
    verbose: bool,
    /// Run each vector N times in a row, with another seed each time if there is one.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    repeat: u64,
    /// Have this Python (CPython 3.13 or newer: a name or a path) run new random programs, and compare with those.
    #[arg(long, value_name = "PYTHON")]
    oracle: Option<PathBuf>,
    /// What determines the oracle's programs. Without an oracle, has the deterministic flavour run what is ready in another order
    /// than asyncio's: then only the vectors are run that hold in any.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// How many programs the oracle is to find.
    #[arg(long, value_name = "N", default_value_t = 100, requires = "oracle")]
    count: u32,
    /// Run nothing: print which tests carry each behaviour of the catalogue. One without a test or a reason is an error.
    #[arg(long, exclusive = true)]
    coverage: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Flavour {
    Deterministic,
    CurrentThread,
    Multi,
}

/// Runs what `options` choose. The interpreter prints its line; what differs is a failure.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    if options.coverage {
        return coverage();
    }
    let asked = match &options.oracle {
        Some(python) => Some(ask(python, options.seed.unwrap_or(0), options.count)?),
        None => None,
    };
    process::run(&mut interpreter(
        options,
        asked.as_ref().or(options.vectors.as_ref()),
    )?)
}

/// The recorded programs on each flavour, and on one, two and four threads: a line for each.
pub(crate) fn on_each_flavour() -> Result<(), Failure> {
    let one_thread = [Flavour::Deterministic, Flavour::CurrentThread].map(|one| (one, None));
    let several = [1, 2, 4].map(|workers| (Flavour::Multi, Some(workers)));
    for (flavour, workers) in one_thread.into_iter().chain(several) {
        run(&Options::recorded(flavour, workers))?;
    }
    Ok(())
}

impl Options {
    /// The recorded programs, once.
    fn recorded(flavour: Flavour, workers: Option<u32>) -> Self {
        Self {
            vectors: None,
            flavour,
            workers,
            only: None,
            verbose: false,
            repeat: 1,
            oracle: None,
            seed: None,
            count: 0,
            coverage: false,
        }
    }
}

/// The interpreter, with what it is to do. It starts at the root: a relative path is ours, not its.
fn interpreter(options: &Options, vectors: Option<&PathBuf>) -> Result<Command, Failure> {
    let mut command = process::cargo("run");
    command.args(["--quiet", "--release", "--package", "tulipa"]);
    command.args(["--example", "conformance", "--"]);
    if let Some(file) = vectors {
        let here = |e| Failure::new(format!("cannot tell where {} is: {e}", file.display()));
        command
            .arg("--vectors")
            .arg(std::path::absolute(file).map_err(here)?);
    }
    let flavour = match options.flavour {
        Flavour::Deterministic => "deterministic",
        Flavour::CurrentThread => "current-thread",
        Flavour::Multi => "multi",
    };
    command.args(["--flavour", flavour]);
    if let Some(workers) = options.workers {
        command.args(["--workers", &workers.to_string()]);
    }
    if let Some(id) = &options.only {
        command.args(["--only", id]);
    }
    if options.verbose {
        command.arg("--verbose");
    }
    command.args(["--repeat", &options.repeat.to_string()]);
    if let (Some(seed), None) = (options.seed, &options.oracle) {
        command.args(["--seed", &seed.to_string()]);
    }
    Ok(command)
}

/// Has `python` write vectors to a file, and says where that is.
fn ask(python: &Path, seed: u64, count: u32) -> Result<PathBuf, Failure> {
    check_version(python)?;
    let (seed, count) = (seed.to_string(), count.to_string());
    let mut oracle = Command::new(python);
    oracle.arg(process::root().join(ORACLE));
    oracle.args(["--seed", &seed, "--count", &count]);
    let vectors = process::read(&mut oracle)?;

    let folder = folder();
    let file = folder.join(format!("oracle-{seed}-{count}.jsonl"));
    let failed = |e| Failure::new(format!("cannot write {}: {e}", file.display()));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, vectors))
        .map_err(failed)?;
    Ok(file)
}

/// Where such files are kept, beside what cargo builds: a difference can be looked into with `--vectors`.
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target
        .map_or_else(|| process::root().join("target"), PathBuf::from)
        .join("conformance")
}

/// Asked in words that any Python understands.
fn check_version(python: &Path) -> Result<(), Failure> {
    let question = "import sys; print(sys.implementation.name, *sys.version_info[:2])";
    let remedy =
        "the oracle needs CPython 3.13 or newer: give its name or path, `--oracle python3.13`";
    let name = python.display();
    let answer = Command::new(python).args(["-c", question]).output();
    let answer =
        answer.map_err(|e| Failure::new(format!("{name} cannot be run ({e}); {remedy}")))?;
    let version = String::from_utf8_lossy(&answer.stdout);
    match is_new_enough(&version) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::new(format!(
            "{name} is {}; {remedy}",
            version.trim()
        ))),
        None => Err(Failure::new(format!("{name} is no Python; {remedy}"))),
    }
}

/// `None`: this is not what a Python answers.
fn is_new_enough(version: &str) -> Option<bool> {
    let mut words = version.split_whitespace();
    let name = words.next()?;
    let mut number = || words.next()?.parse::<u32>().ok();
    let version = (number()?, number()?);
    Some(name == OLDEST.0 && version >= OLDEST.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn arguments(line: &[&str]) -> Vec<String> {
        let words = ["conformance"].iter().chain(line);
        let options = Line::parse_from(words).options;
        let command = interpreter(&options, options.vectors.as_ref()).unwrap();
        command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn the_recorded_vectors_are_run_by_default() {
        let arguments = arguments(&[]);
        assert!(!arguments.iter().any(|argument| argument == "--vectors"));
        assert!(!arguments.iter().any(|argument| argument == "--seed"));
    }

    #[test]
    fn flags_reach_the_interpreter() {
        let arguments = arguments(&[
            "--flavour",
            "multi",
            "--workers",
            "4",
            "--only",
            "a-1-00001",
        ]);
        let has = |pair: [&str; 2]| arguments.windows(2).any(|two| two == pair);
        assert!(
            has(["--flavour", "multi"]) && has(["--workers", "4"]) && has(["--only", "a-1-00001"])
        );
    }

    #[test]
    fn a_seed_is_the_oracles_if_there_is_one() {
        let has_seed = |line: &[&str]| arguments(line).windows(2).any(|two| two == ["--seed", "7"]);
        assert!(has_seed(&["--seed", "7"]));
        assert!(!has_seed(&["--seed", "7", "--oracle", "python3.13"]));
    }

    #[test]
    fn a_relative_file_is_the_callers() {
        let arguments = arguments(&["--vectors", "more.jsonl"]);
        let at = arguments
            .iter()
            .position(|argument| argument == "--vectors");
        assert!(Path::new(&arguments[at.unwrap() + 1]).is_absolute());
    }

    #[test]
    fn an_old_or_foreign_python_is_no_oracle() {
        assert_eq!(is_new_enough("cpython 3 13\n"), Some(true));
        assert_eq!(is_new_enough("cpython 3 12"), Some(false));
        assert_eq!(is_new_enough("cpython 2 7"), Some(false));
        assert_eq!(is_new_enough("pypy 3 13"), Some(false));
        assert_eq!(is_new_enough("no such file"), None);
    }

    #[test]
    fn a_python_that_is_not_there_is_named_with_the_remedy() {
        let failure = check_version(Path::new("no-such-python")).unwrap_err();
        let text = failure.to_string();
        assert!(
            text.contains("no-such-python") && text.contains("3.13"),
            "{text}"
        );
    }

    #[test]
    fn the_oracle_is_there() {
        assert!(process::root().join(ORACLE).is_file());
    }
}
