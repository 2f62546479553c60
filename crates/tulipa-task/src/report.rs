//! What is told to an executor that no task could be told.
//!
//! A report goes to the executor's handler. If that panics, the default one says both things; if it too fails, a last line says
//! what it can without running code of the user. Whatever happens, the executor goes on (D-10, D-11).

use crate::cell::state::End;
use crate::cell::{Header, Kind};
use crate::error::Panic;
use crate::handle::{TaskRef, name_of};
use crate::id::TaskId;
use crate::log;
use crate::schedule::Scheduler;
use crate::unwind;
use std::fmt;
use std::panic::Location;

/// A failure that nobody read (F-12 to F-15, T-22), a panic that has no task to be stored in (DC-08), or what a task has
/// [reported](crate::TaskRef::report) by itself; in debug mode, also what is amiss without being a failure.
///
/// Its text is one line with the task's name, where it was spawned, and the error.
///
/// # Examples
///
/// What an executor of one's own may have to say of a task.
///
/// ```
/// use std::time::Duration;
/// use tulipa_task::{Deferred, Report, ReportKind};
///
/// let lent = Deferred::<()>::new();
/// lent.set_name("lent");
/// let took = Duration::from_millis(300);
/// let report = Report::about(&lent, ReportKind::SlowPoll, &took);
/// assert!(report.to_string().starts_with("tulipa: a poll took long: `lent`, spawned at "));
/// assert!(report.to_string().ends_with(": 300ms"));
/// ```
#[derive(Clone, Copy)]
pub struct Report<'a> {
    kind: ReportKind,
    message: &'a str,
    header: &'a Header,
    failure: &'a dyn fmt::Debug,
}

/// What a [`Report`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportKind {
    /// The error of a task, which nobody read.
    UnreadError,
    /// The panic of a task, which nobody read.
    UnreadPanic,
    /// A panic of a callback, a waker or a destructor: of code that was run for somebody who cannot be told.
    StrayPanic,
    /// A panic, before anything else is made of it: see [`Schedule::panicked`](crate::Schedule::panicked).
    Panic,
    /// What a task has [reported](crate::TaskRef::report) by itself.
    Told,
    /// In debug mode: a poll took longer than the threshold. [`Report::failure`] is the time it took.
    SlowPoll,
    /// In debug mode: tasks wait for each other. [`Report::failure`] shows who awaits whom.
    Circle,
    /// In debug mode: the executor has shut down. [`Report::failure`] shows who was late.
    Shutdown,
}

impl<'a> Report<'a> {
    /// A report of that kind about `task`, with what is to be said.
    pub fn about(task: &'a TaskRef, kind: ReportKind, failure: &'a dyn fmt::Debug) -> Self {
        Self {
            kind,
            message: kind.message(),
            header: task.header(),
            failure,
        }
    }

    /// What it is about.
    pub fn kind(&self) -> ReportKind {
        self.kind
    }

    /// What happened, in a few words.
    pub fn message(&self) -> &'a str {
        self.message
    }

    /// The task's name.
    pub fn task_name(&self) -> String {
        name_of(self.header)
    }

    /// The task's number.
    pub fn task_id(&self) -> TaskId {
        self.header.id()
    }

    /// Where the task was spawned.
    pub fn location(&self) -> &'static Location<'static> {
        self.header.location()
    }

    /// The error or panic, or what else there is to say, by its kind.
    pub fn failure(&self) -> &'a dyn fmt::Debug {
        self.failure
    }

    /// Gives it to the task's executor, else to the current one, else to [`log`](Self::log). A handler that panics loses its
    /// report only: that is logged, with the panic (D-10).
    pub fn send(&self) {
        let handler = self.header.scheduler().cloned();
        let handler = handler.or_else(Scheduler::current);
        let told = unwind::catch(|| match handler {
            Some(scheduler) => scheduler.report(self),
            None => self.log(),
        });
        let Err(panic) = told else { return };
        let also = format_args!("; this could not be reported: {panic}");
        if unwind::catch(|| log::write(self, &also)).is_err() {
            // Without the failure: it may be its own `Debug` that panics (D-11).
            let (name, message) = (self.task_name(), self.message);
            log::print(format_args!("tulipa: {message}: `{name}`{also}"));
        }
    }

    /// Writes it as one line: what handlers do by default. With the feature `tracing` it is an event, where there is a
    /// subscriber for it; else it goes to standard error.
    pub fn log(&self) {
        log::write(self, &"");
    }
}

impl ReportKind {
    fn message(self) -> &'static str {
        match self {
            Self::UnreadError => "an error was never retrieved",
            Self::UnreadPanic => "a panic was never retrieved",
            Self::StrayPanic => "a callback panicked",
            Self::Panic => "a panic",
            Self::Told => "a failure",
            Self::SlowPoll => "a poll took long",
            Self::Circle => "tasks wait for each other, and would never end",
            Self::Shutdown => "the runtime has shut down",
        }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message, failure, ..
        } = self;
        write!(
            f,
            "tulipa: {message}: `{}`, spawned at {}: {failure:?}",
            self.task_name(),
            self.location()
        )
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Report({self})")
    }
}

/// Reports the outcome of `header`, which is about to be dropped, if it is a failure that nobody has read. The handler
/// runs in the context of the task, or of the callback (CV-10).
///
/// # Safety
///
/// Rule 3: the outcome may be read, and is the caller's to drop.
pub(crate) unsafe fn unread(header: &Header) {
    let state = header.state.load();
    let kind = match (state.end(), header.kind()) {
        _ if state.is_read() => return,
        (Some(End::Panicked), Kind::Job) => ReportKind::StrayPanic,
        (Some(End::Panicked), _) => ReportKind::UnreadPanic,
        (Some(End::Failed), _) => ReportKind::UnreadError,
        (Some(End::Value | End::Cancelled) | None, _) => return,
    };
    let show = &mut |failure: &dyn fmt::Debug| {
        Report {
            kind,
            message: kind.message(),
            header,
            failure,
        }
        .send();
    };
    // SAFETY: rule 3: it is done, so nobody runs in its context; and nobody else drops what it holds.
    let context = header.context.with(|slot| unsafe { (*slot).same() });
    // SAFETY: the caller's promise.
    context.run(|| unsafe { (header.vtable().failure)(header.as_ptr(), show) });
}

/// Reports a panic of code that `header` had to run for somebody else.
pub(crate) fn stray_panic(header: &Header, message: &str, panic: &Panic) {
    panicked(header, panic);
    let report = Report {
        kind: ReportKind::StrayPanic,
        message,
        header,
        failure: panic,
    };
    report.send();
}

/// Reports a failure of `header` that is not its end.
pub(crate) fn by_itself(header: &Header, message: &str, failure: &dyn fmt::Debug) {
    let report = Report {
        kind: ReportKind::Told,
        message,
        header,
        failure,
    };
    report.send();
}

/// Tells the executor of `header` of a panic, before anything else is made of it.
pub(crate) fn panicked(header: &Header, panic: &Panic) {
    if let Some(scheduler) = header.scheduler() {
        scheduler.panicked(&Report {
            kind: ReportKind::Panic,
            message: ReportKind::Panic.message(),
            header,
            failure: panic,
        });
    }
}
