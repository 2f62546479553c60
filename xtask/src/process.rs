//! Child processes: what every command here is made of.

use crate::tally::Tally;
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// Why a command ended badly, as one sentence for a person.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Failure(what.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies inside the workspace")
}

/// `cargo <subcommand>` at the root: the same cargo that started us, so that a chosen toolchain stays chosen.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).arg(subcommand);
    command
}

/// Runs `command` to its end, its output passed on as it comes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    announce(command);
    let status = command.status().map_err(|e| cannot_start(command, &e))?;
    check(command, status)
}

/// Like [`run`], and adds to `tally` the tests that the output says were run.
pub(crate) fn run_tests(command: &mut Command, tally: &mut Tally) -> Result<(), Failure> {
    announce(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| cannot_start(command, &e))?;
    let output = child.stdout.take().expect("standard output was just piped");
    let passed_on = pass_on(BufReader::new(output), io::stdout(), tally);
    let status = child.wait().map_err(|e| cannot_start(command, &e))?;
    passed_on.map_err(|e| Failure::new(format!("cannot pass on the output of a test: {e}")))?;
    check(command, status)
}

/// Runs `command` quietly and returns what it wrote to standard output.
pub(crate) fn read(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| cannot_start(command, &e))?;
    check(command, output.status)?;
    Ok(output.stdout)
}

fn pass_on(output: impl BufRead, mut to: impl Write, tally: &mut Tally) -> io::Result<()> {
    for line in output.split(b'\n') {
        let line = line?;
        to.write_all(&line)?;
        to.write_all(b"\n")?;
        tally.read_line(&String::from_utf8_lossy(&line));
    }
    to.flush()
}

fn announce(command: &Command) {
    eprintln!("$ {}", shown(command));
}

fn check(command: &Command, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` failed ({status})",
        shown(command)
    )))
}

fn cannot_start(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!("`{}` could not be run: {error}", shown(command)))
}

/// The command as one would type it: with the variables it sets, without the path of its program and the
/// configuration that no person needs.
fn shown(command: &Command) -> String {
    let mut words: Vec<String> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| format!("{}={:?}", name.to_string_lossy(), value.to_string_lossy()))
        .collect();
    let program = Path::new(command.get_program());
    words.push(
        program
            .file_stem()
            .unwrap_or(program.as_os_str())
            .to_string_lossy()
            .into_owned(),
    );
    let mut arguments = command.get_args();
    while let Some(argument) = arguments.next() {
        match argument.to_string_lossy() {
            config if config == "--config" => drop(arguments.next()),
            argument => words.push(argument.into_owned()),
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/some/where/cargo");
        command
            .env("RUSTFLAGS", "--cfg loom")
            .args(["test", "--config", "a='b'", "-p", "x"]);
        assert_eq!(shown(&command), "RUSTFLAGS=\"--cfg loom\" cargo test -p x");
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let failure = run(cargo("no-such-subcommand").stderr(Stdio::null())).unwrap_err();
        assert!(
            failure
                .to_string()
                .contains("`cargo no-such-subcommand` failed"),
            "{failure}"
        );
    }

    #[test]
    fn output_is_counted_as_it_passes() {
        let output = "running 3 tests\ntest result: ok. 2 passed; 0 failed; 1 ignored;\n";
        let (mut tally, mut to) = (Tally::default(), Vec::new());
        pass_on(output.as_bytes(), &mut to, &mut tally).unwrap();
        assert_eq!(to, output.as_bytes());
        assert_eq!((tally.passed, tally.ignored), (2, 1));
    }
}
