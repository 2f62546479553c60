//! `cargo xtask docs`: the API docs, private items too so that internal links are checked, and the book, whose Python
//! programs are run. Its Rust programs are doc tests of the facade.

mod book;
mod python;

use crate::process::{self, Failure};
use std::io;
use std::process::{Command, Stdio};

/// Builds and checks all of it. What a machine lacks is left out, and that is said: a toolchain must be enough.
pub(crate) fn run() -> Result<(), Failure> {
    api()?;
    println!("{}", python::check()?);
    match Command::new("mdbook")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
    {
        Ok(_) => process::run(
            Command::new("mdbook")
                .current_dir(process::root())
                .args(["build", "docs"]),
        ),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            println!(
                "mdbook is not installed, so the book was not built (`cargo install mdbook` brings it)"
            );
            Ok(())
        }
        Err(e) => Err(Failure::new(format!("mdbook could not be run: {e}"))),
    }
}

/// The API docs alone.
pub(crate) fn api() -> Result<(), Failure> {
    process::run(
        process::cargo("doc")
            .args(["--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}
