//! tulipa and a peer in turn: A B A B, so that whatever else the machine does hits both.

use super::Options;
use super::measure::{Run, Sample, measure};
use super::peers::{Runtime, Workload};
use super::plan::{Comparison, peer_n};
use super::stats::Spread;
use std::time::{Duration, Instant};

/// Pairs after the warm-up; how many when time gets short, of what takes a time of its own, and at a point of a curve.
const PAIRS: usize = 5;
const FEWER: usize = 3;

/// Pairs where [`PAIRS`] of them leave open whether tulipa is behind. A quick run leaves it open.
const MORE: usize = 15;

/// A ratio above this is a workload on which tulipa is behind.
const BEHIND: f64 = 1.05;

/// The longest that one process may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Beyond this a quick run draws no curve.
const QUICK_CURVE: u64 = 100_000;

/// What came of one comparison.
pub(super) struct Row {
    pub(super) workload: Workload,
    pub(super) peer: String,
    pub(super) n: u64,
    pub(super) peer_n: u64,
    pub(super) pairs: Vec<(Sample, Sample)>,
    pub(super) curve: Vec<Point>,
    /// Why it ended early.
    pub(super) problem: Option<String>,
}

/// Cost at one size.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) n: u64,
    pub(super) tulipa: Option<f64>,
    pub(super) peer: Option<f64>,
}

/// Whether the run as a whole keeps to its time.
pub(super) struct Pace {
    began: Instant,
    budget: Duration,
    done: usize,
    all: usize,
}

impl Row {
    /// The ratio, tulipa to peer, of what `of` finds in a sample.
    pub(super) fn ratio(&self, of: impl Fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(
            self.pairs
                .iter()
                .map(|(ours, theirs)| of(ours) / of(theirs)),
        )
    }

    pub(super) fn tulipa(&self, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        Some(Spread::of(self.pairs.iter().map(|(ours, _)| of(ours)))?.median)
    }

    pub(super) fn theirs(&self, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        Some(Spread::of(self.pairs.iter().map(|(_, theirs)| of(theirs)))?.median)
    }

    /// The ratio, if tulipa is behind by it. Not of a stall: that passes or fails.
    pub(super) fn behind(&self) -> Option<f64> {
        let value = |sample: &Sample| sample.value;
        let lost = self.tulipa(value)? - self.theirs(value)?;
        let is_seen = lost > self.workload.resolution && self.passed().is_none();
        Some(self.ratio(value)?.median).filter(|ratio| is_seen && *ratio > BEHIND)
    }

    /// The same of processor time, where the workload decides how much there is to do.
    pub(super) fn behind_by_cpu(&self) -> Option<f64> {
        let ratio = self.ratio(|sample| sample.cpu)?.median;
        Some(ratio).filter(|ratio| self.workload.scales && *ratio > BEHIND)
    }

    /// Of a stall: whether tulipa and whether the peer passed, every time.
    pub(super) fn passed(&self) -> Option<(bool, bool)> {
        let mut both = (true, true);
        for (ours, theirs) in &self.pairs {
            both = (both.0 && ours.passed?, both.1 && theirs.passed?);
        }
        (!self.pairs.is_empty()).then_some(both)
    }
}

impl Pace {
    pub(super) fn new(budget: Duration, all: usize) -> Pace {
        Pace {
            began: Instant::now(),
            budget,
            done: 0,
            all,
        }
    }

    pub(super) fn advance(&mut self) {
        self.done += 1;
    }

    /// Whether more of the time has gone than of the work.
    fn is_late(&self) -> bool {
        let gone = self.began.elapsed().as_secs_f64() / self.budget.as_secs_f64();
        gone > (self.done + 1) as f64 / self.all.max(1) as f64
    }
}

/// Measures one comparison, its curve included.
pub(super) fn compare(
    comparison: &Comparison<'_>,
    tulipa: &Runtime,
    options: &Options,
    pace: &Pace,
) -> Row {
    let turns = Turns {
        tulipa,
        comparison,
        options,
    };
    let (pairs, problem) = turns.take(|pairs| {
        // A workload that does not scale takes a time of its own: a second, or five.
        if pace.is_late() || !comparison.workload.scales {
            FEWER
        } else if pairs.len() >= PAIRS && is_open(pairs) && !options.quick {
            MORE
        } else {
            PAIRS
        }
    });
    Row {
        workload: comparison.workload.clone(),
        peer: comparison.peer.name.clone(),
        n: comparison.n,
        peer_n: comparison.peer_n,
        curve: if problem.is_none() {
            turns.curve()
        } else {
            Vec::new()
        },
        pairs,
        problem,
    }
}

/// Whether some of the pairs say that tulipa is behind, and others that it is not.
fn is_open(pairs: &[(Sample, Sample)]) -> bool {
    let says_behind = |(ours, theirs): &(Sample, Sample)| ours.value / theirs.value > BEHIND;
    pairs.iter().any(says_behind) && !pairs.iter().all(says_behind)
}

struct Turns<'a> {
    tulipa: &'a Runtime,
    comparison: &'a Comparison<'a>,
    options: &'a Options,
}

impl Turns<'_> {
    /// Takes turns until there are as many pairs as `wanted` says by then, or something goes wrong.
    fn take(
        &self,
        wanted: impl Fn(&[(Sample, Sample)]) -> usize,
    ) -> (Vec<(Sample, Sample)>, Option<String>) {
        let Comparison { n, peer_n, .. } = *self.comparison;
        let mut pairs = Vec::new();
        let mut cold = self.comparison.workload.scales; // there is nothing to warm up where the time is given
        while cold || pairs.len() < wanted(&pairs) {
            match self.pair(n, peer_n) {
                Ok(_) if cold => cold = false,
                Ok(pair) => pairs.push(pair),
                Err(problem) => return (pairs, Some(problem)),
            }
        }
        (pairs, None)
    }

    fn pair(&self, n: u64, peer_n: u64) -> Result<(Sample, Sample), String> {
        Ok((
            self.measure(self.tulipa, n)?,
            self.measure(self.comparison.peer, peer_n)?,
        ))
    }

    fn measure(&self, runtime: &Runtime, n: u64) -> Result<Sample, String> {
        let run = Run {
            workload: &self.comparison.workload.name,
            n,
            workers: self.options.workers,
            limit: LIMIT,
        };
        measure(runtime, run).map_err(|problem| format!("{} {problem}", runtime.name))
    }

    /// Each side is drawn as far as it comes within the limit.
    fn curve(&self) -> Vec<Point> {
        let Comparison { workload, peer, .. } = self.comparison;
        let quick = self.options.quick;
        if quick && peer.is_slow() {
            return Vec::new();
        }
        let mut sides = [Some(self.tulipa), Some(*peer)];
        let sizes = workload
            .curve
            .iter()
            .filter(|n| !quick || **n <= QUICK_CURVE);
        let point = |n: &u64| {
            let [tulipa, peer] = sides.each_mut().map(|side| {
                let runtime = (*side)?;
                let cost = self.at(runtime, peer_n(workload, runtime, *n));
                if cost.is_none() {
                    *side = None;
                }
                cost
            });
            Point {
                n: *n,
                tulipa,
                peer,
            }
        };
        sizes.map(point).collect()
    }

    /// The median of a few runs.
    fn at(&self, runtime: &Runtime, n: u64) -> Option<f64> {
        let rounds = if self.options.quick { 1 } else { FEWER };
        let values = (0..rounds).map(|_| Some(self.measure(runtime, n).ok()?.value));
        Some(Spread::of(values.collect::<Option<Vec<_>>>()?)?.median)
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// A row in which tulipa took these times, and the peer ten each.
    pub(crate) fn row(peer: &str, values: &[f64]) -> Row {
        let sample = |value| Sample {
            value,
            cpu: value,
            ..Sample::default()
        };
        let workload = Workload {
            name: "spawn".into(),
            group: "tasks".into(),
            unit: "ns/op".into(),
            ..Workload::default()
        };
        Row {
            workload,
            peer: peer.into(),
            n: 1000,
            peer_n: 1000,
            pairs: values.iter().map(|v| (sample(*v), sample(10.0))).collect(),
            curve: Vec::new(),
            problem: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::peers::samples::runtime;
    use super::*;

    #[test]
    fn the_ratio_is_that_of_pairs() {
        let row = samples::row("tokio", &[5.0, 20.0, 10.0]);
        let ratio = row.ratio(|sample| sample.value).unwrap();
        assert_eq!((ratio.median, ratio.low, ratio.high), (1.0, 0.5, 2.0));
        assert_eq!(row.tulipa(|sample| sample.value), Some(10.0));
    }

    #[test]
    fn pairs_that_disagree_leave_it_open_who_is_behind() {
        let open = |values: &[f64]| is_open(&samples::row("tokio", values).pairs);
        assert!(open(&[10.0, 10.4, 10.6]));
        assert!(!open(&[10.0, 10.4, 10.5]), "level, or ahead");
        assert!(!open(&[10.6, 12.0]), "behind");
        assert!(!open(&[]));
    }

    #[test]
    fn level_is_not_behind() {
        let behind = |values: &[f64]| samples::row("tokio", values).behind();
        assert_eq!(behind(&[11.0, 9.0, 20.0]), Some(1.1));
        assert_eq!(behind(&[10.4, 9.0, 20.0]), None);
        assert_eq!(behind(&[]), None);
    }

    #[test]
    fn what_cannot_be_told_from_nothing_is_level() {
        let mut row = samples::row("tokio", &[20.0]);
        row.workload.resolution = 10.0;
        assert_eq!((row.behind(), row.behind_by_cpu()), (None, None));
        row.workload.resolution = 9.0;
        row.workload.scales = true;
        assert_eq!((row.behind(), row.behind_by_cpu()), (Some(2.0), Some(2.0)));
    }

    #[test]
    fn one_stall_of_many_runs_is_a_stall() {
        let mut row = samples::row("tokio", &[1.0, 1.0]);
        assert_eq!(row.passed(), None);
        for (at, (ours, theirs)) in row.pairs.iter_mut().enumerate() {
            (ours.passed, theirs.passed) = (Some(true), Some(at == 0));
        }
        assert_eq!(row.passed(), Some((true, false)));
    }

    #[test]
    fn a_peer_that_cannot_run_is_reported() {
        let (tulipa, mut peer) = (runtime("tulipa", &["spawn"]), runtime("tokio", &["spawn"]));
        peer.launcher = vec!["there-is-no-such-program".into()];
        let comparison = Comparison {
            workload: &tulipa.workloads[0],
            peer: &peer,
            n: 1,
            peer_n: 1,
        };
        let options = Options {
            quick: true,
            only: Vec::new(),
            against: Vec::new(),
            workers: 1,
            json: None,
        };
        let row = compare(&comparison, &tulipa, &options, &Pace::new(LIMIT, 1));
        assert!(row.problem.unwrap().contains("cannot be started"));
    }
}
