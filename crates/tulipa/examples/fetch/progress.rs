//! A progress bar, on a terminal; lines only, elsewhere.

use crate::client::Fetched;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// Shows each result as it comes.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}")
                .expect("the template is valid");
            ProgressBar::new(total as u64).with_style(style)
        });
        Self { bar }
    }

    pub(crate) fn println(&self, fetched: &Fetched) {
        let line = line(fetched);
        match &self.bar {
            None => println!("{line}"),
            Some(bar) => {
                bar.suspend(|| println!("{line}"));
                bar.inc(1);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(fetched: &Fetched) -> String {
    let Fetched {
        url,
        outcome,
        attempts,
        took,
    } = fetched;
    let tries = if *attempts > 1 {
        format!(", {attempts} attempts")
    } else {
        String::new()
    };
    match outcome {
        Ok(page) => format!(
            "{:>7.1?}  {} {url} ({} bytes{tries})",
            took, page.status, page.bytes
        ),
        Err(error) => format!("{:>7.1?}  ERR {url}: {error}{tries}", took),
    }
}
