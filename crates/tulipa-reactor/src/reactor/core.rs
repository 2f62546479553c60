//! What a reactor consists of, shared by its handles and its sources.
//!
//! There is a lock on the table and one on each source's waiters, to be taken in this order. No code of others runs
//! under either: wakers are collected under the locks and called after, sources are registered outside.

use super::driver::Driver;
use super::interrupt::{Interrupt, Rouse, Wait};
use super::seat::Seat;
use super::table::{INTERRUPT, Table};
use crate::io::Registration;
use crate::sync::{Arc, Mutex};
use crate::unwind::wake_all;
use mio::event::Source;
use mio::{Interest, Registry, Token, Waker};
use std::cell::Cell;
use std::fmt;
use std::io;
use std::task;
use std::time::Duration;

pub(crate) struct Core {
    registry: Registry,
    table: Mutex<Table>,
    driver: Seat<Driver>,
    interrupt: Interrupt,
    waker: Waker,
}

impl Core {
    pub(super) fn new() -> io::Result<Self> {
        let driver = Driver::new()?;
        Ok(Self {
            registry: driver.registry().try_clone()?,
            table: Mutex::new(Table::default()),
            waker: Waker::new(driver.registry(), INTERRUPT)?,
            interrupt: Interrupt::new(),
            driver: Seat::new(driver),
        })
    }

    pub(super) fn sources(&self) -> usize {
        self.table.lock().len()
    }

    /// Watches `source` until the registration is dropped; before that, it must be [unwatched](Self::unwatch).
    pub(crate) fn watch<S: Source>(
        self: &Arc<Self>,
        source: &mut S,
        interest: Interest,
    ) -> io::Result<Registration> {
        let place = self.table.lock().insert()?;
        let token = place.token();
        // Holds the place from here on, and gives it back if the source cannot be registered.
        let registration = Registration::new(self.clone(), place, interest);
        self.registry.register(source, token, interest)?;
        Ok(registration)
    }

    pub(crate) fn unwatch<S: Source>(&self, source: &mut S) {
        // It fails if the descriptor is gone or was never known to the poll: then there is nothing to undo. Should
        // the kernel know the source still, its events carry a token that stands for nothing.
        let _ = self.registry.deregister(source);
    }

    /// Gives back the place of a source and ends all waiting for it.
    pub(crate) fn forget(&self, token: Token) {
        let mut called = Vec::new();
        self.table.lock().remove(token, &mut called);
        wake_all(&mut called);
    }

    /// One turn; see [`Reactor::turn`](super::Reactor::turn). Ends early if it is no longer `wanted` after an interrupt and a nudge.
    pub(crate) fn turn(
        &self,
        timeout: Option<Duration>,
        wanted: impl Fn() -> bool,
    ) -> io::Result<usize> {
        let Some(mut driver) = self.driver.take(timeout, &wanted) else {
            return Ok(0);
        };
        let left = driver.left;
        self.wait(&mut driver, left, wanted)?;
        let mut called = CALLED.try_with(Cell::take).unwrap_or_default();
        driver.dispatch(&self.table.lock(), &mut called);
        drop(driver); // a waker may want a turn itself
        let count = called.len();
        wake_all(&mut called);
        let _ = CALLED.try_with(|kept| kept.set(called));
        Ok(count)
    }

    pub(crate) fn close(&self) {
        let mut called = Vec::new();
        self.table.lock().close(&mut called);
        wake_all(&mut called);
    }

    fn wait(
        &self,
        driver: &mut Driver,
        timeout: Option<Duration>,
        wanted: impl FnOnce() -> bool,
    ) -> io::Result<()> {
        const LOOK: Option<Duration> = Some(Duration::ZERO);
        if timeout == LOOK || self.interrupt.begin_wait() == Wait::MustNot {
            return driver.wait(LOOK);
        }
        let waited = driver.wait(if wanted() { timeout } else { LOOK });
        self.interrupt.end_wait();
        waited
    }

    /// Has whoever turns, or waits to, look again whether that is still wanted.
    pub(super) fn nudge(&self) {
        self.interrupt();
        self.driver.nudge();
    }

    pub(super) fn interrupt(&self) {
        if self.interrupt.interrupt() == Rouse::Write {
            // It fails only if somebody closed the descriptor behind our back, and then the poll is no better off.
            let _ = self.waker.wake();
        }
    }
}

thread_local! {
    /// The wakers of one turn. Kept for its memory, so that turns allocate nothing.
    static CALLED: Cell<Vec<task::Waker>> = const { Cell::new(Vec::new()) };
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("interrupt", &self.interrupt)
            .finish_non_exhaustive()
    }
}
