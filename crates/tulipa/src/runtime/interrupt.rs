//! Ctrl-C: the first cancels the main task, the next aborts every task.
//!
//! The handler is installed for as long as a runtime runs its main task and shuts down, on the main thread, if the signal
//! had its default disposition; afterwards the signal ends the process as before. (The handler itself stays, and does what
//! the system would do by default: that is how `signal-hook` gives a disposition back.)

use parking_lot::Mutex;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::{Handle as SignalHandle, Signals};
use std::io;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use tulipa_executor::Handle;
use tulipa_task::TaskRef;

/// Watches for SIGINT while it lives.
#[derive(Debug)]
pub(super) struct Watch {
    shared: Arc<Shared>,
    signals: SignalHandle,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    executor: Handle,
    main: Mutex<Option<TaskRef>>,
    /// Whether the signal came while main was running.
    interrupted: AtomicBool,
}

impl Watch {
    /// Begins to watch, if this is for us to do. An error of the system leaves the signal as it was.
    pub(super) fn begin(executor: &Handle) -> Option<Self> {
        let is_main_thread = thread::current().name() == Some("main");
        let watching = is_main_thread && disposition().claim();
        let begun = watching.then(|| Self::start(executor))?;
        begun.inspect_err(|_| disposition().give_back()).ok()
    }

    fn start(executor: &Handle) -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT])?;
        let handle = signals.handle();
        let shared = Arc::new(Shared {
            executor: executor.clone(),
            main: Mutex::new(None),
            interrupted: AtomicBool::new(false),
        });
        let watched = shared.clone();
        let watch = move || signals.forever().for_each(|_| watched.interrupt());
        let thread = thread::Builder::new()
            .name("tulipa-ctrl-c".to_owned())
            .spawn(watch)?;
        Ok(Self {
            shared,
            signals: handle,
            thread: Some(thread),
        })
    }

    /// What the main task calls first: it is the one to be cancelled.
    pub(super) fn announcer(&self) -> impl FnOnce() + 'static {
        let shared = self.shared.clone();
        move || *shared.main.lock() = tulipa_task::current_task()
    }

    /// Whether a main task that ended cancelled did so because of the signal, and not because of somebody else.
    pub(super) fn was_why(&self) -> bool {
        // Acquire: pairs with the Release in `interrupt`.
        let interrupted = self.shared.interrupted.load(Ordering::Acquire);
        interrupted
            && self
                .shared
                .main
                .lock()
                .take()
                .is_none_or(|main| main.uncancel() == 0)
    }
}

impl Shared {
    fn interrupt(&self) {
        let main = self.main.lock().clone();
        // Release: pairs with the Acquire in `was_why`.
        let first = !self.interrupted.swap(true, Ordering::Release);
        if !(first && main.is_some_and(|main| main.cancel())) {
            for task in self.executor.scheduler().registry().snapshot() {
                task.abort();
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.signals.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // it does not panic
        }
        disposition().give_back();
    }
}

/// Who handles the signal in this process: a runtime of ours, or nobody.
struct Disposition {
    /// Ours for good: there was no other handler when first we asked.
    ours: bool,
    /// Nobody watches: the signal does what it does by default.
    by_default: Arc<AtomicBool>,
}

fn disposition() -> &'static Disposition {
    static DISPOSITION: OnceLock<Disposition> = OnceLock::new();
    DISPOSITION.get_or_init(|| {
        let by_default = Arc::new(AtomicBool::new(true));
        let ours = has_default_disposition()
            && signal_hook::flag::register_conditional_default(SIGINT, by_default.clone()).is_ok();
        Disposition { ours, by_default }
    })
}

impl Disposition {
    /// `false`: somebody else handles it, or another runtime does.
    fn claim(&self) -> bool {
        // Relaxed: only the main thread of the process claims; the handler runs on any thread, whenever.
        self.ours && self.by_default.swap(false, Ordering::Relaxed)
    }

    fn give_back(&self) {
        // Relaxed: as in `claim`.
        self.by_default.store(true, Ordering::Relaxed);
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
