//! How a task ends other than with a value: [`TaskError`] and what it carries.

use crate::sync::Mutex;
use std::any::Any;
use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

/// How a task ended that did not end with a value.
///
/// No case can be added: a task is cancelled, panics, or fails with an error of its own.
///
/// # Examples
///
/// ```
/// use tulipa_task::TaskError;
///
/// fn why(error: &TaskError<std::num::ParseIntError>) -> &'static str {
///     match error {
///         TaskError::Cancelled(_) => "somebody cancelled it",
///         TaskError::Panicked(_) => "it has a bug",
///         TaskError::Failed(_) => "the number was malformed",
///     }
/// }
/// assert_eq!(why(&TaskError::Failed("x".parse::<u8>().unwrap_err())), "the number was malformed");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskError<E = Infallible> {
    /// It was cancelled and let the cancellation through.
    Cancelled(Cancelled),
    /// It panicked.
    Panicked(Panic),
    /// It returned this error.
    Failed(E),
}

impl<E> TaskError<E> {
    /// Whether the task was cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa_task::TaskError;
    /// assert!(!TaskError::Failed("no route").is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled(_))
    }

    /// The same end with the task's own error translated by `f`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa_task::TaskError;
    /// let error = TaskError::Failed(404).map(|code| format!("status {code}"));
    /// assert_eq!(error, TaskError::Failed("status 404".to_owned()));
    /// ```
    pub fn map<D>(self, f: impl FnOnce(E) -> D) -> TaskError<D> {
        match self {
            Self::Cancelled(cancelled) => TaskError::Cancelled(cancelled),
            Self::Panicked(panic) => TaskError::Panicked(panic),
            Self::Failed(error) => TaskError::Failed(f(error)),
        }
    }
}

impl TaskError<Infallible> {
    /// The same end as one of a task that can fail: what lets `?` and `gather` mix both kinds.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa_task::TaskError;
    /// fn widen(error: TaskError) -> TaskError<std::io::Error> {
    ///     error.widen()
    /// }
    /// # let _ = widen;
    /// ```
    pub fn widen<E>(self) -> TaskError<E> {
        self.map(|never| match never {})
    }
}

impl<E: fmt::Display> fmt::Display for TaskError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled(cancelled) => cancelled.fmt(f),
            Self::Panicked(panic) => panic.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for TaskError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(error) => error.source(),
            Self::Cancelled(_) | Self::Panicked(_) => None,
        }
    }
}

/// A cancellation, with the message that was given to `cancel`.
///
/// It is only ever received: from [`cancel::catch`](crate::cancel::catch), or as the end of a task. What was
/// received is passed on with [`resume`](Cancelled::resume), or kept back, which refuses the request.
/// Equality compares messages (TC-32).
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a cancellation that is dropped is refused: the task goes on; `resume().await` passes it on"]
pub struct Cancelled {
    /// Boxed, because hardly any has a message and each outcome has room for it.
    message: Option<Box<Cow<'static, str>>>,
}

impl Cancelled {
    pub(crate) fn new(message: Option<Cow<'static, str>>) -> Self {
        Self {
            message: message.map(Box::new),
        }
    }

    /// The message given to `cancel_with`, if there was one.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_task::{TaskError, Deferred};
    ///
    /// let deferred = Deferred::<()>::new();
    /// deferred.cancel_with("too late");
    /// let Ok(Err(TaskError::Cancelled(cancelled))) = deferred.result() else { unreachable!() };
    /// assert_eq!(cancelled.message(), Some("too late"));
    /// ```
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref().map(|message| &**message)
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => f.debug_tuple("Cancelled").field(&message).finish(),
            None => f.write_str("Cancelled"),
        }
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "cancelled: {message}"),
            None => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for Cancelled {}

/// A panic that ended a task. Clones share one payload.
#[derive(Clone)]
pub struct Panic(Arc<Caught>);

struct Caught {
    message: Option<Box<str>>,
    payload: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Drop for Caught {
    /// A payload is a value of the user's, whose destructor may panic as well: that is one panic too many to tell of, and
    /// must not take the worker along that drops it.
    fn drop(&mut self) {
        let payload = self.payload.lock().take();
        if let Err(another) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(another);
        }
    }
}

impl Panic {
    /// The panic whose payload `catch_unwind` gave: for code that catches one on the way and passes it on.
    ///
    /// If it is passed on with this very `Panic` as the payload (`resume_unwind(Box::new(panic))`), who catches it
    /// next has the same panic, not another that looks like it.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_task::Panic;
    ///
    /// let panic = Panic::from_payload(Box::new("out of tulips"));
    /// assert_eq!(panic.message(), Some("out of tulips"));
    /// assert_eq!(Panic::from_payload(Box::new(panic.clone())), panic);
    /// ```
    pub fn from_payload(payload: Box<dyn Any + Send>) -> Self {
        let payload = match payload.downcast::<Self>() {
            Ok(panic) => return *panic,
            Err(payload) => payload,
        };
        let message = payload
            .downcast_ref::<&'static str>()
            .map(|text| Box::from(*text))
            .or_else(|| {
                payload
                    .downcast_ref::<String>()
                    .map(|text| text.as_str().into())
            });
        Self(Arc::new(Caught {
            message,
            payload: Mutex::new(Some(payload)),
        }))
    }

    /// The text of the panic, if its payload was a string, as that of `panic!` is.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_task::{Builder, TaskError};
    ///
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// let task = Builder::new().on(&scheduler).spawn(async { panic!("out of tulips") });
    /// run();
    /// let Ok(Err(TaskError::Panicked(panic))) = task.result() else { unreachable!() };
    /// assert_eq!(panic.message(), Some("out of tulips"));
    /// ```
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The payload; for a second caller (another clone), the message as a `String`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tulipa_task::{Builder, TaskError};
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let task = Builder::new().on(&scheduler).spawn(async { panic!("out of tulips") });
    /// # run();
    /// # let Ok(Err(TaskError::Panicked(panic))) = task.result() else { unreachable!() };
    /// let payload = panic.clone().into_panic();
    /// assert_eq!(*payload.downcast::<&str>().unwrap(), "out of tulips");
    /// ```
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        let payload = self.0.payload.lock().take();
        payload.unwrap_or_else(|| {
            Box::new(
                self.message()
                    .unwrap_or("a panic whose payload was taken")
                    .to_owned(),
            )
        })
    }

    /// Raises the panic again in this thread, without running the panic hook a second time.
    ///
    /// # Panics
    ///
    /// Always: that is its purpose.
    pub fn resume(self) -> ! {
        panic::resume_unwind(self.into_panic())
    }
}

impl PartialEq for Panic {
    /// Two panics are equal if they are one and the same.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Panic {}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "panicked: {message}"),
            None => f.write_str("panicked"),
        }
    }
}

impl std::error::Error for Panic {}

/// A result was asked for that is not there (T-05, F-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidState {
    /// The task has not ended: await it, or look at `is_done()` first.
    Pending,
    /// The result was moved out by an await. To read it more than once, make the task shared: `task.shared()`.
    Taken,
}

impl fmt::Display for InvalidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "the result is not ready: await the task, or ask `is_done()` first",
            Self::Taken => "the result was taken by an earlier await: `task.shared()` gives results that can be read again",
        })
    }
}

impl std::error::Error for InvalidState {}
