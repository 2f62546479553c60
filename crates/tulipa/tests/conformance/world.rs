//! What the tasks of a running program share: its tasks and futures by name, and the logs.

use crate::api::{
    Awaitable, Deferred, GroupError, SharedTask, TaskError, TaskRef, current_task, millis,
};
use crate::outcome::{Entry, State};
use crate::program::{Name, Program};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// One run of a program.
pub(crate) struct World {
    pub(crate) program: Program,
    objects: Mutex<HashMap<Name, Object>>,
    logs: Mutex<BTreeMap<String, Vec<Entry>>>,
}

/// What a statement raises, but for cancellations: those are no values until they are caught.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Error {
    User(String),
    Timeout,
    Group(Vec<Error>),
    /// Nothing a well-formed program does.
    Odd(String),
}

/// What a task ended with that was no value.
pub(crate) type Failure = TaskError<Arc<Error>>;

/// A task or a future of the program.
#[derive(Clone)]
pub(crate) enum Object {
    Task(SharedTask<Json, Arc<Error>>),
    Future(Deferred<Json, Arc<Error>>),
}

/// One that says its name when `wait` or `as_completed` gives it back.
pub(crate) struct Named {
    pub(crate) name: Name,
    pub(crate) object: Object,
}

impl World {
    pub(crate) fn new(program: Program) -> Self {
        Self {
            program,
            objects: Mutex::default(),
            logs: Mutex::default(),
        }
    }

    /// Writes to the log of the current task.
    pub(crate) fn log(&self, kind: &str, value: impl Into<Json>) {
        let who = current_task().map_or("(no task)".to_owned(), |task| task.name());
        self.log_of(who, kind, value);
    }

    /// Writes to the log of that name.
    pub(crate) fn log_of(&self, who: String, kind: &str, value: impl Into<Json>) {
        let entry = Entry {
            millis: millis(),
            kind: kind.to_owned(),
            value: value.into(),
        };
        lock(&self.logs).entry(who).or_default().push(entry);
    }

    pub(crate) fn add(&self, name: &str, object: Object) {
        lock(&self.objects).insert(name.to_owned(), object);
    }

    pub(crate) fn get(&self, name: &str) -> Result<Object, Error> {
        let found = lock(&self.objects).get(name).cloned();
        found.ok_or_else(|| Error::Odd(format!("`{name}` does not exist yet")))
    }

    pub(crate) fn get_future(&self, name: &str) -> Result<Deferred<Json, Arc<Error>>, Error> {
        match self.get(name)? {
            Object::Future(future) => Ok(future),
            Object::Task(_) => Err(Error::Odd(format!(
                "`{name}` is a task, and ends by itself"
            ))),
        }
    }

    pub(crate) fn get_named(&self, names: &[Name]) -> Result<Vec<Named>, Error> {
        let named = |name: &Name| {
            let (name, object) = (name.clone(), self.get(name)?);
            Ok(Named { name, object })
        };
        names.iter().map(named).collect()
    }

    pub(crate) fn get_all(&self, names: &[Name]) -> Result<Vec<Object>, Error> {
        names.iter().map(|name| self.get(name)).collect()
    }

    /// What was logged so far. Tasks that are still there may go on, but are not heard any more: they hold the world, and the
    /// world holds them, until this lets go of them.
    pub(crate) fn finish(&self) -> BTreeMap<String, Vec<Entry>> {
        let objects = std::mem::take(&mut *lock(&self.objects));
        let logs = std::mem::take(&mut *lock(&self.logs));
        for object in objects.values() {
            let task: &TaskRef = match object {
                Object::Task(task) => task.as_ref(),
                Object::Future(future) => future.as_ref(),
            };
            task.mark_read(); // the programs leave errors unread on purpose
        }
        drop(objects);
        logs
    }
}

/// A panic in a task is the task's outcome, and no reason to lose the logs of the others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Object {
    /// How it stands.
    pub(crate) fn state(&self) -> State {
        let result = match self {
            Self::Task(task) => task.result(),
            Self::Future(future) => future.result(),
        };
        match result {
            Err(_pending) => State::pending(),
            Ok(Ok(value)) => State::ok(value),
            Ok(Err(TaskError::Cancelled(_))) => State::cancelled(),
            Ok(Err(error)) => describe(error),
        }
    }
}

impl From<GroupError<Error>> for Error {
    fn from(error: GroupError<Error>) -> Self {
        let member = |error: &Failure| match error {
            TaskError::Failed(error) => Error::clone(error),
            TaskError::Cancelled(_) | TaskError::Panicked(_) => Self::Odd(format!("{error:?}")),
        };
        Self::Group(error.errors().iter().map(member).collect())
    }
}

impl From<&Error> for State {
    fn from(error: &Error) -> Self {
        match error {
            Error::User(kind) => Self::error(kind),
            Error::Timeout => Self::timeout(),
            Error::Group(members) => Self::group(members.iter().map(Self::from)),
            Error::Odd(what) => Self::odd(what),
        }
    }
}

/// An outcome that is no value, as it is when somebody has caught or gathered it.
pub(crate) fn describe(error: &Failure) -> State {
    match error {
        TaskError::Cancelled(cancelled) => State::cancelled_with(cancelled.message()),
        TaskError::Failed(error) => State::from(&**error),
        TaskError::Panicked(panic) => State::odd(&panic.to_string()),
    }
}

impl Future for Object {
    type Output = Result<Json, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Task(task) => Pin::new(task).poll(cx),
            Self::Future(future) => Pin::new(future).poll(cx),
        }
    }
}

impl Awaitable for Object {
    type Value = Json;
    type Error = Arc<Error>;

    fn task_ref(&self) -> &TaskRef {
        match self {
            Self::Task(task) => task.task_ref(),
            Self::Future(future) => future.task_ref(),
        }
    }

    fn take_outcome(&mut self) -> Option<Self::Output> {
        match self {
            Self::Task(task) => task.take_outcome(),
            Self::Future(future) => future.take_outcome(),
        }
    }
}

impl AsRef<TaskRef> for Named {
    fn as_ref(&self) -> &TaskRef {
        self.object.task_ref()
    }
}
