//! What it came to: a table, and how the latencies are spread.

use crate::job::{Ending, Fetched};
use std::fmt;
use std::time::Duration;

/// Counts of what was fetched.
pub(crate) struct Report {
    wanted: usize,
    arrived: usize,
    failed: usize,
    timed_out: usize,
    as_meant: usize,
    bytes: usize,
    took: Duration,
    /// Of all that was tried at all, retries included.
    latencies: Vec<Duration>,
}

impl Report {
    /// Of `wanted` pages, none so far.
    pub(crate) fn new(wanted: usize) -> Self {
        Self {
            wanted,
            arrived: 0,
            failed: 0,
            timed_out: 0,
            as_meant: 0,
            bytes: 0,
            took: Duration::ZERO,
            latencies: Vec::with_capacity(wanted),
        }
    }

    pub(crate) fn add(&mut self, fetched: &Fetched) {
        match fetched.ending() {
            Ending::Arrived => self.arrived += 1,
            Ending::Failed => self.failed += 1,
            Ending::TimedOut => self.timed_out += 1,
        }
        if let Ok(page) = &fetched.outcome {
            self.bytes += page.bytes;
        }
        self.as_meant += usize::from(fetched.is_as_meant());
        if fetched.attempts > 0 {
            self.latencies.push(fetched.took);
        }
    }

    /// No more are coming: all of it took so long.
    pub(crate) fn finish(&mut self, took: Duration) {
        self.took = took;
    }

    /// Whether every page came to what it should.
    pub(crate) fn is_as_meant(&self) -> bool {
        self.as_meant == self.wanted
    }

    fn unfinished(&self) -> usize {
        self.wanted - self.arrived - self.failed - self.timed_out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("count", self.wanted),
            ("ok", self.arrived),
            ("failed", self.failed),
            ("timed out", self.timed_out),
            ("unfinished", self.unfinished()),
            ("bytes", self.bytes),
        ];
        for (name, number) in rows {
            writeln!(f, "{name:<10} {number:>10}")?;
        }
        writeln!(f, "{:<10} {:>10}", "took", format!("{:.1?}", self.took))?;
        if self.latencies.is_empty() {
            return Ok(());
        }
        f.write_str("\nlatency, retries included\n")?;
        histogram(f, &self.latencies)
    }
}

/// A bar for each bucket, from the first that is not empty to the last; each ends at a round number.
fn histogram(f: &mut fmt::Formatter<'_>, latencies: &[Duration]) -> fmt::Result {
    const WIDTH: usize = 50;
    let buckets = buckets(latencies);
    let most = buckets.iter().map(|(_, count)| *count).max().unwrap_or(1);
    for (bound, count) in buckets.iter().skip_while(|(_, count)| *count == 0) {
        let bar = "#".repeat((count * WIDTH).div_ceil(most));
        let line = format!("< {:<8} {count:>10}  {bar}", format!("{bound:?}"));
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// How many are below each bound and not below the one before.
fn buckets(latencies: &[Duration]) -> Vec<(Duration, usize)> {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    let mut counted = 0;
    let mut buckets = Vec::new();
    for bound in bounds() {
        let below = sorted.partition_point(|latency| *latency < bound);
        buckets.push((bound, below - counted));
        counted = below;
        if counted == sorted.len() {
            break;
        }
    }
    buckets
}

/// 100 us, 200 us, 500 us, 1 ms, 2 ms, and so on.
fn bounds() -> impl Iterator<Item = Duration> {
    let decades = std::iter::successors(Some(Duration::from_micros(100)), |decade| {
        decade.checked_mul(10)
    });
    decades.flat_map(|decade| [1, 2, 5].map(|digit| decade.saturating_mul(digit)))
}
