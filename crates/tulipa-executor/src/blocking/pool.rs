//! The threads of the blocking pool: as many as the jobs keep busy, up to a limit; idle ones end.
//!
//! A job may block for as long as it likes, so no job may have to wait for another. But most are short, and then a thread for
//! each is only a wake for each. While there is a job in the queue, one thread that has nothing to do therefore *comes*
//! (it is started, or woken, or has not gone to sleep yet) or is *on watch*: it looks now and then. Where the queue moves fast
//! it leaves that to those who are at it; else it takes a job itself, and calls the next before it runs it. So a burst of jobs that
//! block has its threads one after the other, as fast as they come, and a burst of short ones has two.
//!
//! Who comes and who is on watch is part of the state under the one lock, which is let go only to run a job, to look around and to
//! wait on a condition of it. Without the lock there is but the hint that a job is queued, by which somebody looks again sooner than
//! it would. So there is no model of it for loom; that a job's end wakes what waits for all to be quiet has one (`settle`).

use crate::crew::Crew;
use crate::sync::{AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, give_way};
use crate::unwind;
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hint;
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

/// How often who is on watch looks at the queue.
const LOOK: Duration = Duration::from_micros(100);

/// If each busy thread has taken so many jobs between two looks, one more thread is not worth its wake.
const PACE: usize = 4;

/// How often a thread looks around for the next job before it goes to sleep; then, how often giving way each time.
const SPINS: usize = 100;
const TURNS: usize = 4;

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
    /// As many as there are in the queue: for who looks around, without the lock.
    queued: AtomicUsize,
}

struct State {
    queue: VecDeque<Job>,
    /// How many jobs have been taken out.
    taken: usize,
    threads: HashMap<ThreadId, JoinHandle<()>>,
    /// Threads whose handle is in `threads`, or about to be.
    count: usize,
    /// Those that sleep, are on watch, or come.
    idle: usize,
    /// One of these comes: no need to call another.
    coming: bool,
    /// `taken`, when it was called.
    called_at: usize,
    /// One is on watch.
    watched: bool,
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
            taken: 0,
            threads: HashMap::new(),
            count: 0,
            idle: 0,
            coming: false,
            called_at: 0,
            watched: false,
            open: true,
        };
        let (changed, ended) = (Condvar::new(), Condvar::new());
        Self(Arc::new(Inner {
            state: Mutex::new(state),
            changed,
            ended,
            limits,
            crew,
            queued: AtomicUsize::new(0),
        }))
    }

    /// Queues a job, and sees to it that a thread comes for it, if none is there that will.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Refused> {
        let inner = &self.0;
        let mut state = inner.state.lock();
        if !state.open {
            return Err(Refused::Closed);
        }
        match inner.call(&mut state) {
            Ok(()) => {}
            Err(error) if state.count == 0 => {
                drop(state);
                return Err(Refused::NoThread(error));
            }
            Err(_) => {} // the job waits until another thread is free
        }
        inner.crew.job_begins();
        state.queue.push_back(job);
        inner.tell_length(&state);
        Ok(())
    }

    /// Takes no more jobs, cancels those that have not begun, and waits for the others until `deadline` (`None`: however
    /// long). Answers with how many are still busy: they are left to themselves.
    pub(crate) fn close(&self, deadline: Option<Instant>) -> usize {
        let inner = &self.0;
        let mut state = inner.state.lock();
        state.open = false;
        let queued = mem::take(&mut state.queue);
        inner.tell_length(&state);
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

impl State {
    /// Whether a thread that is idle now is to take a job, of those that have been in the queue since so many had been taken.
    fn wants_another(&self, since: usize) -> bool {
        let busy = self.count - self.idle;
        let moved = self.taken.wrapping_sub(since);
        busy == 0 || moved < PACE.saturating_mul(busy)
    }
}

impl Inner {
    /// There is a job, or is about to be: has a thread come that has nothing to do, if none does and none is on watch.
    fn call(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let is_looked_after = state.watched && state.idle < state.count;
        if state.coming || is_looked_after {
            return Ok(());
        }
        if state.idle > 0 {
            self.changed.notify_one();
        } else if state.count < self.limits.threads {
            self.start_thread(state)?;
        } else {
            return Ok(()); // all are busy, and each comes when it is through
        }
        (state.coming, state.called_at) = (true, state.taken);
        Ok(())
    }

    /// Under the lock, so that the count is never wrong. It is a system call, but only while the pool grows.
    fn start_thread(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let builder = thread::Builder::new().name(self.limits.name.clone());
        let builder = match self.limits.stack_size {
            Some(size) => builder.stack_size(size),
            None => builder,
        };
        let inner = Arc::clone(self);
        let thread = builder.spawn(move || inner.serve())?;
        state.count += 1;
        state.idle += 1;
        state.threads.insert(thread.thread().id(), thread);
        Ok(())
    }

    /// The life of a thread.
    fn serve(self: &Arc<Self>) {
        OWN.set(Arc::as_ptr(self));
        let mut state = self.state.lock();
        state.coming = false;
        loop {
            state = self.look_around(state);
            if !self.wait_for_job(&mut state) {
                break;
            }
            state.idle -= 1;
            while let Some(job) = self.take(&mut state) {
                drop(state);
                self.finish(job, Fate::Run);
                state = self.state.lock();
            }
            state.idle += 1;
        }
        if state.open {
            state.threads.remove(&thread::current().id()); // else its handle stays, for `close`
        }
        state.idle -= 1;
        state.count -= 1;
        self.ended.notify_all();
    }

    /// The next job. If there are more, somebody else is to see to them: this one may block.
    fn take(self: &Arc<Self>, state: &mut State) -> Option<Job> {
        let job = state.queue.pop_front()?;
        state.taken = state.taken.wrapping_add(1);
        self.tell_length(state);
        if !state.queue.is_empty() {
            // If no thread can be started, they wait for one that is free.
            let _ = self.call(state);
        }
        Some(job)
    }

    fn tell_length(&self, state: &State) {
        // Relaxed: a hint; who acts on it takes the lock and looks.
        self.queued.store(state.queue.len(), Ordering::Relaxed);
    }

    /// Until there is a job that this thread is to take. `false`: its life is over, since the pool is closed or it has been idle
    /// for long enough.
    fn wait_for_job(&self, state: &mut MutexGuard<'_, State>) -> bool {
        let mut deadline = self.end_of_idling();
        while state.open {
            if !state.queue.is_empty() {
                if state.wants_another(state.called_at) {
                    return true;
                }
                if !state.watched {
                    if self.watch(state) {
                        return true;
                    }
                    deadline = self.end_of_idling();
                    continue;
                }
            }
            let is_late = self.sleep(state, deadline);
            if is_late && (state.queue.is_empty() || state.watched) {
                return false;
            }
        }
        false
    }

    /// Looks around for a job for a moment, rather than sleep and be woken. One thread at a time, so that a job that comes
    /// meanwhile need not call any.
    fn look_around<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if !state.queue.is_empty() || state.coming || !state.open {
            return state;
        }
        (state.coming, state.called_at) = (true, state.taken);
        drop(state);
        for turn in 0..SPINS + TURNS {
            // Relaxed: see `tell_length`.
            if self.queued.load(Ordering::Relaxed) > 0 {
                break;
            }
            match turn {
                ..SPINS => hint::spin_loop(),
                _ => give_way(),
            }
        }
        let mut state = self.state.lock();
        state.coming = false;
        state
    }

    /// Looks at the queue now and then, while anything moves in it. `true`: this thread is to take a job.
    fn watch(&self, state: &mut MutexGuard<'_, State>) -> bool {
        state.watched = true;
        let is_wanted = loop {
            let before = state.taken;
            self.sleep(state, Instant::now().checked_add(LOOK));
            match (state.open, state.queue.is_empty()) {
                (false, _) => break false,
                (true, false) if state.wants_another(before) => break true,
                (true, true) if state.taken == before => break false, // nothing happens any more
                _ => {}
            }
        };
        state.watched = false;
        is_wanted
    }

    /// `true`: it slept until the deadline, if there is one. Else something changed.
    ///
    /// Either way it comes now. It may have been this thread that was called, and by a notification that reached nobody, because
    /// its time was up already; were it still said to come, nobody would be called any more. To call one too many costs a wake.
    fn sleep(&self, state: &mut MutexGuard<'_, State>, deadline: Option<Instant>) -> bool {
        let is_late = match deadline {
            None => {
                self.changed.wait(state);
                false
            }
            Some(deadline) => self.changed.wait_until(state, deadline).timed_out(),
        };
        state.coming = false;
        is_late
    }

    /// `None`: too long for the clock, so for ever.
    fn end_of_idling(&self) -> Option<Instant> {
        Instant::now().checked_add(self.limits.keep_alive)
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
