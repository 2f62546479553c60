//! Where reports go by default: one line each, through `tracing` if that is listened to, else to standard error.

use crate::report::Report;
use std::fmt;
use std::io::Write;

/// Writes a report, and what is `also` to be said.
pub(crate) fn write(report: &Report<'_>, also: &dyn fmt::Display) {
    #[cfg(feature = "tracing")]
    if events::is_heard() {
        return events::write(report, also);
    }
    print(format_args!("{report}{also}"));
}

/// One line on standard error, whole or not at all: it is text before a byte of it is written, because a `Debug` of the user's may
/// panic. Where standard error is closed, nobody could be told.
pub(crate) fn print(line: fmt::Arguments<'_>) {
    let line = format!("{line}\n");
    let _nobody_could_be_told = std::io::stderr().write_all(line.as_bytes());
}

#[cfg(feature = "tracing")]
mod events {
    use crate::report::{Report, ReportKind};
    use std::fmt;
    use tracing::subscriber::NoSubscriber;
    use tracing::{Level, dispatcher, event};

    /// Whether this thread has a subscriber. What that lets through is its own affair.
    pub(super) fn is_heard() -> bool {
        dispatcher::get_default(|subscriber| !subscriber.is::<NoSubscriber>())
    }

    pub(super) fn write(report: &Report<'_>, also: &dyn fmt::Display) {
        macro_rules! write_at {
            ($level:expr) => {
                event!(
                    target: "tulipa",
                    $level,
                    task = report.task_name(),
                    id = report.task_id().get(),
                    spawned_at = %report.location(),
                    failure = ?report.failure(),
                    "{}{also}",
                    report.message(),
                )
            };
        }
        match report.kind() {
            ReportKind::Shutdown => write_at!(Level::DEBUG),
            ReportKind::SlowPoll | ReportKind::Circle => write_at!(Level::WARN),
            _ => write_at!(Level::ERROR),
        }
    }
}
