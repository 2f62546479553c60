//! Which workload is compared with which peer, and how large it is.

use super::Options;
use super::peers::{Field, Runtime, Workload};
use crate::process::Failure;

/// All comparisons, in the order of the catalogue.
pub(super) struct Plan<'a> {
    pub(super) tulipa: &'a Runtime,
    pub(super) comparisons: Vec<Comparison<'a>>,
}

/// tulipa and one peer at one workload.
pub(super) struct Comparison<'a> {
    pub(super) workload: &'a Workload,
    pub(super) peer: &'a Runtime,
    pub(super) n: u64,
    pub(super) peer_n: u64,
}

/// How much less a slow peer is given to do.
const LESS: u64 = 10;

impl<'a> Plan<'a> {
    pub(super) fn new(field: &'a Field, options: &Options) -> Result<Plan<'a>, Failure> {
        let (tulipa, peers) = field
            .runtimes
            .split_first()
            .ok_or_else(|| Failure::new("the runner lists no runtime"))?;
        check_names(field, options)?;
        let chosen =
            |name: &str, from: &[String]| from.is_empty() || from.iter().any(|f| f == name);
        let mut comparisons = Vec::new();
        for workload in tulipa.workloads.iter().filter(|w| is_chosen(w, options)) {
            let n = if options.quick {
                workload.quick
            } else {
                workload.n
            };
            let able = peers
                .iter()
                .filter(|peer| chosen(&peer.name, &options.against))
                .filter(|peer| peer.workload(&workload.name).is_some());
            comparisons.extend(able.map(|peer| Comparison {
                workload,
                peer,
                n,
                peer_n: peer_n(workload, peer, n),
            }));
        }
        Ok(Plan {
            tulipa,
            comparisons,
        })
    }
}

/// How much `peer` is given to do where tulipa does `n`.
pub(super) fn peer_n(workload: &Workload, peer: &Runtime, n: u64) -> u64 {
    if peer.is_slow() && workload.scales {
        n.div_ceil(LESS)
    } else {
        n
    }
}

/// A size of zero leaves a workload out of the full run, or of the quick one, unless it is asked for by its very name.
fn is_chosen(workload: &Workload, options: &Options) -> bool {
    let n = if options.quick {
        workload.quick
    } else {
        workload.n
    };
    let named = |only: &String| workload.name.starts_with(only.as_str());
    n > 0 && (options.only.is_empty() || options.only.iter().any(named))
}

/// A name that nobody has is a slip of the finger, not an empty report.
fn check_names(field: &Field, options: &Options) -> Result<(), Failure> {
    let workloads = &field.runtimes[0].workloads;
    for only in &options.only {
        if !workloads
            .iter()
            .any(|workload| workload.name.starts_with(only.as_str()))
        {
            let names: Vec<&str> = workloads.iter().map(|w| &*w.name).collect();
            return Err(unknown("workload", only, &names));
        }
    }
    for against in &options.against {
        let peers = &field.runtimes[1..];
        let names: Vec<&str> = peers.iter().map(|peer| &*peer.name).collect();
        match peers.iter().find(|peer| peer.name == *against) {
            None => return Err(unknown("peer", against, &names)),
            Some(peer) if peer.problem.is_some() => {
                let problem = peer.problem.as_deref().unwrap_or_default();
                return Err(Failure::new(format!(
                    "{against} cannot be measured: {problem}"
                )));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn unknown(kind: &str, name: &str, names: &[&str]) -> Failure {
    Failure::new(format!(
        "no {kind} {name:?}; there are {}",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::super::peers::samples::runtime;
    use super::*;

    fn options(only: &[&str], against: &[&str]) -> Options {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Options {
            quick: true,
            only: owned(only),
            against: owned(against),
            workers: 2,
            json: None,
        }
    }

    fn field() -> Field {
        let mut python = runtime("asyncio", &["spawn", "echo_1"]);
        python.launcher.push("script".into());
        Field {
            runtimes: vec![
                runtime("tulipa", &["spawn", "echo_1", "echo_2"]),
                runtime("tokio", &["spawn", "echo_1", "echo_2"]),
                python,
            ],
        }
    }

    #[test]
    fn every_peer_is_compared_at_what_it_can_do() {
        let field = field();
        let plan = Plan::new(&field, &options(&[], &[])).unwrap();
        assert_eq!(plan.comparisons.len(), 5);
        let sizes: Vec<_> = plan.comparisons.iter().map(|c| (c.n, c.peer_n)).collect();
        assert_eq!(sizes[..2], [(100, 100), (100, 10)]);
    }

    #[test]
    fn a_choice_is_kept_to() {
        let field = field();
        let plan = Plan::new(&field, &options(&["echo"], &["asyncio"])).unwrap();
        assert_eq!(plan.comparisons.len(), 1);
    }

    #[test]
    fn names_that_nobody_has_are_refused() {
        let field = field();
        for (only, against) in [(&["spwan"][..], &[][..]), (&[], &["tokyo"])] {
            let refused = Plan::new(&field, &options(only, against)).err().unwrap();
            assert!(refused.to_string().contains("there are"), "{refused}");
        }
    }
}
