//! smol: an executor that so many threads run, the calling one included, as its documentation shows it.

use super::{Rt, Whole};
use futures::future::{join_all, select_all};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{AsyncRead, AsyncWrite};
use smol::channel::{Sender, bounded};
use smol::{Async, Executor, Task, Timer};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

/// The executor of all tasks, and smol's own reactor and pool.
#[derive(Debug)]
pub struct Smol;

static EXECUTOR: LazyLock<Executor<'static>> = LazyLock::new(Executor::new);

/// The threads beside the calling one; they end with this.
struct Threads {
    stop: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    fn start(count: usize) -> Self {
        let (stop, stopped) = bounded::<()>(1);
        let run = || {
            let stopped = stopped.clone();
            std::thread::spawn(move || {
                // Ends with an error when the sender is gone.
                let _ = smol::block_on(EXECUTOR.run(stopped.recv()));
            })
        };
        Self {
            stop: Some(stop),
            threads: (0..count).map(|_| run()).collect(),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop = None;
        for thread in self.threads.drain(..) {
            thread.join().expect("a worker does not panic");
        }
    }
}

impl Rt for Smol {
    type Task<T: Send + 'static> = Task<T>;
    type Outside = ();

    fn run<F>(workers: usize, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let _threads = Threads::start(workers - 1);
        smol::block_on(EXECUTOR.run(EXECUTOR.spawn(main)))
    }

    fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        EXECUTOR.spawn(future)
    }

    fn spawn_batch<F>(futures: impl Iterator<Item = F>) -> Vec<Task<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let mut tasks = Vec::new();
        EXECUTOR.spawn_many(futures, &mut tasks);
        tasks
    }

    fn detach<T: Send + 'static>(task: Task<T>) {
        task.detach();
    }

    fn join<T: Send + 'static>(task: Task<T>) -> impl Future<Output = T> + Send {
        task
    }

    fn outside() {}

    fn spawn_from<F>(_: &(), future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        EXECUTOR.spawn(future).detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }

    async fn gather<F>(futures: impl Iterator<Item = F> + Send) -> Vec<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let tasks: Vec<_> = futures.map(Self::spawn).collect();
        join_all(tasks).await
    }

    async fn as_completed<F>(futures: impl Iterator<Item = F> + Send) -> u64
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let mut tasks: FuturesUnordered<_> = futures.map(Self::spawn).collect();
        let mut count = 0;
        while tasks.next().await.is_some() {
            count += 1;
        }
        count
    }

    async fn first_completed<T: Send + 'static>(tasks: Vec<Task<T>>) -> Vec<Task<T>> {
        select_all(tasks).await.2
    }
}

impl Whole for Smol {
    type Stream = Async<std::net::TcpStream>;

    async fn cancel_all<T: Send + 'static>(tasks: Vec<Task<T>>) {
        join_all(tasks.into_iter().map(Task::cancel)).await;
    }

    async fn sleep(time: Duration) {
        Timer::after(time).await;
    }

    async fn timeout<F: Future + Send>(limit: Duration, future: F) -> Option<F::Output>
    where
        F::Output: Send,
    {
        let late = async {
            Timer::after(limit).await;
            None
        };
        smol::future::or(async { Some(future.await) }, late).await
    }

    fn blocking<F, T>(job: F) -> impl Future<Output = T> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        smol::unblock(job)
    }

    fn start_and_stop(workers: usize) {
        let _threads = Threads::start(workers - 1);
        smol::block_on(EXECUTOR.run(async {}));
    }

    fn stream(socket: std::net::TcpStream) -> io::Result<Self::Stream> {
        Async::new(socket)
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
