//! `Deferred`: set once by anyone, awaited by anyone. asyncio's `Future`.

use crate::cell::stage::Place;
use crate::cell::state::{End, Snapshot};
use crate::cell::{ANYWHERE, Cell, Kind, Outcome, Plan, run};
use crate::context::Slot;
use crate::error::{InvalidState, TaskError};
use crate::handle::{Awaitable, Join, TaskRef};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::future::Pending;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A result that somebody will set: a value, an error, or a cancellation, whichever comes first.
///
/// Cloneable; each clone can set it, await it, or read it, and gets the result as a clone. `Deferred<T, E>` is
/// asyncio's `Future` object; most code wants a [`Task`](crate::Task) instead.
///
/// # Cancellation
///
/// A request to a task that awaits it cancels it at once, for all who await it (TC-30); `shield` keeps it from that.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::{Deferred, spawn};
///
/// let bloom = Deferred::<&str>::new();
/// let visitor = spawn({ let bloom = bloom.clone(); async { bloom.await.unwrap().len() } });
/// run();
/// bloom.set_result("tulip").unwrap();
/// run();
/// assert_eq!(visitor.result(), Ok(Ok(&5)));
/// ```
pub struct Deferred<T, E = Infallible> {
    task: TaskRef,
    join: Join,
    _outcome: PhantomData<Outcome<T, E>>,
}

// SAFETY: rule 3: values come in and out by clones, on any thread, and are read by several at once.
unsafe impl<T: Send + Sync, E: Send + Sync> Send for Deferred<T, E> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync, E: Send + Sync> Sync for Deferred<T, E> {}

impl<T, E> Unpin for Deferred<T, E> {}

/// The deferred had ended: what was to be its result comes back (F-05).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SetError<V>(pub V);

impl<T, E> Deferred<T, E>
where
    T: Send + 'static,
    E: fmt::Debug + Send + 'static,
{
    /// One that has not ended (F-01).
    #[track_caller]
    pub fn new() -> Self {
        let plan = Plan {
            kind: Kind::Deferred,
            scheduler: None,
            location: Location::caller(),
            name: None,
            home: ANYWHERE,
            context: Slot::default(),
        };
        let header = Cell::<Pending<Result<T, E>>, T, E>::allocate(plan, Place::empty);
        // SAFETY: rule 1: `allocate` counted a reference for the first handle.
        let task = unsafe { TaskRef::adopt(header) };
        Self {
            task,
            join: Join::new(),
            _outcome: PhantomData,
        }
    }

    /// Ends it with a value (F-02).
    ///
    /// # Errors
    ///
    /// If it has ended, the value comes back and the first outcome stands (F-05).
    pub fn set_result(&self, value: T) -> Result<(), SetError<T>> {
        self.set(Ok(value)).map_err(|refused| match refused {
            Ok(value) => SetError(value),
            Err(_) => unreachable!("a value was given"),
        })
    }

    /// Ends it with an error (F-03).
    ///
    /// # Errors
    ///
    /// If it has ended, the error comes back and the first outcome stands (F-05).
    pub fn set_error(&self, error: E) -> Result<(), SetError<E>> {
        self.set(Err(TaskError::Failed(error)))
            .map_err(|refused| match refused {
                Err(TaskError::Failed(error)) => SetError(error),
                _ => unreachable!("an error was given"),
            })
    }

    /// Ends it with whatever a task came to.
    ///
    /// # Errors
    ///
    /// If it has ended, the outcome comes back and the first one stands.
    pub fn set_outcome(
        &self,
        outcome: Result<T, TaskError<E>>,
    ) -> Result<(), SetError<Result<T, TaskError<E>>>> {
        self.set(outcome).map_err(SetError)
    }

    fn set(&self, outcome: Outcome<T, E>) -> Result<(), Outcome<T, E>> {
        let header = self.task.header();
        if !header.state.update(Snapshot::claim) {
            return Err(outcome);
        }
        let end = match &outcome {
            Ok(_) => End::Value,
            Err(TaskError::Failed(_)) => End::Failed,
            Err(TaskError::Panicked(_)) => End::Panicked,
            Err(TaskError::Cancelled(_)) => End::Cancelled,
        };
        // SAFETY: rule 2: `claim` gave the stage to this thread; rule 6: these are the cell's types.
        unsafe { Cell::<Pending<Result<T, E>>, T, E>::put(header.as_ptr(), outcome) };
        // SAFETY: rule 2, as above; `self` has a reference, which is not given up.
        unsafe { run::complete(header.as_ptr(), end) };
        Ok(())
    }
}

impl<T, E> Deferred<T, E> {
    /// What it came to, by reference (F-02 to F-04).
    ///
    /// # Errors
    ///
    /// [`InvalidState::Pending`] if it has not ended.
    pub fn result(&self) -> Result<Result<&T, &TaskError<E>>, InvalidState> {
        if !self.task.is_done() {
            return Err(InvalidState::Pending);
        }
        let header = self.task.header();
        let mut outcome: Option<&Outcome<T, E>> = None;
        // SAFETY: rule 3: a deferred's outcome is not written again while there is a handle; rule 6.
        unsafe { (header.vtable().peek)(header.as_ptr(), (&raw mut outcome).cast()) };
        let outcome = outcome.ok_or(InvalidState::Taken)?;
        if outcome.is_err() {
            self.task.mark_read();
        }
        Ok(outcome.as_ref())
    }

    /// What it failed with, `None` if it has a value.
    ///
    /// # Errors
    ///
    /// As [`result`](Self::result).
    pub fn error(&self) -> Result<Option<&TaskError<E>>, InvalidState> {
        Ok(self.result()?.err())
    }
}

impl<T, E> Default for Deferred<T, E>
where
    T: Send + 'static,
    E: fmt::Debug + Send + 'static,
{
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone, E: Clone> Future for Deferred<T, E> {
    type Output = Result<T, TaskError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        std::task::ready!(this.join.poll(&this.task, cx));
        Poll::Ready(this.take_outcome().expect("it is done"))
    }
}

impl<T: Clone, E: Clone> Awaitable for Deferred<T, E> {
    type Value = T;
    type Error = E;

    fn task_ref(&self) -> &TaskRef {
        &self.task
    }

    fn take_outcome(&mut self) -> Option<Result<T, TaskError<E>>> {
        let outcome = self.result().ok()?;
        Some(outcome.cloned().map_err(Clone::clone))
    }
}

impl<T, E> AsRef<TaskRef> for Deferred<T, E> {
    fn as_ref(&self) -> &TaskRef {
        &self.task
    }
}

impl<T, E> Deref for Deferred<T, E> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        &self.task
    }
}

impl<T, E> Clone for Deferred<T, E> {
    fn clone(&self) -> Self {
        Self {
            task: self.task.clone(),
            join: Join::new(),
            _outcome: PhantomData,
        }
    }
}

impl<T, E> Drop for Deferred<T, E> {
    fn drop(&mut self) {
        self.join.leave(&self.task);
    }
}

impl<T, E> fmt::Debug for Deferred<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task.fmt(f)
    }
}

impl<V> fmt::Debug for SetError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetError(..)")
    }
}

impl<V> fmt::Display for SetError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the deferred has ended already, and ends once: ask `is_done()` before setting it",
        )
    }
}

impl<V> std::error::Error for SetError<V> {}
