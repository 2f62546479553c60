//! What moves between the caches of workers, counted in lines of 64 bytes.
//!
//! A line moves when a worker touches it and another one has touched it last. That is what a processor does with lines that are
//! written; so nearly all are here. Counted are those that the scheduler shares, and no others:
//!
//! * A task's cell: its first line when it is woken, cancelled, waited for or let go, all of it when it is polled or its result is taken.
//! * When it ends elsewhere than it was spawned: the slot of the registry; when its memory is given back elsewhere: its chunk's word.
//! * For each theft, the line with both ends of the queue, there and back; for each stolen task, its word in the queue.
//!
//! What futures point to is the program's own. So are channels, locks and sockets.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use tulipa::{Handle, Stats, TaskError};

const LINE: usize = 64;

/// Of a cell, beside the future or its outcome. A test of tulipa-task holds it in place.
const HEADER: usize = 13 * 8;

/// What happened in one run, all of whose workers are on one thread.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) seed: u64,
    /// Between the caches of workers, without the queues.
    moved: usize,
    polls: u64,
    /// How often queues were looked at.
    looks: u64,
    /// What waited then, all in all.
    queued: u64,
    /// What has ever waited in one queue then.
    pub(crate) longest: usize,
    /// At the end.
    pub(crate) stats: Option<Stats>,
}

thread_local! {
    static TRAFFIC: RefCell<Traffic> = RefCell::default();
}

/// Begins a run.
pub(crate) fn begin(seed: u64) {
    TRAFFIC.set(Traffic {
        seed,
        ..Traffic::default()
    });
}

pub(crate) fn seed() -> u64 {
    TRAFFIC.with_borrow(|traffic| traffic.seed)
}

/// Called by the last who runs.
pub(crate) fn take_stats() {
    let stats = stats();
    TRAFFIC.with_borrow_mut(|traffic| traffic.stats = Some(stats));
}

/// Ends it.
pub(crate) fn end() -> Traffic {
    TRAFFIC.take()
}

fn stats() -> Stats {
    Handle::current().expect("this is a worker").stats()
}

impl Traffic {
    /// How many tasks wait in the middle of a run, on average.
    pub(crate) fn queued(&self) -> f64 {
        self.queued as f64 / self.looks.max(1) as f64
    }

    /// All bytes that moved.
    pub(crate) fn moved(&self) -> f64 {
        let of_queues = |stats: &Stats| {
            stats.steals() as usize * 2 * LINE + stats.stolen() as usize * size_of::<usize>()
        };
        (self.moved + self.stats.as_ref().map_or(0, of_queues)) as f64
    }

    fn poll(&mut self) {
        const LOOK_EVERY: u64 = 8;
        self.polls += 1;
        if self.polls.is_multiple_of(LOOK_EVERY) {
            let stats = stats();
            let longest = stats.workers().iter().map(|worker| worker.queued).max();
            self.looks += 1;
            self.queued += stats.queued() as u64;
            self.longest = self.longest.max(longest.unwrap_or(0));
        }
    }
}

/// Lines that are touched together.
#[derive(Debug)]
struct Lines {
    count: usize,
    last: AtomicUsize,
}

impl Lines {
    /// The calling worker writes them first.
    fn new(count: usize) -> Self {
        let here = Handle::current_worker().unwrap_or(0);
        Self {
            count,
            last: AtomicUsize::new(here),
        }
    }

    fn touch(&self) {
        let Some(here) = Handle::current_worker() else {
            return; // all is over
        };
        // Relaxed: all on one thread.
        if self.last.swap(here, Ordering::Relaxed) != here {
            TRAFFIC.with_borrow_mut(|traffic| traffic.moved += self.count * LINE);
        }
    }
}

/// The memory of a task.
#[derive(Debug)]
pub(crate) struct Cell {
    first: Lines,
    rest: Lines,
    slot: Lines,
    chunk: Lines,
}

impl Cell {
    pub(crate) fn of<F: Future>() -> Arc<Self> {
        let outcome = size_of::<Result<F::Output, TaskError>>();
        let lines = (HEADER + size_of::<F>().max(outcome)).div_ceil(LINE);
        Arc::new(Self {
            first: Lines::new(1),
            rest: Lines::new(lines - 1),
            slot: Lines::new(1),
            chunk: Lines::new(1),
        })
    }

    /// Somebody has to do with the task.
    pub(crate) fn touch(&self) {
        self.first.touch();
    }

    /// Somebody runs it, or takes its result.
    pub(crate) fn touch_all(&self) {
        self.first.touch();
        self.rest.touch();
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        self.chunk.touch();
    }
}

/// A task's future that tells what it touches.
pub(crate) struct Traced<F> {
    future: Pin<Box<F>>,
    cell: Arc<Cell>,
    waker: Option<Kept>,
}

/// The task's waker, and what its future is given instead.
struct Kept {
    own: Waker,
    given: Waker,
}

impl<F: Future> Traced<F> {
    pub(crate) fn new(future: F, cell: Arc<Cell>) -> Self {
        Self {
            future: Box::pin(future),
            cell,
            waker: None,
        }
    }
}

impl<F: Future> Future for Traced<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        this.cell.touch_all();
        TRAFFIC.with_borrow_mut(Traffic::poll);
        let kept = this.waker.take();
        let kept = kept.filter(|kept| kept.own.will_wake(cx.waker()));
        let kept = kept.unwrap_or_else(|| Kept::new(cx.waker(), &this.cell));
        let given = &this.waker.insert(kept).given;
        let polled = this.future.as_mut().poll(&mut Context::from_waker(given));
        if polled.is_ready() {
            this.cell.slot.touch();
        }
        polled
    }
}

impl Kept {
    fn new(own: &Waker, cell: &Arc<Cell>) -> Self {
        let telling = Telling {
            own: own.clone(),
            cell: Arc::clone(cell),
        };
        Self {
            own: own.clone(),
            given: Arc::new(telling).into(),
        }
    }
}

struct Telling {
    own: Waker,
    cell: Arc<Cell>,
}

impl Wake for Telling {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.cell.touch();
        self.own.wake_by_ref();
    }
}
