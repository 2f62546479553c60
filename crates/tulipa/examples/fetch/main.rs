//! Fetches many URLs at once.
//!
//! Without URLs it starts a web server of its own on the loopback, whose pages are fast, slow, broken or silent, and
//! fetches 200 of them. Results are printed as they complete; at the end come a table and a histogram.
//! Ctrl-C cancels what is in flight, still prints what was done, and exits with 130.
//!
//! ```text
//! cargo run --release --example fetch
//! cargo run --release --example fetch -- --concurrency 8 http://localhost:8000/ http://localhost:8000/missing
//! ```
//!
//! | exit status | |
//! | --- | --- |
//! | 0 | every page arrived; of its own server, every good page arrived and every bad one did not |
//! | 1 | some page did not, or the deadline passed |
//! | 2 | the command line makes no sense |
//! | 130 | Ctrl-C |

mod client;
mod error;
mod hyper_rt;
mod job;
mod options;
mod permits;
mod progress;
mod report;
mod server;
mod url;

use client::Client;
use futures::StreamExt;
use job::{Fetched, Job};
use options::{Command, Options};
use progress::Progress;
use report::Report;
use std::io::{self, Write};
use std::process::ExitCode;
use tulipa::time::now;
use tulipa::{AsCompleted, Task, TaskGroup, as_completed, cancel, timeout};

#[tulipa::main]
async fn main() -> ExitCode {
    let done = match Options::from_args(std::env::args().skip(1)) {
        Ok(Command::Fetch(options)) => fetch(options).await,
        Ok(Command::Help) => writeln!(io::stdout(), "{}", options::HELP).map(|()| true),
        Err(wrong) => {
            eprintln!("fetch: {wrong}\n\n{}", options::HELP);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fetch: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Fetches what `options` say, or the pages of a server of our own. Whether all went as it should.
async fn fetch(options: Options) -> io::Result<bool> {
    if !options.urls.is_empty() {
        let jobs = options.urls.iter().map(|url| Job {
            url: url.clone(),
            meant: None,
        });
        return fetch_and_report(&options, jobs.collect()).await;
    }
    let server = server::start().await?;
    let as_meant = fetch_and_report(&options, server.jobs(200)).await?;
    let verdict = if as_meant {
        "All as it should be: the good pages arrived, the bad ones failed."
    } else {
        "Not all is as it should be. (On a busy machine good pages may be late.)"
    };
    writeln!(io::stdout(), "{verdict}")?;
    Ok(as_meant)
}

/// Fetches, and reports what was done, however that ends.
async fn fetch_and_report(options: &Options, jobs: Vec<Job>) -> io::Result<bool> {
    let mut report = Report::new(jobs.len());
    let began = now();
    let work = timeout(options.deadline, fetch_all(options, jobs, &mut report));
    let ended = cancel::catch(work).await;
    report.finish(now() - began);
    let mut out = io::stdout();
    write!(out, "\n{report}\n")?;
    match ended {
        Ok(Ok(shown)) => shown?,
        Ok(Err(_elapsed)) => writeln!(out, "The deadline of {:?} passed.", options.deadline)?,
        Err(interrupted) => {
            writeln!(out, "Interrupted.")?;
            interrupted.resume().await // and so the program ends with 130
        }
    }
    Ok(report.is_as_meant())
}

/// Fetches all, each in a task, as many at once as there are permits.
///
/// The group sees to it that none outlives this: whether the deadline passes or somebody presses Ctrl-C, each fetch is
/// cancelled, has closed its connection, and is gone when this returns.
async fn fetch_all(options: &Options, jobs: Vec<Job>, report: &mut Report) -> io::Result<()> {
    let client = Client::new(options);
    let progress = Progress::new(jobs.len());
    let all = TaskGroup::scope(async |group| {
        let fetches = jobs.into_iter().map(|job| {
            let client = client.clone();
            group.spawn(async move { client.fetch(job).await })
        });
        let shown = show(as_completed(fetches), &progress, report).await;
        if shown.is_err() {
            group.cancel(); // nobody reads it
        }
        shown
    });
    all.await
        .expect("a fetch has its failures as values, and does not panic")
}

/// Shows and counts each result as it comes.
async fn show(
    mut fetches: AsCompleted<Task<Fetched>>,
    progress: &Progress,
    report: &mut Report,
) -> io::Result<()> {
    while let Some(fetch) = fetches.next().await {
        if let Ok(fetched) = fetch.await {
            progress.show(&fetched)?;
            report.add(&fetched);
        }
    }
    Ok(())
}
