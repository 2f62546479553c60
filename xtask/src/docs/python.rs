//! The Python programs of the book, run where there is a Python to run them.

use super::book;
use crate::process::{self, Failure};
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Lies beside the pages.
const PROGRAM: &str = "docs/check_python.py";

/// Before 3.13 `as_completed` and `uncancel` were others.
const IS_NEW_ENOUGH: &str = "import sys; sys.exit(sys.version_info < (3, 13))";

/// Names under which a new Python may be found on the path.
const NAMES: [&str; 5] = [
    "python3",
    "python",
    "python3.13",
    "python3.14",
    "python3.15",
];

/// What became of the check.
#[derive(Debug)]
pub(super) enum Checked {
    /// The programs were run and are true.
    Run(String),
    NoPython,
}

/// Runs the Python programs of all pages.
///
/// # Errors
///
/// If one of them is not true; which, and why, is on standard error.
pub(super) fn check() -> Result<Checked, Failure> {
    let Some(python) = find() else {
        return Ok(Checked::NoPython);
    };
    let mut command = Command::new(python);
    command.current_dir(process::root()).arg(PROGRAM);
    let said = process::read(command.args(book::pages()?))?;
    Ok(Checked::Run(
        String::from_utf8_lossy(&said).trim_end().to_owned(),
    ))
}

/// The first that is new enough: of the one that `PYTHON` names, those on the path, and those that pyenv keeps.
fn find() -> Option<PathBuf> {
    let named = env::var_os("PYTHON").map(PathBuf::from);
    let on_the_path = NAMES.iter().map(PathBuf::from);
    let mut candidates = named.into_iter().chain(on_the_path).chain(kept_by_pyenv());
    candidates.find(|python| is_new_enough(python))
}

fn is_new_enough(python: &Path) -> bool {
    let mut question = Command::new(python);
    question.args(["-c", IS_NEW_ENOUGH]);
    question.stdout(Stdio::null()).stderr(Stdio::null());
    question.status().is_ok_and(|status| status.success())
}

fn kept_by_pyenv() -> Vec<PathBuf> {
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| Some(env::home_dir()?.join(".pyenv")));
    let versions = root.and_then(|root| root.join("versions").read_dir().ok());
    let folders = versions.into_iter().flatten().flatten();
    folders
        .map(|folder| folder.path().join("bin/python3"))
        .collect()
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(said) => f.write_str(said),
            Self::NoPython => f.write_str(
                "no Python 3.13 or later was found, so the Python programs of the book were not run \
                 (PYTHON=path names one)",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PROGRAM, check};
    use crate::process::{self, Failure};
    use std::io::Write as _;
    use std::path::Path;

    /// What was not run is told past the test's captured output.
    #[test]
    fn the_programs_of_the_book_are_true() -> Result<(), Failure> {
        let checked = check()?;
        let told = writeln!(std::io::stderr(), "{checked}");
        told.map_err(|e| Failure::new(format!("standard error is closed: {e}")))
    }

    #[test]
    fn the_program_is_there() {
        assert!(process::root().join(Path::new(PROGRAM)).is_file());
    }
}
