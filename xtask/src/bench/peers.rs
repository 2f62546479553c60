//! Who there is to measure: the runner that is built here, and the Python that is found.
//!
//! A peer that cannot be had stays in the list, with the reason.

use crate::process::{self, Failure};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// Pythons to look for, and what they run.
const PYTHONS: &[&str] = &[
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
];
const SCRIPTS: &str = "benches/asyncio";

/// All of them, tulipa first.
pub(super) struct Field {
    pub(super) runtimes: Vec<Runtime>,
}

/// One runtime.
pub(super) struct Runtime {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) workloads: Vec<Workload>,
    /// What measures it, but for the arguments that say what.
    pub(super) launcher: Vec<String>,
    /// Why it cannot be measured.
    pub(super) problem: Option<String>,
    /// No runtime, but the least that any of them could take.
    pub(super) is_floor: bool,
}

/// A workload as the catalogue of the runner has it.
#[derive(Debug, Clone, Default)]
pub(super) struct Workload {
    pub(super) name: String,
    pub(super) what: String,
    pub(super) group: String,
    pub(super) unit: String,
    pub(super) n: u64,
    pub(super) quick: u64,
    pub(super) curve: Vec<u64>,
    /// Whether a slow runtime may be given a smaller `n`.
    pub(super) scales: bool,
    /// A difference in the value that is no larger says nothing.
    pub(super) resolution: f64,
}

impl Field {
    /// Builds the runner, with the peers if they build, and looks for a Python.
    pub(super) fn gather() -> Result<Field, Failure> {
        let (runner, problem) = match build(&["--features", "peers"]) {
            Ok(runner) => (runner, None),
            Err(with_peers) => (build(&[])?, Some(with_peers.to_string())),
        };
        let catalogue = process::read(Command::new(&runner).arg("--list"))?;
        let mut runtimes = parse(&catalogue, &[runner.to_string_lossy().into_owned()])?;
        if let Some(problem) = problem {
            runtimes
                .extend(["tokio", "smol", "futures"].map(|name| Runtime::missing(name, &problem)));
        }
        runtimes.extend(python());
        Ok(Field { runtimes })
    }

    pub(super) fn print(&self) {
        println!("peers");
        for runtime in &self.runtimes {
            match &runtime.problem {
                None => println!("  {} {}", runtime.name, runtime.version),
                Some(problem) => println!("  {} is left out: {problem}", runtime.name),
            }
        }
    }
}

impl Runtime {
    fn missing(name: &str, problem: &str) -> Runtime {
        Runtime {
            name: name.to_owned(),
            version: String::new(),
            workloads: Vec::new(),
            launcher: Vec::new(),
            problem: Some(problem.to_owned()),
            is_floor: false,
        }
    }

    pub(super) fn workload(&self, name: &str) -> Option<&Workload> {
        self.workloads.iter().find(|workload| workload.name == name)
    }

    /// Whether it is a Python: ten times slower, and given ten times less to do.
    pub(super) fn is_slow(&self) -> bool {
        self.launcher.len() > 1
    }
}

/// The path of the program, as cargo says it.
fn build(features: &[&str]) -> Result<PathBuf, Failure> {
    let mut command = process::cargo("build");
    command.args([
        "--release",
        "--package",
        "tulipa-benches",
        "--bin",
        "tulipa-bench-runner",
    ]);
    command.args(features);
    command.args(["--message-format", "json-render-diagnostics"]);
    let messages = process::read(&mut command)?;
    let of_runner = |line: &[u8]| {
        let message: Value = serde_json::from_slice(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    messages
        .split(|byte| *byte == b'\n')
        .filter_map(of_runner)
        .next_back()
        .ok_or_else(|| Failure::new("cargo did not say where it put the runner"))
}

/// asyncio and uvloop, on the first Python that has them.
fn python() -> Vec<Runtime> {
    let scripts = process::root().join(SCRIPTS).to_string_lossy().into_owned();
    let mut problems = Vec::new();
    for python in PYTHONS {
        let launcher = [(*python).to_owned(), scripts.clone()];
        let listed = Command::new(python).args([&scripts, "--list"]).output();
        match listed {
            Ok(output) if output.status.success() => match parse(&output.stdout, &launcher) {
                Ok(runtimes) => return runtimes,
                Err(failure) => problems.push(format!("{python}: {failure}")),
            },
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                problems.push(format!("{python}: {said}"));
            }
            Err(error) => problems.push(format!("{python}: {error}")),
        }
    }
    vec![Runtime::missing("asyncio", &problems.join("; "))]
}

fn parse(catalogue: &[u8], launcher: &[String]) -> Result<Vec<Runtime>, Failure> {
    let catalogue: Vec<Value> = serde_json::from_slice(catalogue)
        .map_err(|e| Failure::new(format!("the list of workloads is no JSON: {e}")))?;
    let runtime = |value: &Value| Runtime {
        name: text(&value["name"]),
        version: text(&value["version"]),
        workloads: list(&value["workloads"]).map(workload).collect(),
        launcher: launcher.to_vec(),
        problem: value["problem"].as_str().map(str::to_owned),
        is_floor: value["is_floor"].as_bool().unwrap_or_default(),
    };
    Ok(catalogue.iter().map(runtime).collect())
}

fn workload(value: &Value) -> Workload {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    Workload {
        name: text(&value["name"]),
        what: text(&value["what"]),
        group: text(&value["group"]),
        unit: text(&value["unit"]),
        n: number(&value["n"]),
        quick: number(&value["quick"]),
        curve: list(&value["curve"]).map(number).collect(),
        scales: value["scales"].as_bool().unwrap_or_default(),
        resolution: value["resolution"].as_f64().unwrap_or_default(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// A runtime with these workloads, of 1,000 operations, 100 in a quick run.
    pub(crate) fn runtime(name: &str, workloads: &[&str]) -> Runtime {
        let workload = |name: &&str| Workload {
            name: (*name).to_owned(),
            n: 1000,
            quick: 100,
            scales: true,
            ..Workload::default()
        };
        Runtime {
            workloads: workloads.iter().map(workload).collect(),
            launcher: vec!["runner".into()],
            problem: None,
            ..Runtime::missing(name, "")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_is_read() {
        let catalogue = br#"[{"name": "a", "version": "1", "workloads": [{"name": "w", "n": 5, "curve": [1, 2]}]},
            {"name": "b", "problem": "is not there"}]"#;
        let runtimes = parse(catalogue, &["a".into()]).unwrap();
        let workload = runtimes[0].workload("w").unwrap();
        assert_eq!((workload.n, &*workload.curve), (5, &[1, 2][..]));
        assert_eq!(runtimes[1].problem.as_deref(), Some("is not there"));
    }
}
