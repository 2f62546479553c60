//! `Task`: the owning handle.

use super::{Awaitable, SharedTask, TaskRef};
use crate::cell::{Header, Outcome, drop_handle};
use crate::error::{InvalidState, TaskError};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

/// A task that was spawned. Awaiting it gives what it came to; dropping it leaves the task to run on (CT-07).
///
/// It dereferences to its [`TaskRef`], which has the name, the state and `cancel`.
///
/// # Panics
///
/// Awaiting it again after it has given its result panics and says so: [`shared`](Self::shared) gives results that can
/// be read more than once. A task that awaits itself panics (T-09).
///
/// # Cancellation
///
/// A request to the awaiting task is passed on to this one, and the awaiting task waits for it to end: if this one ends
/// cancelled, the cancellation goes on in the awaiter; if it refuses and gives a value, the await gives that
/// value (TC-28). Dropping the future of an await (`&mut task`) loses nothing. A `Task` that was being awaited and is
/// dropped because its awaiter is cancelled takes the task with it.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::spawn;
///
/// let sum = spawn(async {
///     let parts = [spawn(async { 1 }), spawn(async { 2 })];
///     let mut sum = 0;
///     for part in parts {
///         sum += part.await.unwrap();
///     }
///     sum
/// });
/// run();
/// assert_eq!(sum.result(), Ok(Ok(&3)));
/// ```
pub struct Task<T, E = Infallible> {
    task: ManuallyDrop<TaskRef>,
    _outcome: PhantomData<Outcome<T, E>>,
}

// SAFETY: rule 3: the handle moves and reads values of `T` and `E` only, and those may go to another thread.
unsafe impl<T: Send, E: Send> Send for Task<T, E> {}
// SAFETY: rule 3: by `&` the outcome is read, by several threads if they are `Sync`; `&mut` is one thread's.
unsafe impl<T: Send + Sync, E: Send + Sync> Sync for Task<T, E> {}

impl<T, E> Unpin for Task<T, E> {}

impl<T, E> Task<T, E> {
    /// # Safety
    ///
    /// Rules 1 and 6: the handle's reference is the caller's, the state has HANDLE, and the cell is of these types.
    pub(crate) unsafe fn adopt(header: NonNull<Header>) -> Self {
        // SAFETY: the caller's promise.
        let task = ManuallyDrop::new(unsafe { TaskRef::adopt(header) });
        Self {
            task,
            _outcome: PhantomData,
        }
    }

    /// What the task came to, by reference (T-01, T-05).
    ///
    /// # Errors
    ///
    /// [`InvalidState`] if it has not ended, or an await has moved the result out.
    pub fn result(&self) -> Result<Result<&T, &TaskError<E>>, InvalidState> {
        let outcome = self.peek()?;
        if outcome.is_err() {
            self.mark_read();
        }
        Ok(outcome.as_ref())
    }

    /// What it failed with, `None` if it gave a value.
    ///
    /// # Errors
    ///
    /// As [`result`](Self::result).
    pub fn error(&self) -> Result<Option<&TaskError<E>>, InvalidState> {
        Ok(self.result()?.err())
    }

    fn peek(&self) -> Result<&Outcome<T, E>, InvalidState> {
        if !self.is_done() {
            return Err(InvalidState::Pending);
        }
        let mut outcome: Option<&Outcome<T, E>> = None;
        // SAFETY: rule 3: the task is done and this is its handle, borrowed for as long as the reference lives; rule 6.
        unsafe { (self.header().vtable().peek)(self.header().as_ptr(), (&raw mut outcome).cast()) };
        outcome.ok_or(InvalidState::Taken)
    }

    fn take(&mut self) -> Option<Outcome<T, E>> {
        if !self.is_done() {
            return None;
        }
        let mut outcome: Option<Outcome<T, E>> = None;
        // SAFETY: rule 3: the task is done and this is its handle, by `&mut`; rule 6.
        unsafe { (self.header().vtable().take)(self.header().as_ptr(), (&raw mut outcome).cast()) };
        outcome
    }

    #[cold]
    fn refuse_taken(&self) -> ! {
        panic!(
            "the result of task `{}` was taken by an earlier await: use `task.shared()` to read it more than once",
            self.task.name(),
        );
    }

    /// Lets it run on by itself. Its failure, if it fails, will be reported as unread.
    pub fn detach(self) {}

    /// A handle whose result can be read by many, as often as they like: each gets a clone (T-02).
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// let shared = tulipa_task::spawn(async { "tulip".to_owned() }).shared();
    /// let lengths = [shared.clone(), shared].map(|one| tulipa_task::spawn(async { one.await.unwrap().len() }));
    /// run();
    /// assert!(lengths.iter().all(|length| length.result() == Ok(Ok(&5))));
    /// ```
    pub fn shared(self) -> SharedTask<T, E> {
        SharedTask::new(self)
    }

    /// The task, untyped.
    pub fn task_ref(&self) -> &TaskRef {
        &self.task
    }
}

impl<T, E> AsRef<TaskRef> for Task<T, E> {
    fn as_ref(&self) -> &TaskRef {
        &self.task
    }
}

impl<T, E> Deref for Task<T, E> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        &self.task
    }
}

impl<T, E> Future for Task<T, E> {
    type Output = Result<T, TaskError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // SAFETY: rule 7: this is the owning handle, by `&mut`.
        let joined = unsafe { this.header().with_join(|join| join.poll(&this.task, cx)) };
        std::task::ready!(joined);
        let outcome = this.take().unwrap_or_else(|| this.refuse_taken());
        Poll::Ready(outcome)
    }
}

impl<T, E> Awaitable for Task<T, E> {
    type Value = T;
    type Error = E;

    fn task_ref(&self) -> &TaskRef {
        &self.task
    }

    fn take_outcome(&mut self) -> Option<Result<T, TaskError<E>>> {
        self.take()
    }
}

impl<T, E> Drop for Task<T, E> {
    fn drop(&mut self) {
        // SAFETY: rule 7: this is the owning handle, by `&mut`.
        unsafe { self.header().with_join(|join| join.leave(&self.task)) };
        // SAFETY: rules 1 and 3: this is the owning handle, whose `TaskRef` is not dropped besides.
        unsafe { drop_handle(self.task.header().as_ptr()) };
    }
}

impl<T, E> fmt::Debug for Task<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        TaskRef::fmt(self, f)
    }
}
