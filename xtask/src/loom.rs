//! `cargo xtask loom`: the models that loom explores, one run a group, with the group's bound on preemptions.
//!
//! A group is a file in a crate's `src/models/`: it holds the models of one race. The files are found, not listed,
//! so that a model cannot be forgotten here; a group that turns out to hold no model is an error.

use crate::process::{self, Failure};
use crate::tally::Tally;
use crate::test::limit_each_binary;
use std::fs;
use std::path::{Path, PathBuf};

/// Preemptions explored in each execution. Nearly all races that exist show up with two; three leaves room.
const PREEMPTIONS: u32 = 3;

/// Groups whose models are too large for [`PREEMPTIONS`]: crate, group, bound.
const BOUNDS: &[(&str, &str, u32)] = &[
    // Three workers and a waker each: with three preemptions one model alone takes more than CI has.
    ("tulipa-executor", "hand_over", 2),
    ("tulipa-executor", "home", 2),
    ("tulipa-executor", "shutdown", 2),
    ("tulipa-executor", "sleep", 2),
];

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only this crate.
    #[arg(short, long, value_name = "NAME")]
    package: Option<String>,
    /// Only this group: the name of a file in `src/models/`.
    group: Option<String>,
    /// Preemptions to explore, instead of each group's own bound.
    #[arg(long, value_name = "N")]
    preemptions: Option<u32>,
}

/// The models of one race.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    package: String,
    name: String,
}

/// Explores the chosen models and says how many there were.
pub(crate) fn run(options: &Options) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    run_into(options, &mut tally)?;
    Ok(tally)
}

/// Like [`run`], with a count even of a run that fails.
pub(crate) fn run_into(options: &Options, tally: &mut Tally) -> Result<(), Failure> {
    let groups = groups(&process::root().join("crates"), options)?;
    if groups.is_empty() && (options.package.is_some() || options.group.is_some()) {
        return Err(Failure::new(
            "no models of that name: they are the files of crates/*/src/models",
        ));
    }
    for group in groups {
        explore(
            &group,
            options.preemptions.unwrap_or_else(|| group.bound()),
            tally,
        )?;
    }
    Ok(())
}

/// All groups that `options` let through, in the order of their names.
fn groups(crates: &Path, options: &Options) -> Result<Vec<Group>, Failure> {
    let mut groups = Vec::new();
    for package in names_in(crates)? {
        let models = crates.join(&package).join("src/models");
        if !models.is_dir() {
            continue;
        }
        groups.extend(names_in(&models)?.into_iter().filter_map(|file| {
            let name = file.strip_suffix(".rs").filter(|name| *name != "mod")?;
            Some(Group {
                package: package.clone(),
                name: name.to_owned(),
            })
        }));
    }
    groups.retain(|group| options.package.as_ref().is_none_or(|p| *p == group.package));
    groups.retain(|group| options.group.as_ref().is_none_or(|g| *g == group.name));
    groups.sort();
    Ok(groups)
}

fn names_in(folder: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = |e| Failure::new(format!("cannot list {}: {e}", folder.display()));
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    entries
        .map(|entry| {
            Ok(entry
                .map_err(unreadable)?
                .file_name()
                .to_string_lossy()
                .into_owned())
        })
        .collect()
}

impl Group {
    fn bound(&self) -> u32 {
        BOUNDS
            .iter()
            .find(|(package, name, _)| *package == self.package && *name == self.name)
            .map_or(PREEMPTIONS, |(_, _, bound)| *bound)
    }
}

/// Optimised, because loom runs each model thousands of times; in a target folder of its own, because the flag
/// would else throw away everything that was built without it.
fn explore(group: &Group, preemptions: u32, tally: &mut Tally) -> Result<(), Failure> {
    let mut here = Tally::default();
    let mut command = process::cargo("test");
    limit_each_binary(&mut command)?;
    let outcome = process::run_tests(
        command
            .args([
                "--release",
                "--package",
                &group.package,
                "--lib",
                "--target-dir",
            ])
            .arg(target_dir())
            .args(["--", &format!("models::{}::", group.name)])
            .env("RUSTFLAGS", "--cfg loom")
            .env("LOOM_MAX_PREEMPTIONS", preemptions.to_string()),
        &mut here,
    );
    tally.add(here);
    outcome?;
    if here.passed == 0 {
        return Err(Failure::new(format!(
            "{}: src/models/{}.rs holds no model",
            group.package, group.name
        )));
    }
    Ok(())
}

fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| process::root().join("target"), PathBuf::from)
        .join("loom")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<Group> {
        let folder = std::env::temp_dir().join(format!("xtask-loom-{}", std::process::id()));
        for file in [
            "b/src/models/wake.rs",
            "a/src/models/mod.rs",
            "a/src/models/join.rs",
            "c/src/lib.rs",
        ] {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let groups = groups(&folder, &Options::default()).unwrap();
        fs::remove_dir_all(folder).unwrap();
        groups
    }

    #[test]
    fn every_file_of_models_is_a_group() {
        let found: Vec<_> = sample().into_iter().map(|g| (g.package, g.name)).collect();
        assert_eq!(
            found,
            [("a".into(), "join".into()), ("b".into(), "wake".into())]
        );
    }

    #[test]
    fn bounds_name_groups_that_exist() {
        for (package, name, _) in BOUNDS {
            let file = process::root().join(format!("crates/{package}/src/models/{name}.rs"));
            assert!(file.is_file(), "{} is gone", file.display());
        }
    }
}
