//! The `ThreadPool` of `futures`: tasks and nothing else.

use super::Rt;
use futures::executor::{ThreadPool, block_on};
use futures::future::{RemoteHandle, join_all, select_all};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::task::SpawnExt;
use std::future::{Future, poll_fn};
use std::sync::OnceLock;
use std::task::Poll;

/// One pool, for all tasks.
#[derive(Debug)]
pub struct Pool;

static POOL: OnceLock<ThreadPool> = OnceLock::new();

fn pool() -> &'static ThreadPool {
    POOL.get().expect("workloads run in a task of the pool")
}

impl Rt for Pool {
    type Task<T: Send + 'static> = RemoteHandle<T>;
    type Outside = &'static ThreadPool;

    fn run<F>(workers: usize, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        POOL.get_or_init(|| {
            let mut builder = ThreadPool::builder();
            builder.pool_size(workers);
            builder.create().expect("a few threads are there")
        });
        block_on(Self::spawn(main))
    }

    fn spawn<F>(future: F) -> RemoteHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        pool().spawn_with_handle(future).expect("the pool is there")
    }

    fn detach<T: Send + 'static>(task: RemoteHandle<T>) {
        task.forget();
    }

    fn join<T: Send + 'static>(task: RemoteHandle<T>) -> impl Future<Output = T> + Send {
        task
    }

    fn outside() -> &'static ThreadPool {
        pool()
    }

    fn spawn_from<F>(outside: &&'static ThreadPool, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        outside.spawn_ok(future);
    }

    async fn yield_now() {
        let mut yielded = false;
        poll_fn(|cx| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
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

    async fn first_completed<T: Send + 'static>(
        tasks: Vec<RemoteHandle<T>>,
    ) -> Vec<RemoteHandle<T>> {
        select_all(tasks).await.2
    }
}
