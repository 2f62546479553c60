//! Ctrl-C: the first cancels the main task, the second aborts every task, the third ends the process, as it does where
//! nobody handles it: a poll that never returns can be neither cancelled nor aborted.
//!
//! The signal is handled for as long as a runtime runs its main task and shuts down, on the main thread, if it had its
//! default disposition; before and afterwards it ends the process. (The handler itself stays, and does what
//! the system would do by default: that is how `signal-hook` gives a disposition back.)

use parking_lot::Mutex;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::{Handle as SignalHandle, Signals};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use tulipa_executor::Handle;
use tulipa_task::TaskRef;

/// Watches for SIGINT while it lives.
#[derive(Debug)]
pub(super) struct Watch {
    shared: Arc<Shared>,
    hook: Hook,
    signals: SignalHandle,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    executor: Handle,
    hook: Hook,
    run: Mutex<Run>,
}

/// One run of a main task, counted from zero each time.
#[derive(Debug, Default)]
struct Run {
    main: Option<TaskRef>,
    interrupts: usize,
}

impl Watch {
    /// Begins to watch, if this is for us to do. An error of the system leaves the signal as it was.
    pub(super) fn begin(executor: &Handle) -> Option<Self> {
        let is_main_thread = thread::current().name() == Some("main");
        let hook = is_main_thread.then(Hook::take).flatten()?;
        Self::start(executor, hook).ok()
    }

    fn start(executor: &Handle, hook: Hook) -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT])?;
        let handle = signals.handle();
        let shared = Arc::new(Shared {
            executor: executor.clone(),
            hook: hook.clone(),
            run: Mutex::default(),
        });
        let watched = shared.clone();
        let watch = move || signals.forever().for_each(|_| watched.interrupt());
        let thread = thread::Builder::new()
            .name("tulipa-ctrl-c".to_owned())
            .spawn(watch)?;
        hook.set_default(false); // not before: in between nobody would hear the signal
        Ok(Self {
            shared,
            hook,
            signals: handle,
            thread: Some(thread),
        })
    }

    /// What the main task calls first: it is the one to be cancelled.
    pub(super) fn announcer(&self) -> impl FnOnce() + 'static {
        let shared = self.shared.clone();
        move || shared.begin(tulipa_task::current_task())
    }

    /// Whether a main task that ended cancelled did so because of the signal, and not because of somebody else.
    pub(super) fn was_why(&self) -> bool {
        let Run { main, interrupts } = &mut *self.shared.run.lock();
        *interrupts > 0 && main.take().is_none_or(|main| main.uncancel() == 0)
    }
}

impl Shared {
    fn begin(&self, main: Option<TaskRef>) {
        let mut run = self.run.lock();
        run.main = main.clone();
        let too_early = run.interrupts > 0;
        drop(run);
        if let Some(main) = main.filter(|_| too_early) {
            main.cancel();
        }
    }

    fn interrupt(&self) {
        let mut run = self.run.lock();
        run.interrupts += 1;
        let (first, main) = (run.interrupts == 1, run.main.clone());
        drop(run);
        let gently = match main {
            Some(main) => first && main.cancel(),
            None => first, // it will see when it begins
        };
        if !gently {
            self.abort();
        }
    }

    fn abort(&self) {
        self.hook.set_default(true);
        for task in self.executor.scheduler().registry().snapshot() {
            task.abort();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.hook.set_default(true); // not after: in between nobody would hear the signal
        self.signals.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // it does not panic
        }
    }
}

/// Our handler of the signal, once it is there: it does what the system would do by default, unless somebody watches.
#[derive(Debug, Clone)]
struct Hook {
    by_default: Arc<AtomicBool>,
}

impl Hook {
    /// `None`: somebody else handles the signal, or it is ignored, or another runtime watches.
    fn take() -> Option<Self> {
        static HOOK: Mutex<Option<Hook>> = Mutex::new(None);
        let mut installed = HOOK.lock();
        if installed.is_none() && has_default_disposition() {
            *installed = Self::install().ok();
        }
        let hook = installed.as_ref()?;
        hook.is_default().then(|| hook.clone())
    }

    fn install() -> io::Result<Self> {
        let by_default = Arc::new(AtomicBool::new(true));
        signal_hook::flag::register_conditional_default(SIGINT, by_default.clone())?;
        Ok(Self { by_default })
    }

    fn is_default(&self) -> bool {
        // Relaxed: only the main thread of the process asks and watches; the handler runs on any thread, whenever.
        self.by_default.load(Ordering::Relaxed)
    }

    fn set_default(&self, by_default: bool) {
        // Relaxed: as in `is_default`.
        self.by_default.store(by_default, Ordering::Relaxed);
    }
}

/// Whether SIGINT is neither ignored nor handled. Where the system does not say, it is taken to be so.
fn has_default_disposition() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return true;
    };
    let mask_of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        u64::from_str_radix(line.trim(), 16).ok()
    };
    let bit = 1 << (SIGINT - 1);
    ["SigIgn:", "SigCgt:"]
        .iter()
        .all(|name| mask_of(name).is_none_or(|mask| mask & bit == 0))
}
