//! `cargo xtask test`: every test, by plain `cargo test` and a time limit.

use crate::process::{self, Failure};
use crate::tally::Tally;
use std::process::Command;

/// How long one test binary may run; the slowest takes a fraction of it on two busy cores.
const LIMIT_SECONDS: u64 = 600;

/// The one package without a library: asked for its doc tests alone, cargo would complain.
const PROGRAM: &str = env!("CARGO_PKG_NAME");

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Build with optimisations.
    #[arg(long)]
    release: bool,
    /// Run everything N times in a row and stop at the first failure; doc tests run once.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Worker threads for tests that do not fix a number of their own (sets TULIPA_TEST_WORKERS).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    workers: Option<u32>,
    /// Only this package; may be given more than once.
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// Only tests whose name contains this.
    filter: Option<String>,
}

/// Runs the tests that `options` choose and says how many there were.
pub(crate) fn run(options: &Options) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    run_into(options, &mut tally)?;
    Ok(tally)
}

/// Like [`run`], with a count even of a run that fails.
pub(crate) fn run_into(options: &Options, tally: &mut Tally) -> Result<(), Failure> {
    process::run(&mut examples(options))?;
    for round in 1..=options.repeat.max(1) {
        if options.repeat > 1 {
            println!("\nround {round} of {}", options.repeat);
        }
        process::run_tests(targets(options)?.args(&options.filter), tally)
            .map_err(|e| Failure::new(format!("{e} in round {round}")))?;
    }
    if options.package.iter().all(|name| name == PROGRAM) && !options.package.is_empty() {
        return Ok(());
    }
    process::run_tests(doc_tests(options)?.args(&options.filter), tally)
}

/// The examples as programs, which tests start. `--all-targets` would build them as tests, under other names.
fn examples(options: &Options) -> Command {
    let mut command = process::cargo("build");
    command.arg("--examples");
    choose(&mut command, options);
    command
}

/// Unit and integration tests, and each criterion bench once: under `cargo test` it does not measure.
fn targets(options: &Options) -> Result<Command, Failure> {
    let mut command = cargo_test(options)?;
    command.args(["--lib", "--bins", "--tests", "--benches", "--no-fail-fast"]);
    Ok(command)
}

/// The targets above leave these out, and cargo takes them only alone. Under a runner, rustdoc runs the tests of a
/// crate in one process and says so: as integration tests do, they must bear company.
fn doc_tests(options: &Options) -> Result<Command, Failure> {
    let mut command = cargo_test(options)?;
    command.args(["--doc", "--no-fail-fast"]);
    Ok(command)
}

fn cargo_test(options: &Options) -> Result<Command, Failure> {
    let mut command = process::cargo("test");
    limit_each_binary(&mut command)?;
    choose(&mut command, options);
    if let Some(workers) = options.workers {
        command.env("TULIPA_TEST_WORKERS", workers.to_string());
    }
    Ok(command)
}

/// The packages, and how they are built.
fn choose(command: &mut Command, options: &Options) {
    if options.package.is_empty() {
        command.arg("--workspace");
    }
    for package in &options.package {
        command.args(["--package", package]);
    }
    if options.release {
        command.arg("--release");
    }
}

/// Makes cargo start every test binary through `xtask limit`.
pub(crate) fn limit_each_binary(command: &mut Command) -> Result<(), Failure> {
    let xtask = std::env::current_exe()
        .map_err(|e| Failure::new(format!("cannot find the xtask binary: {e}")))?;
    let runner = [
        xtask.to_string_lossy().into_owned(),
        "limit".into(),
        LIMIT_SECONDS.to_string(),
    ];
    command
        .arg("--config")
        .arg(format!("target.'cfg(all())'.runner={runner:?}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(command: &Command) -> Vec<String> {
        command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn everything_is_tested_by_default() {
        let command = targets(&Options::default()).unwrap();
        let arguments = arguments(&command);
        assert!(arguments.iter().any(|a| a == "--workspace"));
        for kind in ["--lib", "--bins", "--tests", "--benches"] {
            assert!(arguments.iter().any(|a| a == kind));
        }
        assert!(!arguments.iter().any(|a| a == "--release"));
    }

    #[test]
    fn a_package_narrows_the_run() {
        let options = Options {
            package: vec!["tulipa-task".into()],
            release: true,
            ..Options::default()
        };
        let arguments = arguments(&doc_tests(&options).unwrap());
        assert!(!arguments.iter().any(|a| a == "--workspace"));
        assert!(
            arguments
                .windows(2)
                .any(|pair| pair == ["--package", "tulipa-task"])
        );
        assert!(arguments.iter().any(|a| a == "--release"));
    }

    #[test]
    fn the_number_of_workers_reaches_the_tests() {
        let command = targets(&Options {
            workers: Some(8),
            ..Options::default()
        })
        .unwrap();
        let workers = command
            .get_envs()
            .find(|(name, _)| *name == "TULIPA_TEST_WORKERS");
        assert_eq!(workers.and_then(|(_, value)| value), Some("8".as_ref()));
    }

    #[test]
    fn test_binaries_run_under_a_limit() {
        let arguments = arguments(&targets(&Options::default()).unwrap());
        let runner = arguments.iter().find(|a| a.starts_with("target.")).unwrap();
        assert!(runner.contains("\"limit\", \"600\""), "{runner}");
    }
}
