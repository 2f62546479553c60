//! What it came to: a table, and how the latencies are spread.

use crate::client::{FetchError, Fetched};
use std::fmt;
use std::time::Duration;

/// Counts of what was fetched.
#[derive(Debug)]
pub(crate) struct Report {
    wanted: usize,
    ok: usize,
    failed: usize,
    timed_out: usize,
    bytes: usize,
    latencies: Vec<Duration>,
    began: std::time::Instant,
    took: Duration,
}

impl Report {
    pub(crate) fn new(wanted: usize) -> Self {
        Self {
            wanted,
            ok: 0,
            failed: 0,
            timed_out: 0,
            bytes: 0,
            latencies: Vec::with_capacity(wanted),
            began: std::time::Instant::now(),
            took: Duration::ZERO,
        }
    }

    pub(crate) fn add(&mut self, fetched: Fetched) {
        self.latencies.push(fetched.took);
        match fetched.outcome {
            Ok(page) => {
                self.ok += 1;
                self.bytes += page.bytes;
            }
            Err(FetchError::TimedOut(_)) => self.timed_out += 1,
            Err(_) => self.failed += 1,
        }
    }

    pub(crate) fn finish(&mut self) {
        self.took = self.began.elapsed();
        self.latencies.sort_unstable();
    }

    pub(crate) fn all_succeeded(&self) -> bool {
        self.ok == self.wanted
    }

    fn quantile(&self, part: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies
            .get((last as f64 * part).round() as usize)
            .copied()
            .unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unfinished = self.wanted - self.latencies.len();
        writeln!(f)?;
        writeln!(f, "  count      {:>8}", self.wanted)?;
        writeln!(f, "  ok         {:>8}", self.ok)?;
        writeln!(f, "  failed     {:>8}", self.failed)?;
        writeln!(f, "  timed out  {:>8}", self.timed_out)?;
        writeln!(f, "  unfinished {unfinished:>8}")?;
        writeln!(f, "  bytes      {:>8}", self.bytes)?;
        writeln!(f, "  took       {:>8.2?}", self.took)?;
        if !self.latencies.is_empty() {
            let [half, most, longest] = [0.5, 0.95, 1.0].map(|part| self.quantile(part));
            writeln!(
                f,
                "  latency    {half:.1?} half, {most:.1?} 95 %, {longest:.1?} all\n"
            )?;
            histogram(f, &self.latencies)?;
        }
        Ok(())
    }
}

/// A line for each doubling of the latency.
fn histogram(f: &mut fmt::Formatter<'_>, latencies: &[Duration]) -> fmt::Result {
    const WIDTH: usize = 50;
    let bucket = |latency: &Duration| latency.as_micros().max(1).ilog2();
    let (first, last) = (
        bucket(&latencies[0]),
        bucket(&latencies[latencies.len() - 1]),
    );
    let counts: Vec<usize> = (first..=last)
        .map(|at| {
            latencies
                .iter()
                .filter(|latency| bucket(latency) == at)
                .count()
        })
        .collect();
    let most = counts.iter().copied().max().unwrap_or(1);
    for (at, count) in (first..=last).zip(counts) {
        let bar = "#".repeat((count * WIDTH).div_ceil(most));
        let upper = Duration::from_micros(2 << at);
        writeln!(f, "  < {:>9} {count:>6}  {bar}", format!("{upper:.1?}"))?;
    }
    Ok(())
}
