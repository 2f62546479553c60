//! A line for each result, and on a terminal a progress bar under them.

use crate::job::Fetched;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};

/// Shows each result as it comes.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// The bar is on standard error, and hidden if that is no terminal.
    pub(crate) fn new(total: usize) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}")
            .expect("the template is well-formed");
        let bar = ProgressBar::new(total as u64).with_style(style);
        Self { bar }
    }

    pub(crate) fn show(&self, fetched: &Fetched) -> io::Result<()> {
        let shown = self.bar.suspend(|| writeln!(io::stdout(), "{fetched}"));
        self.bar.inc(1);
        shown
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
