//! The runtimes that this build has, each with the workloads it can do.

use crate::rt::Tulipa;
#[cfg(feature = "peers")]
use crate::rt::{Pool, Smol, Tokio};
use crate::scenario::{self, Workload, floor};

/// A runtime by its name.
#[derive(Debug)]
pub struct Runtime {
    /// What `--runtime` and `--against` take.
    pub name: &'static str,
    /// Of the crate that is measured, as `Cargo.lock` has it.
    pub version: &'static str,
    /// What it can do.
    pub workloads: Vec<Workload>,
    /// It is no runtime, but the least that any of them could take.
    pub is_floor: bool,
}

/// All of this build. Without the feature `peers` there is tulipa, and the floor.
pub fn all() -> Vec<Runtime> {
    let runtime = |name, package, workloads| Runtime {
        name,
        version: locked(package),
        workloads,
        is_floor: false,
    };
    let mut of_tulipa = scenario::of_whole::<Tulipa>();
    of_tulipa.extend(scenario::of_listing::<Tulipa>());
    let mut all = vec![
        runtime("tulipa", "tulipa", of_tulipa),
        Runtime {
            is_floor: true,
            ..runtime("epoll", "mio", floor::workloads())
        },
    ];
    #[cfg(feature = "peers")]
    all.extend([
        runtime("tokio", "tokio", scenario::of_whole::<Tokio<false>>()),
        runtime(
            "tokio-joinset",
            "tokio",
            scenario::of_joining::<Tokio<true>>(),
        ),
        runtime("smol", "smol", scenario::of_whole::<Smol>()),
        runtime("futures", "futures", scenario::of_tasks::<Pool>()),
    ]);
    all.sort_by_key(|runtime| runtime.is_floor); // last: it is no peer
    all
}

/// The version that this build has of a package.
fn locked(package: &str) -> &'static str {
    let lock: &'static str = include_str!("../../Cargo.lock");
    let name = format!("name = \"{package}\"\nversion = \"");
    let version = lock.split_once(name.as_str()).map(|(_, version)| version);
    version
        .and_then(|version| version.split('"').next())
        .expect("what was built is in the lock file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Load;
    use std::collections::HashSet;

    /// Those that start the runner, which a test has not; and those that ask Linux for what is in use.
    const NOT_HERE: &str = "footprint";

    #[test]
    fn every_workload_does_what_it_says() {
        for runtime in all() {
            let workloads = runtime.workloads.iter();
            for workload in workloads.filter(|workload| workload.group != NOT_HERE) {
                let outcome = (workload.run)(Load { n: 20, workers: 2 });
                let (runtime, name) = (runtime.name, workload.name);
                assert!(outcome.operations > 0, "{name} on {runtime}: {outcome:?}");
                assert!(
                    outcome.value.is_finite(),
                    "{name} on {runtime}: {outcome:?}"
                );
            }
        }
    }

    #[test]
    fn a_workload_has_one_name_and_a_description() {
        for runtime in all() {
            let names: HashSet<_> = runtime.workloads.iter().map(|w| w.name).collect();
            assert_eq!(names.len(), runtime.workloads.len(), "{}", runtime.name);
            let described = |w: &Workload| !w.what.is_empty() && !w.group.is_empty();
            assert!(runtime.workloads.iter().all(described), "{}", runtime.name);
        }
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert_eq!(locked("tulipa"), env!("CARGO_PKG_VERSION"));
        assert!(locked("tokio").starts_with("1."));
    }

    #[test]
    fn peers_do_what_tulipa_does() {
        let all = all();
        let names: HashSet<_> = all[0].workloads.iter().map(|w| w.name).collect();
        let unknown = all.iter().flat_map(|runtime| &runtime.workloads);
        assert_eq!(unknown.filter(|w| !names.contains(w.name)).count(), 0);
    }
}
