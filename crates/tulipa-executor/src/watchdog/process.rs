//! The watchdog of a process: one thread looks after all executors that want it.
//!
//! It is started for the first of them, and stays: a thread for each would cost many a program more than all that it runs. While
//! there is nobody to look after it dozes.

use super::{Seen, Watch, Watchdog, help};
use crate::handle::Handle;
use crate::sync::{Mutex, Parker};
use crate::unwind;
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;
use tulipa_task::release_memory;

/// Between two looks. A stuck worker is helped after one to two of these; and a hundred looks a second are a
/// thousandth of a core.
const TICK: Duration = Duration::from_millis(10);

/// What the thread's name is.
const NAME: &str = "tulipa-watchdog";

/// The thread, and whom it looks after.
struct Kennel {
    watchdog: Arc<Watchdog>,
    /// Held by the thread for as long as it lives.
    parker: Mutex<Parker>,
    /// What is done under this lock is no code of others, and waits for nobody who may want it: a registry's locks at most.
    charges: Mutex<Charges>,
}

struct Charges {
    has_thread: bool,
    all: Vec<Charge>,
}

/// One that it looks after.
struct Charge {
    executor: Handle,
    watch: Watch,
}

/// What the crews that are to be looked after have of it.
pub(crate) fn of_process() -> Arc<Watchdog> {
    Arc::clone(&kennel().watchdog)
}

/// Looks after `executor` from now on, if that has a watchdog, and keeps it alive. It may wake any worker, so threads can be started
/// by now.
///
/// # Errors
///
/// If the system has no thread for it.
pub(crate) fn look_after(executor: &Handle) -> io::Result<()> {
    let crew = executor.shared().crew();
    if crew.watchdog().is_some() {
        debug_assert!(crew.sleep().can_muster(), "whom it wakes has a thread");
        kennel().look_after(executor, |begin| {
            let thread = thread::Builder::new().name(NAME.to_owned());
            thread.spawn(begin).map(drop)
        })?;
    }
    Ok(())
}

/// Looks after `executor` no more.
pub(crate) fn let_go(executor: &Handle) {
    if executor.shared().crew().watchdog().is_some() {
        kennel().let_go(executor);
    }
}

fn kennel() -> &'static Kennel {
    static KENNEL: OnceLock<Kennel> = OnceLock::new();
    KENNEL.get_or_init(Kennel::new)
}

impl Kennel {
    fn new() -> Self {
        let parker = Parker::new();
        Self {
            watchdog: Arc::new(Watchdog::new(parker.unparker().clone())),
            parker: Mutex::new(parker),
            charges: Mutex::new(Charges {
                has_thread: false,
                all: Vec::new(),
            }),
        }
    }

    /// `start` is given what a thread is to do, if there is none yet.
    fn look_after(
        &'static self,
        executor: &Handle,
        start: impl FnOnce(Box<dyn FnOnce() + Send>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut charges = self.charges.lock();
        if !charges.has_thread {
            start(Box::new(|| self.live()))?;
            charges.has_thread = true;
        }
        charges.all.push(Charge {
            executor: executor.clone(),
            watch: Watch::new(executor.shared().crew()),
        });
        Ok(())
    }

    fn let_go(&self, executor: &Handle) {
        let mut charges = self.charges.lock();
        let place = (charges.all.iter()).position(|charge| charge.executor == *executor);
        let charge = place.map(|place| charges.all.swap_remove(place));
        drop(charges); // what it keeps alive is code of others
        drop(charge);
    }

    /// The life of the thread.
    fn live(&self) {
        let parker = self.parker.lock();
        let mut stuck = Vec::new(); // kept for its memory: a look allocates nothing
        loop {
            let pause = self.look(&mut stuck);
            for (executor, worker) in stuck.drain(..) {
                unwind::shield(|| help(executor.shared().crew(), worker));
            }
            match pause {
                Pause::Tick => parker.park_timeout(TICK),
                Pause::UntilStirred => self.watchdog.doze(&parker, || self.is_quiet()),
            }
        }
    }

    /// Looks at all once. Workers that need help go to `stuck`: it is given outside of the lock.
    fn look(&self, stuck: &mut Vec<(Handle, usize)>) -> Pause {
        let mut pause = Pause::UntilStirred;
        for Charge { executor, watch } in &mut self.charges.lock().all {
            let mut is_stuck = |worker| stuck.push((executor.clone(), worker));
            match watch.look(executor.shared().crew(), &mut is_stuck) {
                Seen::Nothing => {}
                Seen::Rest => {
                    let _entered = executor.scheduler().enter(); // its registry's memory, too
                    release_memory();
                }
                Seen::Work => pause = Pause::Tick,
            }
        }
        pause
    }

    fn is_quiet(&self) -> bool {
        let charges = self.charges.lock();
        let mut all = charges.all.iter();
        all.all(|Charge { executor, watch }| watch.is_quiet(executor.shared().crew()))
    }
}

/// How long it is until the next look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pause {
    Tick,
    UntilStirred,
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Kennel;
    use crate::{Executor, Handle};
    use std::io;
    use std::sync::Arc;

    fn kennel() -> &'static Kennel {
        Box::leak(Box::new(Kennel::new()))
    }

    #[test]
    fn a_thread_is_started_for_the_first_and_for_nobody_after_it() {
        let (kennel, mut starts) = (kennel(), 0);
        for _ in 0..3 {
            let executor = Executor::builder().workers(2).build().unwrap();
            let start = |_| {
                starts += 1;
                Ok(())
            };
            kennel.look_after(executor.handle(), start).unwrap();
        }
        assert_eq!((starts, kennel.charges.lock().all.len()), (1, 3));
    }

    #[test]
    fn a_thread_that_could_not_be_started_is_an_error_and_tried_again_for_the_next() {
        let kennel = kennel();
        let executor = Executor::builder().workers(2).build().unwrap();
        let handle = executor.handle();
        let no_thread = |_| Err(io::ErrorKind::WouldBlock.into());
        let error = kennel.look_after(handle, no_thread).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert!(kennel.charges.lock().all.is_empty());
        let mut started = false;
        let start = |_| {
            started = true;
            Ok(())
        };
        kennel.look_after(handle, start).unwrap();
        assert!(started);
    }

    #[test]
    fn who_is_let_go_is_not_kept_alive() {
        let kennel = kennel();
        let [gone, kept] = [1, 2].map(|_| {
            let executor = Executor::builder().workers(2).build().unwrap();
            kennel.look_after(executor.handle(), |_| Ok(())).unwrap();
            executor.handle().clone()
        });
        kennel.let_go(&gone);
        let shared = |handle: &Handle| Arc::strong_count(handle.shared());
        assert_eq!(shared(&kept), shared(&gone) + 1);
    }
}
