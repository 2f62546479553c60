//! What the command line says.

use std::time::Duration;

pub(crate) const HELP: &str = "\
Fetches many URLs at once; without URLs, 200 pages of a server of its own.

usage: fetch [options] [http://host[:port]/path ...]

  --concurrency N     how many at once (32)
  --timeout SECONDS   for each attempt (10; with the server of its own, 0.5)
  --retries N         after a failure that may pass (2)
  --deadline SECONDS  for everything (60)
  --max-body BYTES    a larger body is a failure (1048576)

exit status: 0 if every page arrived (of the server of its own, the good ones; the
bad ones must fail), 1 if not, 2 for a mistake on the command line, 130 after Ctrl-C";

/// What is to be done.
pub(crate) enum Command {
    Fetch(Options),
    Help,
}

/// What to fetch, and how.
pub(crate) struct Options {
    pub(crate) urls: Vec<String>,
    pub(crate) concurrency: usize,
    /// For each attempt.
    pub(crate) timeout: Duration,
    /// How many attempts may follow the first.
    pub(crate) retries: u32,
    /// For everything.
    pub(crate) deadline: Duration,
    /// In bytes.
    pub(crate) max_body: usize,
}

impl Options {
    /// What `args` say, or what is wrong with them.
    pub(crate) fn from_args(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
        let mut options = Self {
            urls: Vec::new(),
            concurrency: 32,
            timeout: Duration::from_secs(10),
            retries: 2,
            deadline: Duration::from_secs(60),
            max_body: 1 << 20,
        };
        let mut timeout = None;
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a number"));
            match arg.as_str() {
                "--help" | "-h" => return Ok(Command::Help),
                "--concurrency" => options.concurrency = count(&arg, &value()?)?,
                "--timeout" => timeout = Some(seconds(&arg, &value()?)?),
                "--retries" => options.retries = count(&arg, &value()?)?,
                "--deadline" => options.deadline = seconds(&arg, &value()?)?,
                "--max-body" => options.max_body = count(&arg, &value()?)?,
                flag if flag.starts_with('-') => return Err(format!("there is no option {flag}")),
                _ => options.urls.push(arg),
            }
        }
        if options.concurrency == 0 {
            return Err("--concurrency 0 would fetch nothing: give at least 1".to_owned());
        }
        if options.urls.is_empty() {
            options.timeout = Duration::from_millis(500); // our own server is near, and some of its pages never answer
        }
        options.timeout = timeout.unwrap_or(options.timeout);
        Ok(Command::Fetch(options))
    }
}

fn count<N>(option: &str, value: &str) -> Result<N, String>
where
    N: std::str::FromStr<Err = std::num::ParseIntError>,
{
    let count = value.parse();
    count.map_err(|error| format!("{option} {value}: {error}"))
}

fn seconds(option: &str, value: &str) -> Result<Duration, String> {
    let seconds: f64 = value
        .parse()
        .map_err(|error| format!("{option} {value}: {error}"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("{option} {value}: {error}"))
}
