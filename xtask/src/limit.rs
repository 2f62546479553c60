//! A time limit for one program. `cargo test` has none: a test that hangs would hang the run.
//!
//! Cargo starts every test binary through the `runner` that [`crate::test`] configures, which is this command:
//! the limit holds for each binary, doc tests included, without nextest. The binary is killed, and named.

use crate::process::Failure;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// What `timeout(1)` exits with too.
const TIMED_OUT: u8 = 124;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long the program may run.
    seconds: u64,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Runs the program; the exit code is the program's own, or 124 if it had to be killed.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let (program, arguments) = options
        .command
        .split_first()
        .expect("clap requires a program");
    let child = Command::new(program)
        .args(arguments)
        .spawn()
        .map_err(|e| Failure::new(format!("cannot start {}: {e}", program.display())))?;
    let limit = Duration::from_secs(options.seconds);
    match wait(child, limit)
        .map_err(|e| Failure::new(format!("cannot wait for {}: {e}", program.display())))?
    {
        Some(status) => Ok(exit_code(status)),
        None => {
            eprintln!(
                "error: {} was killed after {} s: a test in it hangs (the one announced above as \"running for over \
                 60 seconds\", if any); run it alone with `cargo xtask test NAME` to find out",
                Path::new(program).display(),
                options.seconds
            );
            Ok(ExitCode::from(TIMED_OUT))
        }
    }
}

/// The status of `child`, or `None` if it was still running after `limit` and was killed.
///
/// Looks again and again, at first often: `std` has no wait with a deadline, and a thread in `wait` could not be
/// asked to kill.
fn wait(mut child: Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::park_timeout(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// The program's own code; one that ended by a signal has none, and failed.
fn exit_code(status: ExitStatus) -> ExitCode {
    match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        Some(Err(_)) => ExitCode::FAILURE,
        None => {
            eprintln!("error: the test binary died: {status}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;
    use std::process::Stdio;

    /// This test binary, asked to run the one test of that name.
    fn this_test(name: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", name])
            .stdout(Stdio::null())
            .stdin(Stdio::piped());
        command
    }

    #[test]
    fn a_program_that_ends_in_time_keeps_its_status() {
        let child = process::cargo("--version")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        assert!(
            wait(child, Duration::from_secs(600))
                .unwrap()
                .unwrap()
                .success()
        );
    }

    #[test]
    fn a_program_that_hangs_is_killed() {
        // The child reads a pipe whose other end is held open here: it ends only by being killed.
        let mut child = this_test("limit::tests::reads_until_its_input_ends")
            .env("XTASK_HANG", "1")
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        assert_eq!(wait(child, Duration::ZERO).unwrap(), None);
        drop(input);
    }

    /// The body of the child above; on its own it has nothing to read.
    #[test]
    fn reads_until_its_input_ends() {
        if std::env::var_os("XTASK_HANG").is_some() {
            std::io::read_to_string(std::io::stdin()).unwrap();
        }
    }
}
