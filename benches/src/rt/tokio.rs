//! tokio's multi-threaded runtime. `SET` chooses how many tasks are joined: a `JoinSet`, or `join_all` over handles.

use super::{Rt, Whole};
use futures::future::{join_all, select_all};
use futures::stream::{FuturesUnordered, StreamExt};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinHandle, JoinSet};

/// The multi-threaded flavour.
#[derive(Debug)]
pub struct Tokio<const SET: bool>;

fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .expect("a few threads and descriptors are there")
}

const WELL: &str = "no task of a workload fails";

impl<const SET: bool> Rt for Tokio<SET> {
    type Task<T: Send + 'static> = JoinHandle<T>;
    type Outside = Handle;

    fn run<F>(workers: usize, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let runtime = runtime(workers);
        let main = runtime.spawn(main);
        runtime.block_on(main).expect(WELL)
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(future)
    }

    fn detach<T: Send + 'static>(task: JoinHandle<T>) {
        drop(task);
    }

    async fn join<T: Send + 'static>(task: JoinHandle<T>) -> T {
        task.await.expect(WELL)
    }

    fn outside() -> Handle {
        Handle::current()
    }

    fn spawn_from<F>(outside: &Handle, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        drop(outside.spawn(future));
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }

    async fn gather<F>(futures: impl Iterator<Item = F> + Send) -> Vec<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if SET {
            return futures.collect::<JoinSet<_>>().join_all().await;
        }
        let tasks: Vec<_> = futures.map(tokio::spawn).collect();
        let results = join_all(tasks).await;
        results
            .into_iter()
            .map(|result| result.expect(WELL))
            .collect()
    }

    async fn as_completed<F>(futures: impl Iterator<Item = F> + Send) -> u64
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let mut count = 0;
        if SET {
            let mut tasks: JoinSet<_> = futures.collect();
            while let Some(result) = tasks.join_next().await {
                result.expect(WELL);
                count += 1;
            }
        } else {
            let mut tasks: FuturesUnordered<_> = futures.map(tokio::spawn).collect();
            while let Some(result) = tasks.next().await {
                result.expect(WELL);
                count += 1;
            }
        }
        count
    }

    async fn first_completed<T: Send + 'static>(tasks: Vec<JoinHandle<T>>) -> Vec<JoinHandle<T>> {
        let (result, _, pending) = select_all(tasks).await;
        result.expect(WELL);
        pending
    }
}

impl<const SET: bool> Whole for Tokio<SET> {
    type Stream = tokio::net::TcpStream;

    async fn cancel_all<T: Send + 'static>(tasks: Vec<JoinHandle<T>>) {
        for task in &tasks {
            task.abort();
        }
        for task in tasks {
            drop(task.await);
        }
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }

    async fn timeout<F: Future + Send>(limit: Duration, future: F) -> Option<F::Output>
    where
        F::Output: Send,
    {
        tokio::time::timeout(limit, future).await.ok()
    }

    fn blocking<F, T>(job: F) -> impl Future<Output = T> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let task = tokio::task::spawn_blocking(job);
        async { task.await.expect(WELL) }
    }

    fn start_and_stop(workers: usize) {
        runtime(workers).block_on(async {});
    }

    fn stream(socket: std::net::TcpStream) -> io::Result<Self::Stream> {
        tokio::net::TcpStream::from_std(socket)
    }

    fn poll_read(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let read = Pin::new(stream).poll_read(cx, &mut buffer);
        read.map_ok(|()| buffer.filled().len())
    }

    fn poll_write(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(stream).poll_write(cx, bytes)
    }
}
