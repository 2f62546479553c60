//! The threads of an executor: each is started when its worker is woken for the first time, and all are waited for at the end.
//!
//! A worker without a thread sleeps like any other, so nothing else has to know of it: who wakes it
//! [finds it a thread](Muster::muster). A program that needs one thread has one, on whatever machine.
//!
//! There is nobody to return an error to then. If the system has no thread, the [handler](crate::Builder::report) is told, and the
//! others do the work.

use crate::handle::Handle;
use crate::sleep::{Muster, Sleeping};
use crate::sync::{Condvar, Mutex};
use crate::unwind;
use crate::worker::{self, Seat};
use std::fmt;
use std::io;
use std::mem;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tulipa_task::{Deferred, Report, ReportKind, Schedule};

/// The threads that an executor has started or may start.
pub(crate) struct Roster {
    /// What each thread's name begins with.
    name: String,
    stack_size: Option<usize>,
    bench: Mutex<Bench>,
    left: Arc<Left>,
}

/// Who has no thread yet, and the threads of the others.
struct Bench {
    /// What a thread needs to serve. None at the end: nobody is started any more.
    handle: Option<Handle>,
    enrolled: Vec<(Seat, Sleeping)>,
    threads: Vec<JoinHandle<()>>,
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
    /// Enrols a worker for each of `seats`. It keeps the executor alive until it is [dismissed](Muster::dismiss).
    pub(crate) fn new(
        name: String,
        stack_size: Option<usize>,
        handle: &Handle,
        seats: Vec<Seat>,
    ) -> Self {
        let crew = handle.shared().crew();
        let enrol = |seat: Seat| {
            let sleeping = crew.enrol(seat.local.worker());
            (seat, sleeping)
        };
        Self {
            name,
            stack_size,
            bench: Mutex::new(Bench {
                handle: Some(handle.clone()),
                enrolled: seats.into_iter().map(enrol).collect(),
                threads: Vec::new(),
            }),
            left: Arc::default(),
        }
    }

    /// Starts a worker's thread, if it has none and the executor is not at its end. Under the lock, so that the end waits for it.
    fn start(&self, worker: usize) -> Result<(), NoThread> {
        let mut bench = self.bench.lock();
        let place = |(seat, _): &(Seat, Sleeping)| seat.local.worker() == worker;
        let (Some(handle), Some(place)) =
            (bench.handle.clone(), bench.enrolled.iter().position(place))
        else {
            return Ok(());
        };
        let (seat, sleeping) = bench.enrolled.swap_remove(place);
        let (on_roster, of_thread) = (self.enlist(), handle.clone());
        let thread = self.thread(worker).spawn(move || {
            let _until_the_end = on_roster;
            worker::hold(&of_thread, seat, sleeping);
        });
        match thread {
            Ok(thread) => {
                bench.threads.push(thread);
                Ok(())
            }
            Err(error) => Err(NoThread {
                handle,
                worker,
                error,
            }),
        }
    }

    fn thread(&self, worker: usize) -> thread::Builder {
        let builder = thread::Builder::new().name(format!("{}-{worker}", self.name));
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
        let threads = mem::take(&mut self.bench.lock().threads);
        for thread in threads
            .into_iter()
            .filter(|thread| left == 0 || thread.is_finished())
        {
            // It does not unwind. Should it have, the panic hook has said so, and this thread is not to blame.
            let _ = thread.join();
        }
        left
    }
}

impl Muster for Roster {
    fn muster(&self, worker: usize) {
        if let Err(no_thread) = self.start(worker) {
            no_thread.report();
        }
    }

    fn dismiss(&self) {
        let mut bench = self.bench.lock();
        let (handle, enrolled) = (bench.handle.take(), mem::take(&mut bench.enrolled));
        drop(bench); // what those keep alive may be all of the executor
        drop((handle, enrolled));
    }
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster")
            .field("name", &self.name)
            .finish_non_exhaustive()
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

/// A worker was woken and has no thread.
struct NoThread {
    handle: Handle,
    worker: usize,
    error: io::Error,
}

impl NoThread {
    /// Leaves the worker's work to the others, and tells the handler. That is code of others, on a thread that has just woken a task:
    /// should it panic, nobody is the wiser.
    fn report(self) {
        let shared = self.handle.shared();
        shared.crew().strike_off(self.worker);
        let about = Deferred::<()>::new();
        about.set_name(format!("worker {}", self.worker));
        unwind::shield(|| shared.report(&Report::about(&about, ReportKind::Told, &self)));
    }
}

impl fmt::Debug for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no thread could be started for it: {}; the other workers do what it would have done, and if none has a thread, \
             it waits for the next `block_on`. Ask for fewer `workers`, lower `stack_size`, or raise the system's limit on threads",
            self.error
        )
    }
}
