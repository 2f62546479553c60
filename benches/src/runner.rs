//! One measurement, as a process of its own: a runtime, a workload, a line of JSON.
//!
//! `cargo xtask bench` starts it, many times. By hand:
//! `tulipa-bench-runner --runtime tulipa --workload spawn_join --n 500000 --workers 2`.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "what it measured is its output")]

use clap::Parser;
use serde_json::{Value, json};
use std::error::Error;
use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::process::ExitCode;
use tulipa_benches::meter::{Outcome, peak_kib};
use tulipa_benches::runtimes;
use tulipa_benches::scenario::{Load, idle};

/// Runs one workload on one runtime and prints what it cost.
#[derive(Debug, Parser)]
struct Cli {
    /// Prints the runtimes and their workloads instead.
    #[arg(long)]
    list: bool,
    /// Holds `n` connections to this address instead, until standard input ends.
    #[arg(long, value_name = "ADDRESS")]
    hold: Option<SocketAddr>,
    /// Which runtime.
    #[arg(long, default_value = "tulipa")]
    runtime: String,
    /// Which workload.
    #[arg(long, default_value = "spawn_join")]
    workload: String,
    /// How many operations; the workload's own size, without this.
    #[arg(long)]
    n: Option<u64>,
    /// How many threads.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    workers: u16,
}

fn main() -> ExitCode {
    match dispatch(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: &Cli) -> Result<(), Box<dyn Error>> {
    if cli.list {
        return print(&list());
    }
    if let Some(address) = cli.hold {
        return Ok(idle::hold(address, cli.n.unwrap_or(0))?);
    }
    print(&measure(cli)?)?;
    // At once: ending a million tasks is not what was to be measured.
    std::process::exit(0)
}

/// A pipe that nobody reads any more is no reason to panic.
fn print(line: &Value) -> Result<(), Box<dyn Error>> {
    writeln!(stdout(), "{line}")?;
    Ok(stdout().flush()?)
}

fn list() -> Value {
    let of_runtime = |runtime: &runtimes::Runtime| {
        let workloads: Vec<Value> = runtime.workloads.iter().map(|w| w.to_json()).collect();
        json!({
            "name": runtime.name, "version": runtime.version, "is_floor": runtime.is_floor, "workloads": workloads,
        })
    };
    let all: Vec<Value> = runtimes::all().iter().map(of_runtime).collect();
    Value::from(all)
}

fn measure(cli: &Cli) -> Result<Value, String> {
    let all = runtimes::all();
    let names = || all.iter().map(|r| r.name).collect::<Vec<_>>().join(", ");
    let runtime = all
        .iter()
        .find(|runtime| runtime.name == cli.runtime)
        .ok_or_else(|| format!("no runtime {:?}; there are {}", cli.runtime, names()))?;
    let workload = runtime
        .workloads
        .iter()
        .find(|workload| workload.name == cli.workload)
        .ok_or_else(|| {
            format!(
                "{} has no workload {:?}; see --list",
                cli.runtime, cli.workload
            )
        })?;
    let load = Load {
        n: cli.n.unwrap_or(workload.n),
        workers: cli.workers.into(),
    };
    let outcome = (workload.run)(load);
    Ok(report(cli, load, workload.unit, &outcome))
}

fn report(cli: &Cli, load: Load, unit: &str, outcome: &Outcome) -> Value {
    let notes: serde_json::Map<String, Value> = outcome
        .notes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    json!({
        "runtime": cli.runtime, "workload": cli.workload, "n": load.n, "workers": load.workers,
        "operations": outcome.operations,
        "wall_ns": outcome.wall.as_nanos() as u64, "cpu_ns": outcome.cpu.as_nanos() as u64,
        "peak_kib": peak_kib(), "value": outcome.value, "unit": unit,
        "passed": outcome.passed, "notes": notes,
    })
}
