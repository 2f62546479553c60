//! A thread that turns a reactor when no runtime does.

use super::Reactor;
use crate::sync::{Arc, AtomicBool, Ordering};
use std::io;
use std::thread::{self, JoinHandle};

/// The thread started by [`Reactor::background`]. Dropping this ends the thread and waits for it.
#[derive(Debug)]
#[must_use = "the thread ends when this is dropped"]
pub struct Background {
    reactor: Reactor,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    pub(super) fn start(reactor: &Reactor) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let core = reactor.core().clone();
        let told = stop.clone();
        let thread = thread::Builder::new()
            .name("tulipa-reactor".into())
            .spawn(move || {
                // Acquire pairs with the Release in `drop`.
                while !told.load(Ordering::Acquire) {
                    if core.turn(None, || !told.load(Ordering::Acquire)).is_err() {
                        return core.close(); // nobody will be told anything any more: tell them that
                    }
                }
            })?;
        Ok(Self {
            reactor: reactor.clone(),
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Release pairs with the Acquire in the thread, which the nudge makes look again.
        self.stop.store(true, Ordering::Release);
        self.reactor.core().nudge();
        let Some(thread) = self.thread.take() else {
            return;
        };
        // A waker may drop this on the very thread, which cannot wait for itself. It ends after its turn.
        if thread.thread().id() != thread::current().id() {
            // It catches what wakers do and has no panic of its own; there is nobody to pass one on to.
            let _ = thread.join();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_thread_that_never_got_a_turn_ends_too() {
        let reactor = Reactor::new().unwrap();
        let (seated, is_seated) = channel();
        let (leave, may_leave) = channel();
        let turner = {
            let core = reactor.core().clone();
            thread::spawn(move || {
                core.turn(None, || {
                    seated.send(()).unwrap();
                    may_leave.recv().unwrap(); // keeps its place whatever happens
                    false
                })
            })
        };
        is_seated.recv().unwrap();
        drop(reactor.background().unwrap());
        leave.send(()).unwrap();
        turner.join().unwrap().unwrap();
    }
}
