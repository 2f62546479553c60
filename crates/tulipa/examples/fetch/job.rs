//! One URL: what is to be fetched, and what came of it.

use crate::error::FetchError;
use std::fmt;
use std::time::Duration;

/// A page to fetch.
pub(crate) struct Job {
    pub(crate) url: String,
    /// What a page of our own server is made for. One of somebody else's should arrive.
    pub(crate) meant: Option<Ending>,
}

/// How a fetch can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Arrived,
    Failed,
    TimedOut,
}

/// What came of a job.
pub(crate) struct Fetched {
    pub(crate) job: Job,
    pub(crate) outcome: Result<Page, FetchError>,
    /// How often it was tried; never if the URL is none.
    pub(crate) attempts: u32,
    /// From the first attempt to the end of the last.
    pub(crate) took: Duration,
}

/// A page that arrived whole.
pub(crate) struct Page {
    pub(crate) bytes: usize,
}

impl Fetched {
    pub(crate) fn ending(&self) -> Ending {
        match self.outcome {
            Ok(_) => Ending::Arrived,
            Err(FetchError::TimedOut(_)) => Ending::TimedOut,
            Err(_) => Ending::Failed,
        }
    }

    pub(crate) fn is_as_meant(&self) -> bool {
        self.ending() == self.job.meant.unwrap_or(Ending::Arrived)
    }
}

impl fmt::Display for Fetched {
    /// One line, whatever happened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (took, url) = (format!("{:.1?}", self.took), &self.job.url);
        match &self.outcome {
            Ok(page) => write!(f, "{took:>9}  ok      {url}: {} bytes", page.bytes)?,
            Err(error) => write!(f, "{took:>9}  failed  {url}: {error}")?,
        }
        if self.attempts > 1 {
            write!(f, " ({} attempts)", self.attempts)?;
        }
        if self.job.meant.is_some() && !self.is_as_meant() {
            f.write_str(" (unexpected)")?;
        }
        Ok(())
    }
}
