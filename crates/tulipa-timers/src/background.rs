//! A thread that drives timers, for programs without a runtime.

use crate::sync::thread::{self, JoinHandle, Parker, Unparker};
use crate::sync::{AtomicBool, Ordering};
use crate::timers::Timers;
use std::io;
use std::sync::Arc;

/// A thread that fires timers as they fall due: started by [`Timers::background`], ended and joined when this is
/// dropped. It sleeps between deadlines.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tulipa_timers::{Clock, Timers};
///
/// # fn main() -> std::io::Result<()> {
/// let timers = Timers::new(Clock::real(), 1);
/// let driver = timers.background()?;
/// futures::executor::block_on(timers.sleep(Duration::from_millis(1)));
/// drop(driver);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the thread ends when this is dropped"]
pub struct Background {
    stop: Arc<AtomicBool>,
    unparker: Unparker,
    thread: Option<JoinHandle<()>>,
}

impl Timers {
    /// Starts a thread that drives these timers. It takes the place of [`on_earlier`](Self::on_earlier) and is the one
    /// that [parks](Self::begin_park), so nobody else may drive them meanwhile, though anybody may
    /// [`fire`](Self::fire).
    ///
    /// With a virtual clock it only fires what is overdue when it is armed: the rest is up to who
    /// [advances](Self::advance) the clock.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tulipa_timers::{Clock, Timers, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let timers = Timers::new(Clock::real(), 2);
    /// let _driver = timers.background()?;
    /// let sleepers = [0, 1].map(|shard| {
    ///     let timers = timers.clone();
    ///     std::thread::spawn(move || {
    ///         let _entered = timers.enter(shard);
    ///         futures::executor::block_on(sleep(Duration::from_millis(1)));
    ///     })
    /// });
    /// for sleeper in sleepers {
    ///     sleeper.join().expect("it slept");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn background(&self) -> io::Result<Background> {
        let parker = Parker::new();
        let unparker = parker.unparker().clone();
        let interrupter = unparker.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let (timers, stopped) = (self.clone(), Arc::clone(&stop));
        let thread = thread::Builder::new()
            .name("tulipa-timers".into())
            .spawn(move || {
                timers.on_earlier(move || interrupter.unpark());
                drive(&timers, &parker, &stopped);
            })?;
        Ok(Background {
            stop,
            unparker,
            thread: Some(thread),
        })
    }
}

fn drive(timers: &Timers, parker: &Parker, stop: &AtomicBool) {
    // Relaxed: the unpark that follows the store is what ends the wait, and orders the two.
    while !stop.load(Ordering::Relaxed) {
        timers.fire();
        let parking = timers.begin_park();
        match parking.timeout() {
            Some(timeout) => parker.park_timeout(timeout),
            None => parker.park(),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed); // see `drive`
        self.unparker.unpark();
        // Dropped by a waker, this may run on the very thread; that one then ends by itself.
        let thread = self
            .thread
            .take()
            .filter(|thread| thread.thread().id() != thread::current().id());
        if let Some(thread) = thread {
            let _ = thread.join(); // it panics if others drive these timers too; they have seen why
        }
    }
}
