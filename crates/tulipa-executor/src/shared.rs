//! An executor, as its tasks, threads and handles share it.

use crate::blocking::Pool;
use crate::crew::Crew;
use crate::current;
use crate::on_panic::OnPanic;
use crate::sync::{AtomicU8, Mutex, Ordering};
use crate::worker::Seat;
use std::fmt;
use std::sync::Arc;
use std::thread::ThreadId;
use tulipa_task::{Registry, Report, Runnable, Schedule, Why};

/// What is told of failures that nobody read.
pub(crate) type Handler = Arc<dyn Fn(&Report<'_>) + Send + Sync>;

/// What all who have to do with an executor have of it.
pub(crate) struct Shared {
    crew: Arc<Crew<Runnable>>,
    registry: Registry,
    pool: Pool,
    /// The place of whoever calls `block_on`, while nobody does. In a simulation, those of all workers.
    home: Mutex<Option<Vec<Seat>>>,
    /// The thread whose place it is, if only one may have it. Set by its first `block_on`.
    home_thread: Mutex<Option<ThreadId>>,
    stage: AtomicU8,
    handler: Option<Handler>,
    on_panic: OnPanic,
}

/// Where an executor is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Open,
    /// Its tasks have been asked to end. Only they may still spawn, for their cleanup.
    Closing,
    Closed,
}

impl Shared {
    pub(crate) fn new(
        crew: Arc<Crew<Runnable>>,
        registry: Registry,
        pool: Pool,
        home: Vec<Seat>,
        handler: Option<Handler>,
        on_panic: OnPanic,
    ) -> Self {
        Self {
            crew,
            registry,
            pool,
            home: Mutex::new(Some(home)),
            home_thread: Mutex::new(None),
            stage: AtomicU8::new(Stage::Open as u8),
            handler,
            on_panic,
        }
    }

    pub(crate) fn crew(&self) -> &Arc<Crew<Runnable>> {
        &self.crew
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn home(&self) -> &Mutex<Option<Vec<Seat>>> {
        &self.home
    }

    pub(crate) fn home_thread(&self) -> &Mutex<Option<ThreadId>> {
        &self.home_thread
    }

    pub(crate) fn on_panic(&self) -> OnPanic {
        self.on_panic
    }

    pub(crate) fn stage(&self) -> Stage {
        // Relaxed: who must see a stage is told by other means (a request to cancel, the end of a thread).
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Open,
            1 => Stage::Closing,
            _ => Stage::Closed,
        }
    }

    /// Goes on to a later stage.
    pub(crate) fn advance(&self, stage: Stage) {
        // Relaxed: as in `stage`.
        self.stage.fetch_max(stage as u8, Ordering::Relaxed);
    }

    /// Whether the thread works here: what it runs is a task, or its cleanup.
    #[cold]
    fn may_clean_up(&self) -> bool {
        current::is_of(&self.crew)
    }
}

impl Schedule for Shared {
    #[inline]
    fn schedule(&self, runnable: Runnable, why: Why) {
        current::schedule(&self.crew, runnable, why);
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }

    fn report(&self, report: &Report<'_>) {
        match &self.handler {
            Some(handler) => handler(report),
            None => report.log(),
        }
    }

    fn panicked(&self, report: &Report<'_>) {
        self.on_panic.react(|| self.report(report));
    }

    fn is_open(&self) -> bool {
        let stage = self.stage();
        stage == Stage::Open || stage == Stage::Closing && self.may_clean_up()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("stage", &self.stage())
            .field("registry", &self.registry)
            .field("crew", &self.crew)
            .finish_non_exhaustive()
    }
}
