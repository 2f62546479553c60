//! The threads of the blocking pool: as many as there are jobs, up to a limit; idle ones end.

use crate::crew::Crew;
use crate::sync::{Condvar, Mutex};
use crate::unwind;
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::mem;
use std::ptr;
use std::sync::Arc;
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};
use tulipa_task::Runnable;

/// What is to become of a job that is taken from the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Run,
    Cancel,
}

/// A job, which does not unwind.
type Job = Box<dyn FnOnce(Fate) + Send>;

/// How many threads there may be, and what they are like.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) threads: usize,
    pub(crate) keep_alive: Duration,
    pub(crate) name: String,
    pub(crate) stack_size: Option<usize>,
}

/// Why a job was not taken.
#[derive(Debug)]
pub(crate) enum Refused {
    Closed,
    NoThread(io::Error),
}

/// The blocking pool at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Threads that have not ended.
    pub threads: usize,
    /// Those that wait for a job.
    pub idle: usize,
    /// Jobs that wait for a thread.
    pub queued: usize,
}

/// The pool. Its threads are its own; whoever has it may submit.
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// A job came, or the pool was closed.
    changed: Condvar,
    /// A thread ended.
    ended: Condvar,
    limits: Limits,
    crew: Arc<Crew<Runnable>>,
}

struct State {
    queue: VecDeque<Job>,
    threads: HashMap<ThreadId, JoinHandle<()>>,
    /// Threads whose handle is in `threads`, or about to be.
    count: usize,
    idle: usize,
    open: bool,
}

thread_local! {
    /// The pool that this thread belongs to.
    static OWN: Cell<*const Inner> = const { Cell::new(ptr::null()) };
}

impl Pool {
    pub(crate) fn new(limits: Limits, crew: Arc<Crew<Runnable>>) -> Self {
        let state = State {
            queue: VecDeque::new(),
            threads: HashMap::new(),
            count: 0,
            idle: 0,
            open: true,
        };
        let (changed, ended) = (Condvar::new(), Condvar::new());
        Self(Arc::new(Inner {
            state: Mutex::new(state),
            changed,
            ended,
            limits,
            crew,
        }))
    }

    /// Queues a job, and sees to it that a thread comes for it: one that is idle, a new one, or one that is busy now.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Refused> {
        let inner = &self.0;
        let mut state = inner.state.lock();
        if !state.open {
            return Err(Refused::Closed);
        }
        // Each idle thread takes one job. Is there one for this, too?
        if state.queue.len() >= state.idle && state.count < inner.limits.threads {
            match self.start_thread(&mut state) {
                Ok(()) => {}
                Err(error) if state.count == 0 => {
                    drop(state);
                    return Err(Refused::NoThread(error));
                }
                Err(_) => {} // the job waits until another thread is free
            }
        }
        inner.crew.job_begins();
        state.queue.push_back(job);
        inner.changed.notify_one();
        Ok(())
    }

    /// Under the lock, so that the count is never wrong. It is a system call, but only while the pool grows.
    fn start_thread(&self, state: &mut State) -> io::Result<()> {
        let limits = &self.0.limits;
        let builder = thread::Builder::new().name(limits.name.clone());
        let builder = match limits.stack_size {
            Some(size) => builder.stack_size(size),
            None => builder,
        };
        let inner = Arc::clone(&self.0);
        let thread = builder.spawn(move || inner.serve())?;
        state.count += 1;
        state.threads.insert(thread.thread().id(), thread);
        Ok(())
    }

    /// Takes no more jobs, cancels those that have not begun, and waits for the others until `deadline` (`None`: however
    /// long). Answers with how many are still busy: they are left to themselves.
    pub(crate) fn close(&self, deadline: Option<Instant>) -> usize {
        let inner = &self.0;
        let mut state = inner.state.lock();
        state.open = false;
        let queued = mem::take(&mut state.queue);
        inner.changed.notify_all();
        drop(state);
        for job in queued {
            inner.finish(job, Fate::Cancel);
        }
        let busy = inner.wait_for_threads(deadline);
        let threads = mem::take(&mut inner.state.lock().threads);
        for thread in threads
            .into_values()
            .filter(|thread| busy == 0 || thread.is_finished())
        {
            if thread.thread().id() != thread::current().id() {
                // Jobs do not unwind. Should a thread have, the panic hook has said so, and this one is not to blame.
                let _ = thread.join();
            }
        }
        busy
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let state = self.0.state.lock();
        PoolStats {
            threads: state.count,
            idle: state.idle,
            queued: state.queue.len(),
        }
    }
}

impl Inner {
    /// The life of a thread.
    fn serve(&self) {
        OWN.set(self);
        let mut state = self.state.lock();
        loop {
            while let Some(job) = state.queue.pop_front() {
                drop(state);
                self.finish(job, Fate::Run);
                state = self.state.lock();
            }
            if !state.open {
                break; // its handle stays, for `close`
            }
            state.idle += 1;
            self.wait_for_job(&mut state);
            state.idle -= 1;
            if state.queue.is_empty() && state.open {
                state.threads.remove(&thread::current().id());
                break; // it has been idle for long enough
            }
        }
        state.count -= 1;
        self.ended.notify_all();
    }

    /// Waits until there is a job, the pool is closed, or the thread has waited for long enough.
    fn wait_for_job(&self, state: &mut crate::sync::MutexGuard<'_, State>) {
        let deadline = Instant::now().checked_add(self.limits.keep_alive); // too long for the clock: for ever
        while state.queue.is_empty() && state.open {
            match deadline {
                None => self.changed.wait(state),
                Some(deadline) => {
                    if self.changed.wait_until(state, deadline).timed_out() {
                        return;
                    }
                }
            }
        }
    }

    /// Runs or cancels a job, and counts it as ended after whom it woke is queued.
    fn finish(&self, job: Job, fate: Fate) {
        unwind::shield(|| job(fate));
        unwind::shield(|| self.crew.job_ends());
    }

    /// Waits for all threads but the calling one. Answers with how many there are still.
    fn wait_for_threads(&self, deadline: Option<Instant>) -> usize {
        let own = usize::from(ptr::eq(OWN.get(), self));
        let mut state = self.state.lock();
        while state.count > own {
            match deadline {
                None => self.ended.wait(&mut state),
                Some(deadline) => {
                    if self.ended.wait_until(&mut state, deadline).timed_out() {
                        break;
                    }
                }
            }
        }
        state.count - own
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.stats()).finish()
    }
}
