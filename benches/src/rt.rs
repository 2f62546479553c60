//! What a workload asks of a runtime. Each workload is written once over these traits; each runtime stands behind them.
//!
//! A method does what that runtime's own users would write: tulipa gathers with `gather`, the others with `join_all`.
//! Main is a task on a worker everywhere, which is the best case of each. A measurement is a process, so there is one
//! runtime in it and the methods need no receiver.

mod io;
#[cfg(feature = "peers")]
mod pool;
#[cfg(feature = "peers")]
mod smol;
#[cfg(feature = "peers")]
mod tokio;
mod tulipa;

pub use self::io::Io;
pub use self::tulipa::Tulipa;
#[cfg(feature = "peers")]
pub use self::{pool::Pool, smol::Smol, tokio::Tokio};

use std::future::Future;
use std::io::Result as IoResult;
use std::net::TcpStream;
use std::task::{Context, Poll};
use std::time::Duration;

/// A runtime that has tasks.
pub trait Rt: Sized + Send + Sync + 'static {
    /// The handle of a task.
    type Task<T: Send + 'static>: Send + Unpin + 'static;
    /// What spawns from a thread that is none of the runtime's.
    type Outside: Clone + Send + 'static;

    /// Runs `main` on so many threads, as a task on one of them.
    fn run<F>(workers: usize, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Starts a task, from within one.
    fn spawn<F>(future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Starts many at once, in whatever way the runtime has for that.
    fn spawn_batch<F>(futures: impl Iterator<Item = F>) -> Vec<Self::Task<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        futures.map(Self::spawn).collect()
    }

    /// Lets the task go on by itself.
    fn detach<T: Send + 'static>(task: Self::Task<T>);

    /// Waits for the task, which is expected to end well.
    fn join<T: Send + 'static>(task: Self::Task<T>) -> impl Future<Output = T> + Send;

    /// For [`spawn_from`](Self::spawn_from). Called within a task.
    fn outside() -> Self::Outside;

    /// Starts a task from any thread and lets it go.
    fn spawn_from<F>(outside: &Self::Outside, future: F)
    where
        F: Future<Output = ()> + Send + 'static;

    /// Gives way to other tasks.
    fn yield_now() -> impl Future<Output = ()> + Send;

    /// Starts a task for each future and waits for all results, in order if the runtime has them in order.
    fn gather<F>(
        futures: impl Iterator<Item = F> + Send,
    ) -> impl Future<Output = Vec<F::Output>> + Send
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Starts a task for each future and takes the results as they come. Returns how many there were.
    fn as_completed<F>(futures: impl Iterator<Item = F> + Send) -> impl Future<Output = u64> + Send
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Waits until one of the tasks has ended and returns the others.
    fn first_completed<T: Send + 'static>(
        tasks: Vec<Self::Task<T>>,
    ) -> impl Future<Output = Vec<Self::Task<T>>> + Send;
}

/// A runtime that also has timers, sockets, and threads for what blocks.
pub trait Whole: Rt {
    /// A connected TCP socket.
    type Stream: Send + Unpin + 'static;

    /// Starts a task that has a name, where tasks have names.
    fn spawn_named<F>(name: String, future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        drop(name);
        Self::spawn(future)
    }

    /// Cancels every task and waits until each has ended.
    fn cancel_all<T: Send + 'static>(tasks: Vec<Self::Task<T>>) -> impl Future<Output = ()> + Send;

    /// Waits so long.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;

    /// Gives `future` so much time; `None` if that was not enough.
    fn timeout<F: Future + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send
    where
        F::Output: Send;

    /// Starts `job` on a thread that may block, at once, and waits for it.
    fn blocking<F, T>(job: F) -> impl Future<Output = T> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static;

    /// Builds a runtime, runs an empty main, and ends the runtime.
    fn start_and_stop(workers: usize);

    /// Takes over a connection that does not block.
    ///
    /// # Errors
    ///
    /// If the system cannot watch it.
    fn stream(socket: TcpStream) -> IoResult<Self::Stream>;

    /// Reads what is there. Written out here, not as a trait of the stream: the peers' streams have different ones.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    fn poll_read(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<IoResult<usize>>;

    /// Writes what fits.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    fn poll_write(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<IoResult<usize>>;
}

/// A runtime that can list its tasks.
pub trait Listing: Rt {
    /// Lists all tasks that have not ended, and counts them.
    fn all_tasks() -> usize;
}
