//! One measurement: a process, with a time limit.

use super::peers::Runtime;
use serde_json::Value;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// What a run cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sample {
    /// In the unit of the workload.
    pub(super) value: f64,
    /// Nanoseconds per operation.
    pub(super) wall: f64,
    pub(super) cpu: f64,
    pub(super) peak_kib: Option<f64>,
    /// Of a stall.
    pub(super) passed: Option<bool>,
    pub(super) notes: Vec<(String, f64)>,
}

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) workload: &'a str,
    pub(super) n: u64,
    pub(super) workers: u16,
    pub(super) limit: Duration,
}

/// Runs one workload on one runtime. An error says what went wrong, in words.
pub(super) fn measure(runtime: &Runtime, run: Run<'_>) -> Result<Sample, String> {
    let mut command = Command::new(&runtime.launcher[0]);
    command.args(&runtime.launcher[1..]);
    command.args(["--runtime", &runtime.name, "--workload", run.workload]);
    command.args([
        "--n",
        &run.n.to_string(),
        "--workers",
        &run.workers.to_string(),
    ]);
    let line = last_line(&mut command, run.limit)?;
    parse(&line).ok_or_else(|| format!("wrote no measurement, but {line:?}"))
}

/// The last line that `command` writes, if it ends well within `limit`; else it is killed.
fn last_line(command: &mut Command, limit: Duration) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot be started: {e}"))?;
    let output = read_aside(child.stdout.take());
    let errors = read_aside(child.stderr.take());
    let output = output.recv_timeout(limit);
    if output == Err(RecvTimeoutError::Timeout) {
        // It may have ended just now.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|e| format!("was lost: {e}"))?;
    match output {
        Ok(output) if status.success() => Ok(output.lines().last().unwrap_or_default().to_owned()),
        Err(RecvTimeoutError::Timeout) => Err(format!("took more than {} s", limit.as_secs())),
        _ => {
            let errors = errors.recv().unwrap_or_default();
            let said = errors.lines().rfind(|line| !line.trim().is_empty());
            Err(format!(
                "failed ({status}): {}",
                said.unwrap_or("it said nothing")
            ))
        }
    }
}

/// Reads to the end on a thread, so that a full pipe stops nobody.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still of use.
            let _ = pipe.read_to_end(&mut bytes);
        }
        // Nobody listens once the limit has passed.
        let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receive
}

fn parse(line: &str) -> Option<Sample> {
    let json: Value = serde_json::from_str(line).ok()?;
    let operations = json["operations"].as_f64()?.max(1.0);
    let notes = json["notes"].as_object().into_iter().flatten();
    Some(Sample {
        value: json["value"].as_f64()?,
        wall: json["wall_ns"].as_f64()? / operations,
        cpu: json["cpu_ns"].as_f64()? / operations,
        peak_kib: json["peak_kib"].as_f64(),
        passed: json["passed"].as_bool(),
        notes: notes
            .filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_measurement_is_the_last_line() {
        let line = last_line(&mut shell("echo a; echo b"), Duration::from_secs(60));
        assert_eq!(line.as_deref(), Ok("b"));
    }

    #[test]
    fn what_went_wrong_is_told() {
        let failed = last_line(&mut shell("echo no >&2; exit 3"), Duration::from_secs(60));
        let failed = failed.unwrap_err();
        assert!(failed.contains('3') && failed.ends_with("no"), "{failed}");
    }

    #[test]
    fn what_takes_too_long_is_killed() {
        let late = last_line(&mut shell("exec tail -f /dev/null"), Duration::ZERO);
        assert_eq!(late.unwrap_err(), "took more than 0 s");
    }

    #[test]
    fn times_are_per_operation() {
        let line =
            r#"{"operations": 10, "wall_ns": 100, "cpu_ns": 50, "value": 3, "peak_kib": null}"#;
        let sample = parse(line).unwrap();
        assert_eq!((sample.value, sample.wall, sample.cpu), (3.0, 10.0, 5.0));
        assert_eq!(parse("Segmentation fault"), None);
    }
}
