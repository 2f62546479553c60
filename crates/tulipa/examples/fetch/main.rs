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

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod client;
mod hyper_rt;
mod options;
mod permits;
mod progress;
mod report;
mod server;

use client::Client;
use futures::StreamExt;
use options::Options;
use progress::Progress;
use report::Report;
use std::process::ExitCode;
use tulipa::{TaskGroup, as_completed, cancel, timeout};

#[tulipa::main]
async fn main() -> ExitCode {
    let options = match Options::from_args(std::env::args().skip(1)) {
        Ok(options::Parsed::Run(options)) => options,
        Ok(options::Parsed::Help) => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("fetch: {error}\n\n{}", options::HELP);
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(report) if report.all_succeeded() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fetch: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Fetches all, and prints the report, however it ends.
async fn run(mut options: Options) -> std::io::Result<Report> {
    let _server = if options.urls.is_empty() {
        let server = server::start().await?;
        options.urls = server::urls(server.address(), 200);
        Some(server)
    } else {
        None
    };
    let mut report = Report::new(options.urls.len());
    let caught = cancel::catch(timeout(options.deadline, fetch_all(&options, &mut report))).await;
    report.finish();
    print!("{report}");
    match caught {
        Ok(Ok(())) => {}
        Ok(Err(_elapsed)) => println!("The deadline of {:?} passed.", options.deadline),
        Err(interrupted) => {
            println!("Interrupted.");
            interrupted.resume().await // the runtime makes it exit status 130
        }
    }
    Ok(report)
}

/// One task an URL, as many at work as there are permits, and each result as it comes.
///
/// The group sees to it that none outlives this: whether the deadline passes or somebody presses Ctrl-C, each fetch is
/// cancelled, has closed its connection, and is gone when this returns.
async fn fetch_all(options: &Options, report: &mut Report) {
    let client = Client::new(options);
    let progress = Progress::new(options.urls.len());
    let all = TaskGroup::scope(async |group| {
        let fetches = options.urls.iter().map(|url| {
            let (client, url) = (client.clone(), url.clone());
            group.spawn(async move { client.fetch(url).await })
        });
        let mut results = as_completed(fetches);
        while let Some(task) = results.next().await {
            if let Ok(result) = task.await {
                progress.println(&result);
                report.add(result);
            }
        }
    });
    all.await
        .expect("a fetch reports its errors and does not fail");
}
