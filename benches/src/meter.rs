//! What one run of a workload cost: time on the wall, time of all processors, memory.
//!
//! Only the part between [`Meter::start`] and [`Meter::stop`] counts, so that building a runtime or connecting sockets
//! does not. Peak memory is of the whole process.

use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::time::{Duration, Instant};

/// A running measurement.
#[derive(Debug)]
pub struct Meter {
    wall: Instant,
    cpu: Duration,
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How many operations were done.
    pub operations: u64,
    /// Time on the wall.
    pub wall: Duration,
    /// Time of all processors.
    pub cpu: Duration,
    /// What the workload is judged by, in its own unit. Nanoseconds on the wall per operation, if it says nothing else.
    pub value: f64,
    /// For a stall: whether it did not happen.
    pub passed: Option<bool>,
    /// Other figures that help to understand the value.
    pub notes: Vec<(&'static str, f64)>,
}

impl Meter {
    /// Begins to measure.
    pub fn start() -> Self {
        Self {
            wall: Instant::now(),
            cpu: cpu_time(),
        }
    }

    /// What so many operations cost.
    pub fn stop(self, operations: u64) -> Outcome {
        let (wall, cpu) = (self.wall.elapsed(), cpu_time().saturating_sub(self.cpu));
        Outcome {
            operations,
            wall,
            cpu,
            value: per_operation(wall, operations),
            passed: None,
            notes: Vec::new(),
        }
    }
}

impl Outcome {
    /// Judged by the processors' time, where the wall's is given by the workload.
    pub fn by_cpu(mut self) -> Self {
        self.value = per_operation(self.cpu, self.operations);
        self
    }

    /// Judged by something else than time per operation.
    pub fn by(mut self, value: f64) -> Self {
        self.value = value;
        self
    }

    /// A stall: `late` is the value, in milliseconds; over `limit` it has happened.
    pub fn late(mut self, late: Duration, limit: Duration) -> Self {
        self.value = late.as_secs_f64() * 1e3;
        self.passed = Some(late <= limit);
        self
    }

    /// Adds a figure.
    pub fn note(mut self, name: &'static str, value: f64) -> Self {
        self.notes.push((name, value));
        self
    }
}

fn per_operation(time: Duration, operations: u64) -> f64 {
    time.as_nanos() as f64 / operations.max(1) as f64
}

/// What all threads of this process have computed so far. With the feature `counted` nothing.
pub fn cpu_time() -> Duration {
    if cfg!(feature = "counted") {
        return Duration::ZERO;
    }
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Memory in use now, in KiB, where the system says.
pub fn resident_kib() -> Option<u64> {
    status("/proc/self/status", "VmRSS:")
}

/// The most memory that was ever in use, in KiB, where the system says.
pub fn peak_kib() -> Option<u64> {
    status("/proc/self/status", "VmHWM:")
}

/// How often the threads of this process went to sleep by themselves, where the system says.
pub fn voluntary_switches() -> Option<u64> {
    let threads = fs::read_dir("/proc/self/task").ok()?.flatten();
    let of_thread = |path: std::path::PathBuf| status(path.to_str()?, "voluntary_ctxt_switches:");
    Some(
        threads
            .filter_map(|thread| of_thread(thread.path().join("status")))
            .sum(),
    )
}

fn status(path: &str, field: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(feature = "counted"))]
    #[test]
    fn work_costs_processor_time() {
        let meter = Meter::start();
        let mut sum = 0u64;
        while cpu_time() < meter.cpu + Duration::from_millis(1) {
            sum = std::hint::black_box(sum + 1);
        }
        let outcome = meter.stop(2);
        assert!(outcome.cpu >= Duration::from_millis(1));
        assert!(outcome.clone().by_cpu().value >= 500_000.0);
    }

    #[test]
    fn the_peak_is_no_less_than_what_is_in_use() {
        if let (Some(now), Some(peak)) = (resident_kib(), peak_kib()) {
            assert!(peak >= now, "{peak} KiB at most, {now} now");
        }
    }

    #[test]
    fn a_stall_is_what_takes_longer_than_its_limit() {
        let limit = Duration::from_millis(10);
        let stalled = Meter::start().stop(1).late(Duration::from_secs(1), limit);
        assert_eq!((stalled.value, stalled.passed), (1000.0, Some(false)));
        assert_eq!(Meter::start().stop(1).late(limit, limit).passed, Some(true));
    }
}
