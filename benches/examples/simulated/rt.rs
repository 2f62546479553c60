//! tulipa on simulated workers, as the workloads see it.

use crate::traffic::{self, Cell, Traced};
use futures::StreamExt;
use std::collections::HashMap;
use std::future::Future;
use std::io::Result as IoResult;
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tulipa::{Builder, Flavour, Handle, ReturnWhen, Task};
use tulipa_benches::rt::{Rt, Tulipa, Whole};

/// The deterministic flavour, in virtual time. Ready tasks run in the order of production; which worker goes on is up to the seed.
pub(crate) struct Simulated;

/// A task, and its memory.
pub(crate) struct Traceable<T> {
    task: Task<T>,
    cell: Arc<Cell>,
}

impl<T> Future for Traceable<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.cell.touch();
        let polled = Pin::new(&mut self.task).poll(cx);
        polled.map(|outcome| {
            self.cell.touch_all();
            outcome.expect(WELL)
        })
    }
}

const WELL: &str = "no task of a workload fails";

/// Tasks without their memory, and that by the tasks' identity: combinators take tasks and give them back.
fn apart<T>(tasks: Vec<Traceable<T>>) -> (Vec<Task<T>>, HashMap<tulipa::task::TaskId, Arc<Cell>>) {
    let part = |traceable: Traceable<T>| {
        traceable.cell.touch();
        let id = traceable.task.id();
        (traceable.task, (id, traceable.cell))
    };
    tasks.into_iter().map(part).unzip()
}

impl Rt for Simulated {
    type Task<T: Send + 'static> = Traceable<T>;
    type Outside = Handle;

    fn run<F>(workers: usize, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let builder = Builder::new()
            .flavour(Flavour::Deterministic)
            .workers(workers)
            .seed(traffic::seed())
            .in_order(true)
            .virtual_time(true);
        let main = async {
            let main = Traced::new(main, Cell::of::<F>());
            let outcome = main.await;
            traffic::take_stats();
            outcome
        };
        builder.run(main).expect("nothing waits for ever")
    }

    fn spawn<F>(future: F) -> Traceable<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let cell = Cell::of::<F>();
        Traceable {
            task: tulipa::spawn(Traced::new(future, Arc::clone(&cell))),
            cell,
        }
    }

    fn detach<T: Send + 'static>(task: Traceable<T>) {
        task.cell.touch();
        task.task.detach();
    }

    fn join<T: Send + 'static>(task: Traceable<T>) -> impl Future<Output = T> + Send {
        task
    }

    fn outside() -> Handle {
        Tulipa::outside()
    }

    fn spawn_from<F>(outside: &Handle, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Tulipa::spawn_from(outside, future);
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        Tulipa::yield_now()
    }

    async fn gather<F>(futures: impl Iterator<Item = F> + Send) -> Vec<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (tasks, cells) = apart(futures.map(Self::spawn).collect());
        let results = tulipa::gather(tasks).await.expect(WELL);
        cells.values().for_each(|cell| cell.touch_all());
        results
    }

    async fn as_completed<F>(futures: impl Iterator<Item = F> + Send) -> u64
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (tasks, mut cells) = apart(futures.map(Self::spawn).collect());
        let mut ended = tulipa::as_completed(tasks);
        let mut count = 0;
        while let Some(task) = ended.next().await {
            let cell = cells.remove(&task.id()).expect("it was one of them");
            Traceable { task, cell }.await;
            count += 1;
        }
        count
    }

    async fn first_completed<T: Send + 'static>(tasks: Vec<Traceable<T>>) -> Vec<Traceable<T>> {
        let (tasks, mut cells) = apart(tasks);
        let first = tulipa::wait(tasks).return_when(ReturnWhen::FirstCompleted);
        let (done, pending) = first.await;
        let mut together = |task: Task<T>| {
            let cell = cells.remove(&task.id()).expect("it was one of them");
            Traceable { task, cell }
        };
        let done: Vec<_> = done.into_iter().map(&mut together).collect();
        let pending = pending.into_iter().map(together).collect();
        for task in done {
            task.await;
        }
        pending
    }
}

impl Whole for Simulated {
    type Stream = <Tulipa as Whole>::Stream;

    async fn cancel_all<T: Send + 'static>(tasks: Vec<Traceable<T>>) {
        for traceable in &tasks {
            traceable.cell.touch();
            traceable.task.cancel();
        }
        for Traceable { task, cell } in tasks {
            drop(task.await);
            cell.touch_all();
        }
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        Tulipa::sleep(time)
    }

    fn timeout<F: Future + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send
    where
        F::Output: Send,
    {
        Tulipa::timeout(limit, future)
    }

    fn blocking<F, T>(job: F) -> impl Future<Output = T> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Tulipa::blocking(job)
    }

    fn start_and_stop(workers: usize) {
        Tulipa::start_and_stop(workers);
    }

    fn stream(socket: TcpStream) -> IoResult<Self::Stream> {
        Tulipa::stream(socket)
    }

    fn poll_read(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<IoResult<usize>> {
        Tulipa::poll_read(stream, cx, buffer)
    }

    fn poll_write(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<IoResult<usize>> {
        Tulipa::poll_write(stream, cx, bytes)
    }
}
