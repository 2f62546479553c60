//! The workloads of `cargo xtask bench` on more workers than there are cores: what is stolen, who is woken, how long queues
//! get, and how many bytes move between the workers' caches.
//!
//! `cargo run --release -p tulipa-benches --example simulated`. The workers take turns on one thread, in an order that a seed
//! determines. So the figures are the same on every machine, and say nothing about time: a step of a worker that searches
//! takes as long as one that runs a task. Shown is the middle of several seeds, per operation of the workload.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a table is its output")]

mod rt;
mod traffic;

use rt::Simulated;
use tulipa_benches::scenario::{self, Load, Workload};

const WORKERS: [usize; 4] = [2, 4, 8, 64];
const SEEDS: u64 = 5;
const OPERATIONS: u64 = 20_000;

/// All that have no threads beside the workers, and do not ask for the real time or the memory of a process.
const WORKLOADS: [&str; 19] = [
    "spawn_join",
    "spawn_await",
    "spawn_detached",
    "spawn_batch",
    "yield_many",
    "ping_pong",
    "chained_spawn",
    "skynet",
    "mutex",
    "gather",
    "as_completed",
    "wait_first_completed",
    "cancel_many",
    "timers_fire",
    "timers_churn",
    "echo_64_64",
    "echo_1000_64",
    "timeout_per_read",
    "http",
];

fn main() {
    println!(
        "| workload | workers | polls | steals | stolen | wakes | sleeps | queued | longest | bytes moved |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let all = scenario::of_whole::<Simulated>();
    for name in WORKLOADS {
        let workload = all.iter().find(|workload| workload.name == name);
        let workload = workload.expect("the catalogue has it");
        for workers in WORKERS {
            let costs = (0..SEEDS).map(|seed| cost(workload, workers, seed));
            println!(
                "| `{name}` | {workers} | {}",
                row(&costs.collect::<Vec<_>>())
            );
        }
    }
}

/// What an operation took, on average, and the queues.
type Cost = [f64; 8];

fn cost(workload: &Workload, workers: usize, seed: u64) -> Cost {
    traffic::begin(seed);
    let n = OPERATIONS;
    let operations = (workload.run)(Load { n, workers }).operations as f64;
    let traffic = traffic::end();
    let stats = traffic.stats.as_ref().expect("the run has ended");
    [
        stats.polls() as f64 / operations,
        stats.steals() as f64 / operations,
        stats.stolen() as f64 / operations,
        stats.wakes() as f64 / operations,
        stats.sleeps() as f64 / operations,
        traffic.queued(),
        traffic.longest as f64,
        traffic.moved() / operations,
    ]
}

/// The middle of each column.
fn row(costs: &[Cost]) -> String {
    const DIGITS: [usize; 8] = [2, 4, 3, 4, 4, 1, 0, 1];
    let middle = |column: usize| {
        let mut values: Vec<f64> = costs.iter().map(|cost| cost[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let cell = |(column, digits)| format!("{:.*} |", digits, middle(column));
    let cells: Vec<String> = DIGITS.into_iter().enumerate().map(cell).collect();
    cells.join(" ")
}
