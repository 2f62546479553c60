//! The threads of an executor: they are started here, and waited for.
//!
//! [`Executor::start`](crate::executor::Executor::start) starts one for each worker but the one at home, and an error is its caller's.
//! The watchdog's thread is started by the first of those, as that begins: whoever builds an executor need not wait for it, and one
//! that ends at once never has it. There is nobody to return an error to then; it is [reported](Roster::start_watchdog).

use crate::handle::Handle;
use crate::sync::{Condvar, Mutex, Parker};
use crate::unwind;
use crate::watchdog;
use crate::worker::{self, Seat};
use std::fmt;
use std::io;
use std::mem;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tulipa_task::{Deferred, Report, ReportKind, Schedule};

/// The threads that an executor has started, for whoever waits for their end.
#[derive(Debug)]
pub(crate) struct Roster {
    /// What each thread's name begins with.
    name: String,
    stack_size: Option<usize>,
    handles: Mutex<Vec<JoinHandle<()>>>,
    left: Arc<Left>,
}

/// How many threads have not ended yet.
#[derive(Debug, Default)]
struct Left {
    threads: Mutex<usize>,
    none: Condvar,
}

/// Counts a thread, until it is dropped at its end.
struct OnRoster(Arc<Left>);

impl Roster {
    pub(crate) fn new(name: String, stack_size: Option<usize>) -> Self {
        Self {
            name,
            stack_size,
            handles: Mutex::new(Vec::new()),
            left: Arc::default(),
        }
    }

    /// Starts the thread of a worker, and has it start the `watchdog` if it is given what that waits on.
    pub(crate) fn start_worker(
        self: &Arc<Self>,
        handle: &Handle,
        seat: Seat,
        watchdog: Option<Parker>,
    ) -> io::Result<()> {
        let (roster, handle, on_roster) = (Arc::clone(self), handle.clone(), self.enlist());
        let thread = self.thread(seat.local.worker()).spawn(move || {
            let _until_the_end = on_roster;
            if let Some(parker) = watchdog {
                roster.start_watchdog(&handle, parker);
            }
            drop(roster);
            worker::hold(&handle, seat);
        })?;
        self.handles.lock().push(thread);
        Ok(())
    }

    /// Starts the watchdog, unless the executor is at its end already. It is not counted: it polls nothing and cannot be late.
    ///
    /// Without a thread for it the executor goes on: then who stays in one poll holds others up. Its handler is told.
    fn start_watchdog(&self, handle: &Handle, parker: Parker) {
        if handle.shared().crew().is_stopping() {
            return;
        }
        let of_thread = handle.clone();
        let thread = self.thread("watchdog").spawn(move || {
            let _entered = of_thread.scheduler().enter(); // whose memory it releases
            watchdog::run(of_thread.shared().crew(), &parker);
        });
        match thread {
            Ok(thread) => self.handles.lock().push(thread),
            Err(error) => report(handle, &NoWatchdog(error)),
        }
    }

    fn thread(&self, who: impl fmt::Display) -> thread::Builder {
        let builder = thread::Builder::new().name(format!("{}-{who}", self.name));
        match self.stack_size {
            Some(bytes) => builder.stack_size(bytes),
            None => builder,
        }
    }

    fn enlist(&self) -> OnRoster {
        *self.left.threads.lock() += 1;
        OnRoster(Arc::clone(&self.left))
    }

    /// Waits until all have ended, until `deadline` at the latest (`None`: however long). Answers with how many have
    /// not: they are left to themselves.
    pub(crate) fn join(&self, deadline: Option<Instant>) -> usize {
        let mut threads = self.left.threads.lock();
        while *threads > 0 {
            match deadline {
                None => self.left.none.wait(&mut threads),
                Some(deadline) => {
                    if self
                        .left
                        .none
                        .wait_until(&mut threads, deadline)
                        .timed_out()
                    {
                        break;
                    }
                }
            }
        }
        let left = *threads;
        drop(threads);
        let handles = mem::take(&mut *self.handles.lock());
        for thread in handles
            .into_iter()
            .filter(|thread| left == 0 || thread.is_finished())
        {
            // It does not unwind. Should it have, the panic hook has said so, and this thread is not to blame.
            let _ = thread.join();
        }
        left
    }
}

impl Drop for OnRoster {
    fn drop(&mut self) {
        let mut threads = self.0.threads.lock();
        *threads -= 1;
        if *threads == 0 {
            self.0.none.notify_all();
        }
    }
}

/// What is reported where the watchdog could not be started.
struct NoWatchdog(io::Error);

impl fmt::Debug for NoWatchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no thread could be started for the watchdog: {}; until the end a task that blocks its thread may hold up others. \
             Ask for fewer `workers`, lower `stack_size`, raise the system's limit on threads, or turn the watchdog off",
            self.0
        )
    }
}

/// Tells the handler, by the name of the watchdog. Should it panic, its thread is a worker's and goes on.
fn report(handle: &Handle, failure: &NoWatchdog) {
    let watchdog = Deferred::<()>::new();
    watchdog.set_name("watchdog");
    let report = Report::about(&watchdog, ReportKind::Told, failure);
    unwind::shield(|| handle.shared().report(&report));
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Roster;
    use crate::Executor;
    use crate::sync::{Mutex, Parker};
    use std::sync::Arc;
    use tulipa_task::ReportKind;

    /// No machine has room for a stack of this size.
    const TOO_MUCH: Option<usize> = Some(1 << 60);

    #[test]
    fn the_handler_is_told_of_a_watchdog_that_could_not_be_started() {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&reports);
        let executor = Executor::builder()
            .workers(1)
            .report(move |report| told.lock().push((report.kind(), report.to_string())))
            .build()
            .unwrap();
        let roster = Roster::new("bee".to_owned(), TOO_MUCH);
        roster.start_watchdog(executor.handle(), Parker::new());
        let reports = reports.lock();
        let [(ReportKind::Told, text)] = &reports[..] else {
            panic!("{reports:?}");
        };
        assert!(text.contains("`watchdog`"), "{text}");
        assert!(text.contains("Ask for fewer `workers`"), "{text}");
    }

    #[test]
    fn a_handler_that_panics_at_that_costs_no_worker() {
        let executor = Executor::builder()
            .workers(1)
            .report(|_| panic!("not that as well"))
            .build()
            .unwrap();
        let roster = Roster::new("bee".to_owned(), TOO_MUCH);
        roster.start_watchdog(executor.handle(), Parker::new()); // returns
    }

    #[test]
    fn an_executor_at_its_end_starts_no_watchdog() {
        let executor = Executor::builder().workers(1).build().unwrap();
        let report = executor.shutdown(std::future::ready(())).unwrap();
        assert!(report.is_clean());
        let roster = Roster::new("bee".to_owned(), None);
        roster.start_watchdog(executor.handle(), Parker::new());
        assert!(roster.handles.lock().is_empty());
    }
}
