//! Fetching one URL: connect, ask, read, and try again where that may help.

use crate::error::FetchError;
use crate::hyper_rt::{Executor, Io};
use crate::job::{Fetched, Job, Page};
use crate::options::Options;
use crate::permits::Permits;
use crate::url::Target;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::rt::Executor as _;
use hyper::{Response, header};
use std::time::Duration;
use tulipa::time::now;
use tulipa::{TaskGroup, net, sleep, timeout};

/// The pause before the second attempt. Each later one is twice as long, up to a limit.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Fetches URLs, so many at once. Clones share the permits.
#[derive(Clone)]
pub(crate) struct Client {
    permits: Permits,
    timeout: Duration,
    retries: u32,
    max_body: usize,
}

impl Client {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            permits: Permits::new(options.concurrency),
            timeout: options.timeout,
            retries: options.retries,
            max_body: options.max_body,
        }
    }

    /// Does `job`, when there is a permit. Failures are values.
    pub(crate) async fn fetch(&self, job: Job) -> Fetched {
        let _permit = self.permits.take().await;
        let began = now();
        let (outcome, attempts) = match Target::parse(&job.url) {
            Ok(target) => self.try_again_and_again(&target).await,
            Err(why) => (Err(FetchError::BadUrl(why)), 0),
        };
        Fetched {
            job,
            outcome,
            attempts,
            took: now() - began,
        }
    }

    /// As long as it may help, and with growing pauses. How it ended, and how many attempts that took.
    async fn try_again_and_again(&self, target: &Target) -> (Result<Page, FetchError>, u32) {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            match self.attempt_in_time(target).await {
                Err(error) if error.may_pass() && attempt <= self.retries => sleep(pause).await,
                ended => return (ended, attempt),
            }
            pause = LONGEST_PAUSE.min(2 * pause);
        }
        unreachable!("one attempt is the last")
    }

    async fn attempt_in_time(&self, target: &Target) -> Result<Page, FetchError> {
        let in_time = timeout(self.timeout, self.attempt(target)).await;
        in_time.unwrap_or(Err(FetchError::TimedOut(self.timeout)))
    }

    /// One attempt is a group: what hyper does in the background ends with it, however it ends, and so does the
    /// connection.
    async fn attempt(&self, target: &Target) -> Result<Page, FetchError> {
        let attempt = TaskGroup::scope(async |group| {
            let page = self.ask(target, &Executor(group.clone())).await;
            group.cancel(); // what is left has nothing to do
            page
        });
        attempt.await.expect("hyper does not panic")
    }

    async fn ask(&self, target: &Target, background: &Executor) -> Result<Page, FetchError> {
        let stream = net::open_connection(&target.host, target.port)
            .await
            .map_err(FetchError::Connect)?;
        let (mut requests, connection) = http1::handshake(Io(stream)).await?;
        background.execute(connection); // moves the bytes while we wait for what they say
        let response = requests.send_request(target.request()).await?;
        self.read(accept(response)?).await
    }

    /// Counts the bytes of a body, as long as it is not too large.
    async fn read(&self, mut body: Incoming) -> Result<Page, FetchError> {
        if body.size_hint().lower() > self.max_body as u64 {
            return Err(FetchError::TooLarge(self.max_body)); // it says so itself
        }
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame?.data_ref().map_or(0, Bytes::len);
            if bytes > self.max_body {
                return Err(FetchError::TooLarge(self.max_body));
            }
        }
        Ok(Page { bytes })
    }
}

/// The body, if it is that of the page.
fn accept(response: Response<Incoming>) -> Result<Incoming, FetchError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response.into_body());
    }
    match response.headers().get(header::LOCATION) {
        Some(to) if status.is_redirection() => Err(FetchError::Moved(
            String::from_utf8_lossy(to.as_bytes()).into_owned(),
        )),
        _ => Err(FetchError::Status(status)),
    }
}
