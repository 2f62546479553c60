//! `TaskRef`: a task, whatever it gives.

use crate::cancel::ambient;
use crate::cell::state::{End, Snapshot};
use crate::cell::{Header, Kind, free};
use crate::completion::{Callback, Observer, Subscription, Waiter};
use crate::context::Slot;
use crate::error::Cancelled;
use crate::id::TaskId;
use crate::report;
use crate::schedule::Scheduler;
use crate::waker;
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;

/// A task, whatever it gives: its name, its state, and the means to cancel it or to be told of its end.
///
/// Cloneable, comparable by identity (T-26), and no owner: the task runs on whether there are any or not.
/// A [`Deferred`](crate::Deferred) has one too.
///
/// # Examples
///
/// ```
/// use tulipa_task::{Builder, TaskState};
///
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// let task = Builder::new().name("bulb").on(&scheduler).spawn(std::future::pending::<()>());
/// let task = task.task_ref().clone();
/// assert_eq!((task.name().as_str(), task.state()), ("bulb", TaskState::Pending));
/// assert!(task.cancel());
/// run();
/// assert_eq!(task.state(), TaskState::Cancelled);
/// ```
pub struct TaskRef(NonNull<Header>);

// SAFETY: rule 1: it has a reference of its own, and what a header offers by `&` is `Send` and `Sync`. It reads no
// outcome; the cell it may be the last to free has an empty stage by then (or a deferred's, whose types are `Send`).
unsafe impl Send for TaskRef {}
// SAFETY: as above.
unsafe impl Sync for TaskRef {}

/// Where a task is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// It has not ended.
    Pending,
    /// It ended with a value.
    Finished,
    /// It ended with an error of its own.
    Failed,
    /// It panicked.
    Panicked,
    /// It was cancelled, and let the cancellation through.
    Cancelled,
}

impl TaskState {
    pub(crate) fn of(state: Snapshot) -> Self {
        match state.end() {
            None => Self::Pending,
            Some(End::Value) => Self::Finished,
            Some(End::Failed) => Self::Failed,
            Some(End::Panicked) => Self::Panicked,
            Some(End::Cancelled) => Self::Cancelled,
        }
    }
}

impl TaskRef {
    pub(crate) fn of(header: &Header) -> Self {
        header.retain();
        Self(header.as_ptr())
    }

    /// # Safety
    ///
    /// Rule 1: somebody has a reference while this runs.
    pub(crate) unsafe fn retain(header: NonNull<Header>) -> Self {
        // SAFETY: the caller's promise.
        Self::of(unsafe { header.as_ref() })
    }

    /// # Safety
    ///
    /// Rule 1: a reference of the caller's goes to the handle.
    pub(crate) unsafe fn adopt(header: NonNull<Header>) -> Self {
        Self(header)
    }

    pub(crate) fn header(&self) -> &Header {
        // SAFETY: rule 1: `self` has a reference.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn is(&self, header: &Header) -> bool {
        self.0 == header.as_ptr()
    }

    /// Its number.
    pub fn id(&self) -> TaskId {
        self.header().id()
    }

    /// Its name: the one it was given, else `Task-N` with its number (CT-04, CT-05).
    pub fn name(&self) -> String {
        name_of(self.header())
    }

    /// Gives it another name, at any time (T-15).
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// let task = tulipa_task::spawn(async {});
    /// task.set_name("renamed");
    /// assert_eq!(task.name(), "renamed");
    /// # run();
    /// ```
    pub fn set_name(&self, name: impl Into<Cow<'static, str>>) {
        let name = name.into();
        let _old_dropped_outside = self.header().edit(|side| side.cold().name.replace(name));
    }

    /// Where it was spawned.
    pub fn location(&self) -> &'static Location<'static> {
        self.header().location()
    }

    /// Where it is in its life.
    pub fn state(&self) -> TaskState {
        TaskState::of(self.header().state.load())
    }

    /// Whether it has ended, in whatever way.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.header().state.load().is_done()
    }

    /// Whether it ended cancelled. `false` while it is still being cancelled (TC-01).
    pub fn is_cancelled(&self) -> bool {
        self.state() == TaskState::Cancelled
    }

    /// Whether it is a [`Deferred`](crate::Deferred).
    pub fn is_deferred(&self) -> bool {
        self.header().is_deferred()
    }

    /// Asks it to cancel itself. `false` if it has ended; else `true`, though it may still refuse (TC-01, TC-02).
    ///
    /// The request is met where the task next suspends, or is suspended now: what it awaits there is cancelled first, and the
    /// cancellation comes out of the nearest [`cancel::catch`](crate::cancel::catch), or ends the task. A task that has
    /// not begun never does (TC-05). A deferred is cancelled at once (F-06).
    pub fn cancel(&self) -> bool {
        self.header().cancel(Cancelled::new(None))
    }

    /// [`cancel`](Self::cancel) with a message, which travels with the cancellation (TC-32). Of several requests before it is
    /// delivered, the first tells if the task is suspended, else the last (TC-22, TC-23).
    pub fn cancel_with(&self, message: impl Into<Cow<'static, str>>) -> bool {
        self.header().cancel(Cancelled::new(Some(message.into())))
    }

    /// Passes a cancellation on, with its message: what a join does with a request it has taken.
    pub fn cancel_by(&self, request: Cancelled) -> bool {
        self.header().cancel(request)
    }

    /// Stops it for good: its future is dropped at its next suspension, whatever would catch or clean up.
    /// `false` if it has ended.
    pub fn abort(&self) -> bool {
        self.header().abort()
    }

    /// How many requests to cancel it has had, less those taken back (TC-01).
    pub fn cancelling(&self) -> usize {
        self.header().state.load().cancelling()
    }

    /// Takes one request back, and answers with how many are left; at none, what was not delivered yet is withdrawn
    /// (TC-37 to TC-39).
    pub fn uncancel(&self) -> usize {
        let left = self.header().state.update(Snapshot::uncancel);
        if left == 0 && ambient::withdraw_request(self.header()) {
            self.header().wake(); // a leaf that was ready may have stayed Pending because of it
        }
        left
    }

    /// Has `callback` run by the executor when the task has ended: in the order of adding, never inside the code
    /// that ended it (DC-01), and soon if it has ended already (DC-03). It is given the task. A panic in it is reported
    /// and concerns nobody else (DC-08).
    ///
    /// The executor is that of the caller, or else of the task.
    ///
    /// # Panics
    ///
    /// For a deferred, outside of a runtime: there is no executor that could run it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// let (told, hear) = mpsc::channel();
    /// let task = tulipa_task::spawn(async {});
    /// task.add_done_callback(move |task| told.send(task.name()).unwrap());
    /// run();
    /// assert_eq!(hear.recv().unwrap(), task.name());
    /// ```
    pub fn add_done_callback(
        &self,
        callback: impl FnOnce(&Self) + Send + 'static,
    ) -> CallbackHandle {
        let scheduler = Scheduler::current().or_else(|| self.header().scheduler().cloned()).expect(
            "add_done_callback on a Deferred outside of a runtime: nothing could run the callback; \
             call it from a task, or after `Scheduler::enter`",
        );
        let context = Slot::inherited();
        let callback = Box::new(Callback {
            scheduler,
            context,
            call: Box::new(callback),
        });
        let subscription = match self.header().subscribe(Waiter::Callback(callback)) {
            Ok(subscription) => Some(subscription),
            Err(Waiter::Callback(callback)) => {
                callback.submit(self.clone());
                None
            }
            Err(_) => unreachable!("what was not added comes back"),
        };
        CallbackHandle {
            task: self.clone(),
            subscription,
        }
    }

    /// Has `observer` told, with `key`, when the task has ended. `None` if it has.
    ///
    /// # Panics
    ///
    /// If `key` needs more than 32 bits.
    pub fn subscribe(&self, observer: &Arc<dyn Observer>, key: usize) -> Option<Subscription> {
        let key = u32::try_from(key).expect("a key of an observer fits in 32 bits");
        if self.is_done() {
            return None; // saves the count up and down
        }
        self.header()
            .subscribe(Waiter::Observer(observer.clone(), key))
            .ok()
    }

    /// Takes an observer out again, at the same cost however many there are. `false`: too late, it was told or is
    /// being told.
    #[expect(clippy::needless_pass_by_value, reason = "a subscription is used up")]
    pub fn unsubscribe(&self, subscription: Subscription) -> bool {
        self.header().unsubscribe(&subscription).is_some()
    }

    /// Marks a failure as read, so that nobody is told that it was not.
    pub fn mark_read(&self) {
        self.header().state.update(|state| (state.read(), ()));
    }

    /// Reports a failure that does not end the task, in its name: to the handler of its executor, as an error that
    /// nobody read.
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// use tulipa_task::{current_task, spawn};
    ///
    /// let task = spawn(async {
    ///     if let Err(error) = "three".parse::<u8>() {
    ///         current_task().unwrap().report("a number was passed over", &error);
    ///     }
    /// });
    /// run(); // tulipa: a number was passed over: `Task-1`, spawned at ..: ParseIntError { kind: InvalidDigit }
    /// assert_eq!(task.result(), Ok(Ok(&())));
    /// ```
    pub fn report(&self, message: &str, failure: &dyn fmt::Debug) {
        report::by_itself(self.header(), message, failure);
    }

    /// The tasks that wait for this one, as far as they are known: those that await it, directly or through an
    /// observer that says whose it is.
    pub fn awaited_by(&self) -> Vec<Self> {
        let mut tasks = Vec::new();
        let (mut observers, mut watches) = (Vec::new(), Vec::new());
        self.header().edit_unless_done(|side| {
            for waiter in side.waiters.iter() {
                match waiter {
                    Waiter::Waker(waker) => tasks.extend(waker::task_of(waker)),
                    Waiter::Observer(observer, _) => observers.push(observer.clone()),
                    Waiter::Watch(watched, _) => watches.push(watched.clone()),
                    Waiter::Callback(_) => {}
                }
            }
        });
        tasks.extend(observers.iter().filter_map(|observer| observer.awaiter()));
        tasks.extend(watches.iter().filter_map(|watched| watched.awaiter()));
        tasks
    }

    /// The cancellation it ended with. Rule 3 is kept by the callers, who have a handle whose outcome nobody moves.
    pub(crate) fn cancelled(&self) -> Option<Cancelled> {
        if !self.is_cancelled() {
            return None;
        }
        // SAFETY: rule 3: it is done, and the caller's handle is the one that could take the outcome, or there is none
        // that could (a deferred, a shared task).
        unsafe { (self.header().vtable().cancelled)(self.0) }
    }
}

/// What `Task::name` says, from the header alone.
pub(crate) fn name_of(header: &Header) -> String {
    let given = header.edit(|side| side.name().cloned());
    given.map_or_else(
        || match header.kind() {
            Kind::Deferred => format!("Deferred-{}", header.id()),
            Kind::Task => format!("Task-{}", header.id()),
            Kind::Job => "callback".to_owned(),
        },
        Cow::into_owned,
    )
}

impl Clone for TaskRef {
    fn clone(&self) -> Self {
        Self::of(self.header())
    }
}

impl Drop for TaskRef {
    fn drop(&mut self) {
        if self.header().release() {
            // SAFETY: rule 1: that was the last reference.
            unsafe { free(self.0) };
        }
    }
}

impl AsRef<TaskRef> for TaskRef {
    fn as_ref(&self) -> &TaskRef {
        self
    }
}

impl PartialEq for TaskRef {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for TaskRef {}

impl Hash for TaskRef {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

impl fmt::Debug for TaskRef {
    /// Name and state, as asyncio's repr has it: pending, cancelling, or how it ended (T-18); and what it waits for, by number,
    /// so that a circle of tasks has an end here too (T-19).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state() {
            TaskState::Pending if self.cancelling() > 0 => "cancelling",
            TaskState::Pending => "pending",
            TaskState::Finished => "finished",
            TaskState::Failed => "failed",
            TaskState::Panicked => "panicked",
            TaskState::Cancelled => "cancelled",
        };
        write!(f, "<{state} `{}`", self.name())?;
        if let Some(waits) = self.waits_for() {
            write!(f, ", waits for {waits}")?;
        }
        write!(f, ", spawned at {}>", self.location())
    }
}

/// A done callback that was added, and can be removed.
#[derive(Debug)]
pub struct CallbackHandle {
    task: TaskRef,
    subscription: Option<Subscription>,
}

impl CallbackHandle {
    /// Removes the callback. `false`: too late, the task has ended and the callback runs or has run (DC-05, DC-07).
    pub fn remove(mut self) -> bool {
        self.subscription
            .take()
            .is_some_and(|subscription| self.task.unsubscribe(subscription))
    }
}
