//! The names of tulipa that the interpreter uses, and how it runs a program on each flavour.

pub(crate) use tulipa::context::ContextVar;
pub(crate) use tulipa::task::{Awaitable, Builder, TaskRef};
pub(crate) use tulipa::{
    Cancelled, Deferred, Flavour, GroupError, ReturnWhen, SharedTask, TaskError, TaskGroup,
    WaitForError, all_tasks, as_completed, cancel, context_var, current_task, gather, shield,
    sleep, timeout, wait, wait_for, yield_now,
};

use std::future::Future;
use std::time::Duration;
use tulipa::{RunError, time};

/// How long what is left at the end may take, in virtual time: longer than any program does.
const GRACE: Duration = Duration::from_secs(1_000_000);

/// On what a program runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) flavour: Flavour,
    pub(crate) workers: usize,
    /// Has the deterministic flavour run what is ready in an order of the seed's choice. `None`: as it became ready.
    pub(crate) seed: Option<u64>,
}

impl Setting {
    pub(crate) fn of(flavour: Flavour, workers: usize) -> Self {
        let seed = None;
        Self {
            flavour,
            workers,
            seed,
        }
    }

    /// The same with another seed, if there is one.
    pub(crate) fn another(self, run: u64) -> Self {
        let seed = self.seed.map(|seed| seed.wrapping_add(run));
        Self { seed, ..self }
    }

    /// Whether tasks run one at a time, first come first served, as asyncio's do.
    pub(crate) fn is_fifo(self) -> bool {
        match self.flavour {
            Flavour::CurrentThread => true,
            Flavour::Deterministic => self.workers == 1 && self.seed.is_none(),
            Flavour::MultiThread => false,
        }
    }
}

/// The program's time.
pub(crate) fn millis() -> u64 {
    let now = time::now().since(time::Instant::START);
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Runs `main` under a virtual clock, then shuts down: what is left is cancelled once and waited for. Gives what main came
/// to, or why it could not come to its end.
pub(crate) fn run<T, E>(
    main: impl Future<Output = Result<T, E>> + 'static,
    setting: Setting,
) -> Result<Result<T, TaskError<E>>, String>
where
    T: 'static,
    E: 'static,
{
    let runtime = tulipa::Builder::new()
        .flavour(setting.flavour)
        .workers(setting.workers)
        .seed(setting.seed.unwrap_or(0))
        .in_order(setting.seed.is_none())
        .virtual_time(true)
        .grace(GRACE)
        .exception_handler(|_| {}) // the programs leave errors unread on purpose
        .build()
        .map_err(|e| e.to_string())?;
    let ended = match runtime.run(main) {
        Ok(output) => Ok(output.map_err(TaskError::Failed)),
        Err(RunError::Cancelled(cancelled)) => Ok(Err(TaskError::Cancelled(cancelled))),
        Err(error) => Err(error.to_string()),
    };
    let shutdown = runtime.shutdown().map_err(|e| e.to_string())?;
    match shutdown.is_clean() {
        true => ended,
        false => Err(shutdown.to_string()),
    }
}
