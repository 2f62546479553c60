//! What is told to an executor that no task could be told.

use crate::cell::state::End;
use crate::cell::{Header, Kind};
use crate::error::Panic;
use crate::handle::name_of;
use crate::id::TaskId;
use crate::schedule::Scheduler;
use crate::unwind;
use std::fmt;
use std::io::Write;
use std::panic::Location;

/// A failure that nobody read (F-12 to F-15, T-22), a panic that has no task to be stored in (DC-08), or what a task has
/// [reported](crate::TaskRef::report) by itself.
///
/// Its text is one line with the task's name, where it was spawned, and the error.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    message: &'a str,
    header: &'a Header,
    failure: &'a dyn fmt::Debug,
}

impl<'a> Report<'a> {
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

    /// The error or panic.
    pub fn failure(&self) -> &'a dyn fmt::Debug {
        self.failure
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
    let message = match (state.end(), header.kind()) {
        _ if state.is_read() => return,
        (Some(End::Panicked), Kind::Job) => "a callback panicked",
        (Some(End::Panicked), _) => "a panic was never retrieved",
        (Some(End::Failed), _) => "an error was never retrieved",
        (Some(End::Value | End::Cancelled) | None, _) => return,
    };
    let show = &mut |failure: &dyn fmt::Debug| {
        send(&Report {
            message,
            header,
            failure,
        })
    };
    // SAFETY: rule 3: it is done, so nobody runs in its context; and nobody else drops what it holds.
    let context = header.context.with(|slot| unsafe { (*slot).same() });
    // SAFETY: the caller's promise.
    context.run(|| unsafe { (header.vtable().failure)(header.as_ptr(), show) });
}

/// Reports a panic of code that `header` had to run for somebody else.
pub(crate) fn stray_panic(header: &Header, message: &str, panic: &Panic) {
    panicked(header, panic);
    by_itself(header, message, panic);
}

/// Reports a failure of `header` that is not its end.
pub(crate) fn by_itself(header: &Header, message: &str, failure: &dyn fmt::Debug) {
    send(&Report {
        message,
        header,
        failure,
    });
}

/// Tells the executor of `header` of a panic, before anything else is made of it.
pub(crate) fn panicked(header: &Header, panic: &Panic) {
    if let Some(scheduler) = header.scheduler() {
        scheduler.panicked(&Report {
            message: "a panic",
            header,
            failure: panic,
        });
    }
}

/// To the task's executor, else the current one, else standard error. A handler that panics loses its report only (D-10).
fn send(report: &Report<'_>) {
    let told = unwind::catch(|| match report.header.scheduler() {
        Some(scheduler) => scheduler.report(report),
        None => match Scheduler::current() {
            Some(scheduler) => scheduler.report(report),
            None => print(format_args!("{report}")),
        },
    });
    if let Err(panic) = told {
        // Without the failure: it may be its own `Debug` that panics.
        let (name, message) = (report.task_name(), report.message);
        print(format_args!(
            "tulipa: {message}: `{name}`; this could not be reported: {panic}"
        ));
    }
}

/// One line on standard error. Where that is closed, nobody could be told.
pub(crate) fn print(line: fmt::Arguments<'_>) {
    let _nobody_could_be_told = writeln!(std::io::stderr(), "{line}");
}
