//! An interrupt, and a thread that is about to block in the poll.

use super::model;
use crate::reactor::interrupt::{Interrupt, Rouse, Wait};
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

/// What a poll blocks on, and a count of the writes that made it return.
#[derive(Default)]
struct Poll {
    written: Mutex<bool>,
    arrived: Condvar,
    writes: AtomicUsize,
}

const SOUND: &str = "a model that panics has failed already";

impl Poll {
    fn block(&self) {
        let mut written = self.written.lock().expect(SOUND);
        while !*written {
            written = self.arrived.wait(written).expect(SOUND);
        }
        *written = false;
    }

    fn write(&self) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        *self.written.lock().expect(SOUND) = true;
        self.arrived.notify_one();
    }
}

fn turn(word: &Interrupt, poll: &Poll) {
    if word.begin_wait() == Wait::May {
        poll.block();
        word.end_wait();
    }
}

fn interrupt(word: &Interrupt, poll: &Poll) {
    if word.interrupt() == Rouse::Write {
        poll.write();
    }
}

/// Before the turn, between its promise to wait and the blocking, or during it: the turn ends, and what came before
/// the interrupt is visible after the turn.
#[test]
fn an_interrupt_ends_the_turn_and_publishes_its_cause() {
    model(|| {
        let shared = Arc::new((Interrupt::new(), Poll::default(), AtomicBool::new(false)));
        let other = shared.clone();
        let other = thread::spawn(move || {
            let (word, poll, cause) = &*other;
            cause.store(true, Ordering::Relaxed);
            interrupt(word, poll);
        });
        let (word, poll, cause) = &*shared;
        turn(word, poll);
        assert!(cause.load(Ordering::Relaxed));
        other.join().unwrap();
    });
}

/// Two interrupts, one turn: one write at most.
#[test]
fn one_turn_costs_one_write_at_most() {
    model(|| {
        let shared = Arc::new((Interrupt::new(), Poll::default()));
        let others = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || interrupt(&shared.0, &shared.1))
        });
        turn(&shared.0, &shared.1);
        for other in others {
            other.join().unwrap();
        }
        assert!(shared.1.writes.load(Ordering::Relaxed) <= 1);
    });
}
