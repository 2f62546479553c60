//! Crates depend only downwards, and every dependency from outside has a reason on record.

use super::Finding;
use super::tree::Tree;
use crate::process::{self, Failure};
use serde_json::Value;

/// What each crate may depend on inside the workspace: the arrows of `docs/internals/map.md`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("tulipa-task", &[]),
    ("tulipa-executor", &["tulipa-task"]),
    ("tulipa-timers", &["tulipa-task"]),
    ("tulipa-reactor", &["tulipa-task"]),
    ("tulipa-combinators", &["tulipa-task", "tulipa-timers"]),
    ("tulipa-macros", &[]),
    (
        "tulipa",
        &[
            "tulipa-task",
            "tulipa-executor",
            "tulipa-timers",
            "tulipa-reactor",
            "tulipa-combinators",
            "tulipa-macros",
        ],
    ),
    (
        "tulipa-benches",
        &[
            "tulipa",
            "tulipa-task",
            "tulipa-executor",
            "tulipa-timers",
            "tulipa-reactor",
            "tulipa-combinators",
        ],
    ),
    ("xtask", &[]),
];

/// For tests only: what the macros write is run, in their docs by the facade itself.
const FOR_TESTS: &[(&str, &str)] = &[
    ("tulipa-macros", "tulipa"),
    ("tulipa-macros", "tulipa-task"),
];

/// Where the reason for a dependency stands.
const REASONS: &str = "docs/internals/dependencies.md";

/// The packages of the workspace, each with what it depends on.
pub(super) struct Packages(Vec<Package>);

struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    for_tests: bool,
    /// Inside the workspace, known by its path.
    ours: bool,
}

impl Packages {
    pub(super) fn of_workspace() -> Result<Packages, Failure> {
        let json = process::read(process::cargo("metadata").args([
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ]))?;
        let metadata = serde_json::from_slice(&json)
            .map_err(|e| Failure::new(format!("cargo metadata: {e}")))?;
        Ok(Packages::of(&metadata))
    }

    fn of(metadata: &Value) -> Packages {
        Packages(list(&metadata["packages"], |package| Package {
            name: text(&package["name"]),
            dependencies: list(&package["dependencies"], |dependency| Dependency {
                name: text(&dependency["name"]),
                for_tests: dependency["kind"] == "dev",
                ours: dependency["path"].is_string(),
            }),
        }))
    }
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().into_iter().flatten().map(read).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(super) fn check(packages: &Packages, tree: &Tree) -> Vec<Finding> {
    let reasons = tree.file(REASONS).map_or("", |file| &file.text);
    let mut findings = Vec::new();
    for package in &packages.0 {
        for dependency in &package.dependencies {
            findings.extend(
                fault(package, dependency, reasons)
                    .map(|what| Finding::new(format!("{} (Cargo.toml)", package.name), 0, what)),
            );
        }
    }
    findings.dedup();
    findings
}

fn fault(package: &Package, dependency: &Dependency, reasons: &str) -> Option<String> {
    let name = &dependency.name;
    if !dependency.ours {
        let unexplained = !reasons.contains(&format!("`{name}`"));
        return unexplained.then(|| format!("uses {name}, for which {REASONS} gives no reason"));
    }
    let Some((_, may_use)) = MAY_USE.iter().find(|(user, _)| *user == package.name) else {
        return Some("has no place among the layers: add it to xtask/src/tidy/layers.rs and docs/internals/map.md".into());
    };
    let test_only = dependency.for_tests && FOR_TESTS.contains(&(&package.name, name));
    (!may_use.contains(&name.as_str()) && !test_only)
        .then(|| format!("must not depend on {name}: arrows point down only"))
}

#[cfg(test)]
mod tests {
    use super::super::samples::tree;
    use super::*;
    use serde_json::json;

    fn faults(metadata: &Value) -> Vec<Finding> {
        check(
            &Packages::of(metadata),
            &tree(&[(REASONS, "| `mio` | readiness |\n")]),
        )
    }

    fn package(name: &str, dependency: &Value) -> Value {
        json!({ "packages": [{ "name": name, "dependencies": [dependency] }] })
    }

    #[test]
    fn an_arrow_upwards_is_found() {
        let up = json!({ "name": "tulipa-executor", "kind": null, "path": "." });
        assert_eq!(faults(&package("tulipa-task", &up)).len(), 1);
        let aside = json!({ "name": "tulipa-timers", "kind": "dev", "path": "." });
        assert_eq!(faults(&package("tulipa-reactor", &aside)).len(), 1);
    }

    #[test]
    fn an_arrow_downwards_is_fine() {
        let down = json!({ "name": "tulipa-task", "kind": null, "path": "." });
        assert_eq!(faults(&package("tulipa-executor", &down)), []);
        let for_tests = json!({ "name": "tulipa", "kind": "dev", "path": "." });
        assert_eq!(faults(&package("tulipa-macros", &for_tests)), []);
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let down = json!({ "name": "tulipa-task", "kind": null, "path": "." });
        assert_eq!(faults(&package("tulipa-novel", &down)).len(), 1);
    }

    #[test]
    fn a_dependency_needs_a_reason() {
        let dependency = |name| json!({ "name": name, "kind": null, "path": null });
        assert_eq!(
            faults(&package("tulipa-reactor", &dependency("left-pad"))).len(),
            1
        );
        assert_eq!(faults(&package("tulipa-reactor", &dependency("mio"))), []);
    }
}
