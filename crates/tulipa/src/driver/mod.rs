//! What an idle worker waits on: reactor and timers, made into one [`Driver`].

mod patience;

use patience::Patience;
use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tulipa_executor::Driver;
use tulipa_reactor::Reactor;
use tulipa_timers::{Instant, Timers};

/// Sockets and timers of one runtime.
#[derive(Debug)]
pub(crate) struct IoDriver {
    pub(crate) reactor: Reactor,
    pub(crate) timers: Timers,
    patience: Patience,
    /// Whether anybody has been given the timers who is no task.
    lent: AtomicBool,
}

/// The reactor's handles if nobody has one but the driver, and its timers to interrupt it.
const OWN_HANDLES: usize = 2;

impl IoDriver {
    /// The timers interrupt the reactor when one is armed that is earlier than all the others.
    pub(crate) fn new(reactor: Reactor, timers: Timers) -> Self {
        let interrupted = reactor.clone();
        timers.on_earlier(move || interrupted.interrupt());
        Self {
            reactor,
            timers,
            patience: Patience::new(),
            lent: AtomicBool::new(false),
        }
    }

    /// The timers, for whoever is no task. The driver is needed from now on.
    pub(crate) fn lend_timers(&self) -> &Timers {
        // Relaxed: who asks whether it is needed has a fence before that, and who borrows the timers one after this.
        self.lent.store(true, Ordering::Relaxed);
        &self.timers
    }

    fn turn(&self, timeout: Option<Duration>) {
        // What a poll of the system can fail with (a bad descriptor of ours) will not go away by itself; what waits for
        // sockets is told by the reactor. To end the process for it is for the user, who sees the message.
        if let Err(error) = self.reactor.turn(timeout) {
            eprintln!("tulipa: polling the system for events failed: {error}");
        }
    }

    fn fire(&self) {
        let fired = self.timers.fire();
        if fired > 0 {
            self.patience.fired(fired, self.timers.now());
        }
    }
}

impl Driver for IoDriver {
    fn park(&self) {
        let parking = self.timers.begin_park();
        // A virtual clock does not move while we wait: it is moved when all is quiet.
        let timeout = if self.timers.clock().is_virtual() {
            None
        } else {
            parking
                .timeout()
                .map(|timeout| self.patience.lengthen(timeout))
        };
        self.turn(timeout);
        drop(parking);
        self.fire();
    }

    fn poll(&self) {
        self.turn(Some(Duration::ZERO));
        self.fire();
    }

    fn unpark(&self) {
        self.reactor.interrupt();
    }

    fn quiescent(&self) -> bool {
        self.timers.clock().is_virtual() && self.timers.advance_to_next()
    }

    fn expects_events(&self) -> bool {
        let has_deadline = || self.timers.next_deadline().is_some();
        self.reactor.sources() > 0 || !self.timers.clock().is_virtual() && has_deadline()
    }

    /// Nobody needs it who has neither a socket nor a sleep, nor can have one: both come of handles.
    fn is_needed(&self) -> bool {
        // Relaxed: as in `lend_timers`.
        self.lent.load(Ordering::Relaxed)
            || self.timers.is_shared()
            || self.reactor.sources() > 0
            || self.reactor.handles() > OWN_HANDLES
    }

    fn now(&self) -> Duration {
        self.timers.now() - Instant::START
    }

    fn enter(&self, worker: usize) -> Box<dyn Any> {
        Box::new((self.timers.enter(worker), self.reactor.enter()))
    }
}
