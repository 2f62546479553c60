//! `cargo xtask bench`: tulipa beside its peers.
//!
//! Machines differ, and one machine differs from minute to minute. So each measurement is a process of its own, tulipa and
//! a peer take turns, and what is reported is the median of the ratios of such pairs, with their spread. Absolute times
//! are shown, but nothing is decided on them.
//!
//! Which workloads there are, and how large, the runner says (`benches/src/runner.rs`); nothing here knows any by name.

mod chart;
mod measure;
mod page;
mod pairs;
mod peers;
mod plan;
mod report;
mod stats;

use crate::process::{self, Failure};
use indicatif::{ProgressBar, ProgressStyle};
use pairs::Pace;
use plan::Plan;
use report::Report;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What all of it may take; past it, pairs are left out rather than workloads.
const BUDGET: Duration = Duration::from_secs(18 * 60);
const QUICK_BUDGET: Duration = Duration::from_secs(150);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Small sizes: minutes instead of a quarter of an hour, and more noise.
    #[arg(long)]
    quick: bool,
    /// Only the workload of this name, or those that begin with it; may be given more than once.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Only this peer; may be given more than once.
    #[arg(long, value_name = "PEER")]
    against: Vec<String>,
    /// How many threads run tasks.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    workers: u16,
    /// Also write what was measured to FILE: an object for each workload and peer.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Builds the runner, measures, and reports: on the terminal, as a page, as JSON.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let field = peers::Field::gather()?;
    field.print();
    let plan = Plan::new(&field, options)?;
    let report = Report {
        rows: measure_all(&plan, options),
        field: &field,
        workers: options.workers,
        quick: options.quick,
    };
    report.print();
    let page = target().join("bench").join("index.html");
    write(&page, &page::render(&report))?;
    println!("\n{}", page.display());
    if let Some(path) = &options.json {
        write(path, &format!("{:#}\n", report.to_json()))?;
    }
    Ok(())
}

fn measure_all(plan: &Plan<'_>, options: &Options) -> Vec<pairs::Row> {
    let bar = ProgressBar::new(plan.comparisons.len() as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} (left: {eta}) {msg}");
    bar.set_style(style.expect("the template is well formed"));
    let budget = if options.quick { QUICK_BUDGET } else { BUDGET };
    let mut pace = Pace::new(budget, plan.comparisons.len());
    let mut rows = Vec::new();
    for comparison in &plan.comparisons {
        bar.set_message(format!(
            "{} / {}",
            comparison.workload.name, comparison.peer.name
        ));
        rows.push(pairs::compare(comparison, plan.tulipa, options, &pace));
        pace.advance();
        bar.inc(1);
    }
    bar.finish_and_clear();
    rows
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|e| Failure::new(format!("cannot write {}: {e}", path.display())))
}

/// Where cargo builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| process::root().join("target"), PathBuf::from)
}
