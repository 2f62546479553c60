//! `wrap_thread`: what a thread will give, as something that a task can await. asyncio's `wrap_future`.
//!
//! A [`Deferred`] is set by any thread and awaited by any task already; what is added here is that results need not be
//! `Clone`, and that each side hears when the other has gone. `to_thread` is made of this and a pool of threads.

use super::{Awaitable, TaskRef};
use crate::deferred::{Deferred, SetError};
use crate::error::TaskError;
use crate::sync::Mutex;
use crate::unwind;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The two ends of a result that comes from another thread: one for that thread, one to be awaited.
///
/// # Examples
///
/// A pool of threads that knows nothing of tasks:
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use std::sync::mpsc;
/// use tulipa_task::{spawn, wrap_thread};
///
/// let (pool, jobs) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
/// let worker = std::thread::spawn(move || jobs.into_iter().for_each(|job| job()));
///
/// let (promise, answer) = wrap_thread();
/// pool.send(Box::new(move || promise.run(|| 6 * 7))).unwrap();
/// let task = spawn(async move { answer.await.unwrap() });
/// # drop(pool);
/// # worker.join().unwrap();
/// # run();
/// assert_eq!(task.result(), Ok(Ok(&42)));
/// ```
///
/// A library that calls back, and that can be told to stop:
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// # use std::sync::{Arc, Mutex};
/// # #[derive(Default, Clone)]
/// # struct Camera(Arc<Mutex<Option<Box<dyn FnOnce(Vec<u8>) + Send>>>>);
/// # impl Camera {
/// #     fn on_picture(&self, f: impl FnOnce(Vec<u8>) + Send + 'static) { *self.0.lock().unwrap() = Some(Box::new(f)); }
/// #     fn close(&self) { self.0.lock().unwrap().take(); }
/// # }
/// # let camera = Camera::default();
/// use tulipa_task::wrap_thread;
///
/// let (promise, picture) = wrap_thread();
/// camera.on_picture(move |bytes| drop(promise.set_result(bytes)));
/// picture.add_done_callback({
///     let camera = camera.clone();
///     move |picture| if picture.is_cancelled() { camera.close() }
/// });
/// picture.cancel();
/// run();
/// assert!(camera.0.lock().unwrap().is_none());
/// ```
#[track_caller]
pub fn wrap_thread<T: Send + 'static>() -> (Promise<T>, ThreadFuture<T>) {
    try_wrap_thread()
}

/// The same for a result that may be an error.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::{TaskError, try_spawn, try_wrap_thread};
///
/// let (promise, port) = try_wrap_thread();
/// let thread = std::thread::spawn(|| promise.try_run(|| "http".parse::<u16>()));
/// let task = try_spawn(async { Ok::<_, TaskError<_>>(port.await?) });
/// # thread.join().unwrap();
/// # run();
/// assert!(matches!(task.result(), Ok(Err(TaskError::Failed(TaskError::Failed(_))))));
/// ```
#[track_caller]
pub fn try_wrap_thread<T, E>() -> (Promise<T, E>, ThreadFuture<T, E>)
where
    T: Send + 'static,
    E: fmt::Debug + Send + 'static,
{
    let deferred = Deferred::new();
    let promise = Promise {
        deferred: deferred.clone(),
    };
    (promise, ThreadFuture { deferred })
}

/// The end of [`wrap_thread`] for the thread that has the result.
///
/// It is used up by giving the result. Dropped without, it cancels the other end: who awaits that does not wait in vain
/// (WP-08).
#[must_use = "a promise that is dropped cancels the future"]
pub struct Promise<T, E = Infallible> {
    deferred: Deferred<Handed<T>, Handed<E>>,
}

/// The end of [`wrap_thread`] to be awaited: it gives what the thread came to, once.
///
/// It dereferences to its [`TaskRef`], which has the state and `cancel`.
///
/// # Panics
///
/// Awaited again after it gave its result.
///
/// # Cancellation
///
/// A request to the awaiting task, or `cancel`, cancels it at once. The thread sees that in
/// [`Promise::is_cancelled`]; a job that has not begun never does (WP-05), one that has runs on, and its result is dropped
/// (WP-06). Dropping this future does not cancel it: the thread is left in peace.
#[must_use = "futures do nothing unless awaited"]
pub struct ThreadFuture<T, E = Infallible> {
    deferred: Deferred<Handed<T>, Handed<E>>,
}

/// A result on its way: clones share it, the first to take it has it.
struct Handed<V>(Arc<Mutex<Option<V>>>);

impl<T, E> Promise<T, E>
where
    T: Send + 'static,
    E: fmt::Debug + Send + 'static,
{
    /// Whether nobody wants the result any more: the future was cancelled. For long jobs, to look at now and then.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, answer) = tulipa_task::wrap_thread::<u8>();
    /// answer.cancel();
    /// assert!(promise.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.deferred.is_cancelled()
    }

    /// Gives a value.
    ///
    /// # Errors
    ///
    /// If the future was cancelled, the value comes back.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, answer) = tulipa_task::wrap_thread();
    /// answer.cancel();
    /// assert_eq!(promise.set_result(42).unwrap_err().0, 42);
    /// ```
    pub fn set_result(self, value: T) -> Result<(), SetError<T>> {
        let refused = self.deferred.set_result(Handed::new(value));
        refused.map_err(|SetError(handed)| SetError(handed.take_back()))
    }

    /// Gives an error.
    ///
    /// # Errors
    ///
    /// If the future was cancelled, the error comes back.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, answer) = tulipa_task::try_wrap_thread::<u8, _>();
    /// promise.set_error("out of order").unwrap();
    /// assert_eq!(answer.state(), tulipa_task::TaskState::Failed);
    /// answer.mark_read();
    /// ```
    pub fn set_error(self, error: E) -> Result<(), SetError<E>> {
        let refused = self.deferred.set_error(Handed::new(error));
        refused.map_err(|SetError(handed)| SetError(handed.take_back()))
    }

    /// Runs `job` here and now, unless the future was cancelled, and gives what it comes to: a value, an error, or its
    /// panic. If the future is cancelled meanwhile, that is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_task::{TaskState, try_wrap_thread};
    ///
    /// let (promise, number) = try_wrap_thread();
    /// promise.try_run(|| "three".parse::<u8>());
    /// assert_eq!(number.state(), TaskState::Failed);
    /// number.mark_read();
    /// ```
    pub fn try_run(self, job: impl FnOnce() -> Result<T, E>) {
        if self.deferred.is_done() {
            return;
        }
        let outcome = match unwind::catch(job) {
            Ok(Ok(value)) => Ok(Handed::new(value)),
            Ok(Err(error)) => Err(TaskError::Failed(Handed::new(error))),
            Err(panic) => Err(TaskError::Panicked(panic)),
        };
        drop(self.deferred.set_outcome(outcome));
    }
}

impl<T: Send + 'static> Promise<T> {
    /// [`try_run`](Self::try_run) for a job that cannot fail.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, answer) = tulipa_task::wrap_thread::<u8>();
    /// answer.cancel();
    /// promise.run(|| unreachable!("nobody wants it any more"));
    /// ```
    pub fn run(self, job: impl FnOnce() -> T) {
        self.try_run(|| Ok(job()));
    }
}

impl<T, E> Drop for Promise<T, E> {
    fn drop(&mut self) {
        if !self.deferred.is_done() {
            self.deferred.cancel(); // one that comes too late would count as somebody who reads the outcome (F-15)
        }
    }
}

impl<T, E> Future for ThreadFuture<T, E> {
    type Output = Result<T, TaskError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.deferred).poll(cx));
        let Some(outcome) = unwrap(outcome) else {
            panic!("the result of a thread was taken by an earlier await: keep it");
        };
        Poll::Ready(outcome)
    }
}

impl<T, E> Awaitable for ThreadFuture<T, E> {
    type Value = T;
    type Error = E;

    fn task_ref(&self) -> &TaskRef {
        self.deferred.task_ref()
    }

    fn take_outcome(&mut self) -> Option<Result<T, TaskError<E>>> {
        unwrap(self.deferred.take_outcome()?)
    }
}

/// `None`: it was taken before.
fn unwrap<T, E>(
    outcome: Result<Handed<T>, TaskError<Handed<E>>>,
) -> Option<Result<T, TaskError<E>>> {
    Some(match outcome {
        Ok(value) => Ok(value.take()?),
        Err(TaskError::Failed(error)) => Err(TaskError::Failed(error.take()?)),
        Err(TaskError::Cancelled(cancelled)) => Err(TaskError::Cancelled(cancelled)),
        Err(TaskError::Panicked(panic)) => Err(TaskError::Panicked(panic)),
    })
}

impl<T, E> AsRef<TaskRef> for ThreadFuture<T, E> {
    fn as_ref(&self) -> &TaskRef {
        self.deferred.task_ref()
    }
}

impl<T, E> Deref for ThreadFuture<T, E> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        self.deferred.task_ref()
    }
}

impl<T, E> fmt::Debug for ThreadFuture<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deferred.fmt(f)
    }
}

impl<T, E> fmt::Debug for Promise<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Promise").field(&self.deferred).finish()
    }
}

impl<V> Handed<V> {
    fn new(value: V) -> Self {
        Self(Arc::new(Mutex::new(Some(value))))
    }

    fn take(&self) -> Option<V> {
        self.0.lock().take()
    }

    fn take_back(self) -> V {
        self.take()
            .expect("it was refused, and nobody else has had it")
    }
}

impl<V> Clone for Handed<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: fmt::Debug> fmt::Debug for Handed<V> {
    /// What it is, for a report that nobody read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0.lock() {
            Some(value) => value.fmt(f),
            None => f.write_str("<taken>"),
        }
    }
}
