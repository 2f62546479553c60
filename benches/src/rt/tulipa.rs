//! tulipa, as its users see it.

use super::{Listing, Rt, Whole};
use futures::{AsyncRead, AsyncWrite, StreamExt};
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tulipa::{Handle, ReturnWhen, Runtime, Task};

/// The multi-threaded flavour.
#[derive(Debug)]
pub struct Tulipa;

fn runtime(workers: usize) -> Runtime {
    Runtime::builder()
        .workers(workers)
        .build()
        .expect("a few threads and descriptors are there")
}

fn here() -> Handle {
    Handle::current().expect("workloads run in a task")
}

fn well<T, E: Debug>(outcome: Result<T, E>) -> T {
    outcome.expect("no task of a workload fails")
}

impl Rt for Tulipa {
    type Task<T: Send + 'static> = Task<T>;
    type Outside = Handle;

    fn run<F>(workers: usize, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        well(runtime(workers).run(main))
    }

    fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tulipa::spawn(future)
    }

    fn detach<T: Send + 'static>(task: Task<T>) {
        task.detach();
    }

    async fn join<T: Send + 'static>(task: Task<T>) -> T {
        well(task.await)
    }

    fn outside() -> Handle {
        here()
    }

    fn spawn_from<F>(outside: &Handle, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        outside.spawn(future).detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        tulipa::yield_now()
    }

    async fn gather<F>(futures: impl Iterator<Item = F> + Send) -> Vec<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let tasks: Vec<_> = futures.map(tulipa::spawn).collect();
        well(tulipa::gather(tasks).await)
    }

    async fn as_completed<F>(futures: impl Iterator<Item = F> + Send) -> u64
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let tasks: Vec<_> = futures.map(tulipa::spawn).collect();
        let mut ended = tulipa::as_completed(tasks);
        let mut count = 0;
        while let Some(task) = ended.next().await {
            well(task.await);
            count += 1;
        }
        count
    }

    async fn first_completed<T: Send + 'static>(tasks: Vec<Task<T>>) -> Vec<Task<T>> {
        let first = tulipa::wait(tasks).return_when(ReturnWhen::FirstCompleted);
        let (done, pending) = first.await;
        for task in done {
            well(task.await);
        }
        pending
    }
}

impl Whole for Tulipa {
    type Stream = tulipa::net::TcpStream;

    fn spawn_named<F>(name: String, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tulipa::task::Builder::new().name(name).spawn(future)
    }

    async fn cancel_all<T: Send + 'static>(tasks: Vec<Task<T>>) {
        for task in &tasks {
            task.cancel();
        }
        for task in tasks {
            drop(task.await);
        }
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tulipa::sleep(time)
    }

    async fn timeout<F: Future + Send>(limit: Duration, future: F) -> Option<F::Output>
    where
        F::Output: Send,
    {
        tulipa::timeout(limit, future).await.ok()
    }

    fn blocking<F, T>(job: F) -> impl Future<Output = T> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let task = here().spawn_blocking(job);
        async { well(task.await) }
    }

    fn start_and_stop(workers: usize) {
        well(runtime(workers).run(async {}));
    }

    fn stream(socket: std::net::TcpStream) -> io::Result<Self::Stream> {
        tulipa::net::TcpStream::from_std(socket)
    }

    fn poll_read(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(stream).poll_read(cx, buffer)
    }

    fn poll_write(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(stream).poll_write(cx, bytes)
    }
}

impl Listing for Tulipa {
    fn all_tasks() -> usize {
        tulipa::all_tasks().len()
    }
}
