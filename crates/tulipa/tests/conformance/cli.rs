//! The vectors from the command line: `cargo xtask conformance` builds this as an example and runs it.
//!
//! An example rather than a test: it takes arguments of its own, and is built only when it is asked for, so that
//! `cargo xtask` need not know tulipa to start.

#![allow(
    clippy::print_stdout,
    reason = "a command line tool talks on standard output"
)]

mod api;
mod check;
mod divergences;
mod interpreter;
mod outcome;
mod program;
mod vectors;
mod world;

use api::{Flavour, Setting};
use check::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use vectors::Vector;

/// What the command line says.
struct Options {
    setting: Setting,
    workers: Option<usize>,
    vectors: Option<PathBuf>,
    only: Option<String>,
    repeat: u64,
    verbose: bool,
}

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| options.run()) {
        Ok(report) => {
            println!("{report}");
            ExitCode::from(u8::from(!report.is_good()))
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Options {
    /// `cargo xtask conformance` has checked them and has the help.
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            setting: Setting::of(Flavour::Deterministic, 1),
            workers: None,
            vectors: None,
            only: None,
            repeat: 1,
            verbose: false,
        };
        while let Some(flag) = words.next() {
            if flag == "--verbose" {
                options.verbose = true;
                continue;
            }
            let value = words.next().ok_or(format!("{flag} needs a value"))?;
            let number = || {
                value
                    .parse()
                    .map_err(|_| format!("{flag}: {value} is no number"))
            };
            match flag.as_str() {
                "--vectors" => options.vectors = Some(value.into()),
                "--flavour" => options.setting.flavour = flavour(&value)?,
                "--workers" => options.workers = usize::try_from(number()?).ok(),
                "--seed" => options.setting.seed = Some(number()?),
                "--repeat" => options.repeat = number()?,
                "--only" => options.only = Some(value),
                _ => return Err(format!("{flag} is not known")),
            }
        }
        options.setting.workers = options.workers.unwrap_or(match options.setting.flavour {
            Flavour::MultiThread => 4,
            Flavour::CurrentThread | Flavour::Deterministic => 1,
        });
        Ok(options)
    }

    fn run(&self) -> Result<Report, String> {
        let mut vectors = match &self.vectors {
            Some(path) => vectors::from_file(path)?,
            None => vectors::recorded(),
        };
        if let Some(id) = &self.only {
            vectors.retain(|vector| vector.id == *id);
            if vectors.is_empty() {
                return Err(format!("there is no vector {id}"));
            }
        }
        let report = Report::of(&vectors, self.setting, self.repeat);
        if self.verbose {
            let shown = |vector: &&Vector| self.only.is_some() || report.is_wrong(&vector.id);
            vectors
                .iter()
                .filter(shown)
                .for_each(|vector| self.show(vector));
        }
        Ok(report)
    }

    /// The program's two accounts, one after the other.
    fn show(&self, vector: &Vector) {
        println!("{}: expected {}", vector.id, vector.expected);
        match check::outcome(vector, self.setting) {
            Ok(got) => println!("{}: got {got}", vector.id),
            Err(stuck) => println!("{}: {stuck}", vector.id),
        }
    }
}

fn flavour(name: &str) -> Result<Flavour, String> {
    match name {
        "deterministic" => Ok(Flavour::Deterministic),
        "current-thread" => Ok(Flavour::CurrentThread),
        "multi" => Ok(Flavour::MultiThread),
        _ => Err(format!("there is no flavour {name}")),
    }
}
