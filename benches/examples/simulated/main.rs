//! Workloads on more workers than there are cores: how often one steals from another, and is woken.
//!
//! `cargo run --release -p tulipa-benches --example simulated`. The workers take turns on one thread, in an order that a seed
//! determines. So the figures are the same on every machine, and say nothing about time: a step of a worker that searches
//! takes as long as one that runs a task. Shown is the middle of several seeds.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a table is its output")]

use futures::channel::oneshot;
use std::future::Future;
use std::pin::Pin;
use tulipa::{Builder, Flavour, Handle, spawn, yield_now};

const WORKERS: [usize; 5] = [1, 2, 4, 8, 64];
const SEEDS: u64 = 5;
const TASKS: u64 = 20_000;

/// Done by a task; says how many tasks there were.
type Workload = fn() -> Pin<Box<dyn Future<Output = u64> + Send>>;

const WORKLOADS: [(&str, Workload); 5] = [
    ("spawn_join", || Box::pin(spawn_join())),
    ("skynet", || Box::pin(skynet())),
    ("ping_pong", || Box::pin(ping_pong())),
    ("chained_spawn", || Box::pin(chained_spawn())),
    ("yield_many", || Box::pin(yield_many())),
];

fn main() {
    println!("| workload | workers | polls | steals | wakes | sleeps |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (name, workload) in WORKLOADS {
        for workers in WORKERS {
            let costs: Vec<_> = (0..SEEDS)
                .map(|seed| cost(workers, seed, workload))
                .collect();
            let middle = |of: fn(&Cost) -> f64| {
                let mut values: Vec<f64> = costs.iter().map(of).collect();
                values.sort_by(f64::total_cmp);
                values[values.len() / 2]
            };
            println!(
                "| `{name}` | {workers} | {:.2} | {:.4} | {:.4} | {:.4} |",
                middle(|cost| cost.polls),
                middle(|cost| cost.steals),
                middle(|cost| cost.wakes),
                middle(|cost| cost.sleeps),
            );
        }
    }
}

/// What a task took, on average.
struct Cost {
    polls: f64,
    steals: f64,
    wakes: f64,
    sleeps: f64,
}

fn cost(workers: usize, seed: u64, workload: Workload) -> Cost {
    let builder = Builder::new()
        .flavour(Flavour::Deterministic)
        .workers(workers)
        .seed(seed);
    let main = async move {
        let stats = || Handle::current().expect("this is a task").stats();
        let before = stats();
        let tasks = spawn(workload()).await.expect("no task fails") as f64;
        let after = stats();
        Cost {
            polls: (after.polls() - before.polls()) as f64 / tasks,
            steals: (after.steals() - before.steals()) as f64 / tasks,
            wakes: (after.wakes() - before.wakes()) as f64 / tasks,
            sleeps: (after.sleeps() - before.sleeps()) as f64 / tasks,
        }
    };
    builder.run(main).expect("nothing waits for ever")
}

async fn spawn_join() -> u64 {
    let tasks: Vec<_> = (0..TASKS).map(|_| spawn(async {})).collect();
    for task in tasks {
        task.await.expect("it does nothing");
    }
    TASKS
}

/// A tree of tasks with ten children each.
fn tree(leaves: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if leaves < 10 {
            return 1;
        }
        let children: Vec<_> = (0..10).map(|_| spawn(tree(leaves / 10))).collect();
        let mut tasks = 1;
        for child in children {
            tasks += child.await.expect("it counts");
        }
        tasks
    })
}

async fn skynet() -> u64 {
    tree(10_000).await
}

/// 64 tasks, each of which spawns a partner and exchanges two oneshots with it, again and again.
async fn ping_pong() -> u64 {
    const ROUNDS: u64 = TASKS / 64;
    let play = || async {
        for _ in 0..ROUNDS {
            let ((ping, pinged), (pong, ponged)) = (oneshot::channel(), oneshot::channel());
            spawn(async move {
                pinged.await.expect("the ping comes");
                pong.send(()).expect("the pong is awaited");
            })
            .detach();
            ping.send(()).expect("the partner waits");
            ponged.await.expect("the pong comes");
        }
    };
    let tasks: Vec<_> = (0..64).map(|_| spawn(play())).collect();
    for task in tasks {
        task.await.expect("it plays");
    }
    64 * ROUNDS
}

fn link(left: u64, done: oneshot::Sender<()>) {
    spawn(async move {
        match left {
            0 => done.send(()).expect("the end is awaited"),
            _ => link(left - 1, done),
        }
    })
    .detach();
}

async fn chained_spawn() -> u64 {
    let (done, ended) = oneshot::channel();
    link(TASKS, done);
    ended.await.expect("the last one tells");
    TASKS
}

/// 200 tasks that give way; each turn of one counts.
async fn yield_many() -> u64 {
    const TURNS: u64 = TASKS / 200;
    let give_way = || async {
        for _ in 0..TURNS {
            yield_now().await;
        }
    };
    let tasks: Vec<_> = (0..200).map(|_| spawn(give_way())).collect();
    for task in tasks {
        task.await.expect("it gives way");
    }
    200 * TURNS
}
