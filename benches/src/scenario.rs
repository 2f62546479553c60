//! The workloads, by subject, each written once over [`Rt`] or [`Whole`].
//!
//! A workload stands in the catalogue with its sizes and its unit; `cargo xtask bench` asks for the catalogue and knows
//! no workload by itself.

mod blocking;
mod combinators;
mod echo;
pub mod floor;
mod http;
pub mod idle;
mod memory;
mod stalls;
mod tasks;
mod time;

use crate::meter::Outcome;
use crate::rt::{Listing, Rt, Whole};
use serde_json::{Value, json};

/// How much to do, on how many threads.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Operations, or whatever the workload counts.
    pub n: u64,
    /// Threads.
    pub workers: usize,
}

/// One workload on one runtime.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// What `--only` takes.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub what: &'static str,
    /// The subject, under which it is listed.
    pub group: &'static str,
    /// Of its value; less is better.
    pub unit: &'static str,
    /// The usual size.
    pub n: u64,
    /// The size of a quick run.
    pub quick: u64,
    /// The sizes of a curve of cost over n.
    pub curve: &'static [u64],
    /// Whether the value is a cost per operation, so that a slow runtime may be given fewer of them.
    pub scales: bool,
    /// A difference in the value that is no larger says nothing.
    pub resolution: f64,
    /// Does it.
    pub run: fn(Load) -> Outcome,
}

impl Workload {
    /// One that is judged by nanoseconds on the wall per operation; see [`unit`](Self::unit).
    fn new(name: &'static str, n: u64, run: fn(Load) -> Outcome) -> Self {
        Self {
            name,
            what: "",
            group: "",
            unit: "ns/op",
            n,
            quick: n / 10,
            curve: &[],
            scales: true,
            resolution: 0.0,
            run,
        }
    }

    fn what(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    fn quick(self, quick: u64) -> Self {
        Self { quick, ..self }
    }

    fn curve(self, curve: &'static [u64]) -> Self {
        Self { curve, ..self }
    }

    /// `n` is not a number of like operations.
    fn fixed(self) -> Self {
        Self {
            scales: false,
            ..self
        }
    }

    fn resolution(self, resolution: f64) -> Self {
        Self { resolution, ..self }
    }

    /// For the catalogue of the runner.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name, "what": self.what, "group": self.group, "unit": self.unit,
            "n": self.n, "quick": self.quick, "curve": self.curve, "scales": self.scales,
            "resolution": self.resolution,
        })
    }
}

/// What a runtime with nothing but tasks can do.
pub fn of_tasks<R: Rt>() -> Vec<Workload> {
    let groups = [
        ("tasks", tasks::workloads::<R>()),
        ("combinators", combinators::workloads::<R>()),
    ];
    flatten(groups)
}

/// Where a runtime has a second way to join many tasks.
pub fn of_joining<R: Rt>() -> Vec<Workload> {
    flatten([("combinators", combinators::joining::<R>())])
}

/// What a runtime can do that knows its tasks.
pub fn of_listing<R: Listing>() -> Vec<Workload> {
    flatten([("introspection", tasks::listing::<R>())])
}

/// What a whole runtime can do.
pub fn of_whole<R: Whole>() -> Vec<Workload> {
    let mut all = of_tasks::<R>();
    all.extend(flatten([
        ("cancellation", tasks::cancellation::<R>()),
        ("time", time::workloads::<R>()),
        ("threads", blocking::workloads::<R>()),
        ("sockets", echo::workloads::<R>()),
        ("sockets", http::workloads::<R>()),
        ("footprint", memory::workloads::<R>()),
        ("footprint", idle::workloads::<R>()),
        ("stalls", stalls::workloads::<R>()),
    ]));
    all
}

fn flatten<const N: usize>(groups: [(&'static str, Vec<Workload>); N]) -> Vec<Workload> {
    let named = |(group, workloads): (&'static str, Vec<Workload>)| {
        workloads
            .into_iter()
            .map(move |workload| Workload { group, ..workload })
    };
    groups.into_iter().flat_map(named).collect()
}
