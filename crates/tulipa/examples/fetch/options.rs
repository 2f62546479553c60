//! What the command line says.

use std::time::Duration;

pub(crate) const HELP: &str = "\
usage: fetch [options] [http://host[:port]/path ...]

  --concurrency N   how many at once (32)
  --timeout MS      for each request, in milliseconds (1000)
  --retries N       after a failure that may pass (2)
  --deadline MS     for everything, in milliseconds (30000)
  --max-body BYTES  a larger body is an error (1048576)

Without URLs, fetches 200 pages of a server of its own.";

/// What to fetch, and how.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) urls: Vec<String>,
    pub(crate) concurrency: usize,
    pub(crate) timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) deadline: Duration,
    pub(crate) max_body: usize,
}

pub(crate) enum Parsed {
    Run(Options),
    Help,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            concurrency: 32,
            timeout: Duration::from_millis(1_000),
            retries: 2,
            deadline: Duration::from_millis(30_000),
            max_body: 1 << 20,
        }
    }
}

impl Options {
    /// What `args` say, or what is wrong with them.
    pub(crate) fn from_args(mut args: impl Iterator<Item = String>) -> Result<Parsed, String> {
        let mut options = Self::default();
        while let Some(arg) = args.next() {
            let mut number = || -> Result<u64, String> {
                let value = args.next().ok_or_else(|| format!("{arg} needs a number"))?;
                value
                    .parse()
                    .map_err(|error| format!("{arg} {value}: {error}"))
            };
            match arg.as_str() {
                "--help" | "-h" => return Ok(Parsed::Help),
                "--concurrency" => {
                    options.concurrency = usize::try_from(number()?).unwrap_or(usize::MAX)
                }
                "--timeout" => options.timeout = Duration::from_millis(number()?),
                "--retries" => options.retries = u32::try_from(number()?).unwrap_or(u32::MAX),
                "--deadline" => options.deadline = Duration::from_millis(number()?),
                "--max-body" => options.max_body = usize::try_from(number()?).unwrap_or(usize::MAX),
                flag if flag.starts_with('-') => return Err(format!("unknown option {flag}")),
                _ => options.urls.push(arg),
            }
        }
        if options.concurrency == 0 {
            return Err("--concurrency 0 would fetch nothing: give at least 1".to_owned());
        }
        Ok(Parsed::Run(options))
    }
}
