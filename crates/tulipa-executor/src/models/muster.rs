//! The races: a worker that has no thread is woken by two at once, or as the crew stops; and home goes as somebody begins to need the
//! driver.
//!
//! Lost, a task would wait for a thread that nobody starts, a thread would be started that nobody waits for, or an event would reach
//! nobody.

use super::{Hired, Item, Ran, crew, model};
use crate::crew::Crew;
use crate::driver::{Driver, ThreadDriver};
use crate::queue::HOME;
use crate::sleep::{Muster, Sleeping};
use crate::sync::{AtomicBool, Mutex, Ordering};
use loom::thread::JoinHandle;
use std::sync::Arc;

/// Starts threads as an executor's roster does.
struct Bench {
    state: Mutex<State>,
}

struct State {
    is_dismissed: bool,
    enrolled: Option<(Hired, Sleeping)>,
    thread: Option<JoinHandle<()>>,
}

impl Bench {
    /// Enrols the second of two workers.
    fn new(crew: &Crew<Item>, hired: &mut Vec<Hired>) -> Arc<Self> {
        let hired = hired.pop().expect("there are two");
        let sleeping = crew.enrol(hired.local.worker());
        let bench = Arc::new(Self {
            state: Mutex::new(State {
                is_dismissed: false,
                enrolled: Some((hired, sleeping)),
                thread: None,
            }),
        });
        crew.sleep().mustered_by(Arc::clone(&bench) as _);
        bench
    }

    /// The thread, if one has been started.
    fn thread(&self) -> Option<JoinHandle<()>> {
        self.state.lock().thread.take()
    }
}

impl Muster for Bench {
    fn muster(&self, _: usize) {
        let mut state = self.state.lock();
        if state.is_dismissed {
            return;
        }
        let (hired, sleeping) = state.enrolled.take().expect("it is woken once");
        state.thread = Some(hired.serve_enrolled(sleeping));
    }

    fn dismiss(&self) {
        let mut state = self.state.lock();
        state.is_dismissed = true;
        state.enrolled = None;
    }
}

#[test]
fn two_who_wake_a_worker_start_one_thread_which_runs_what_both_have_queued() {
    model(2, || {
        let ran = Ran::new(2);
        let (crew, mut hired) = crew(2, Arc::new(ThreadDriver::default()), &ran);
        let bench = Bench::new(&crew, &mut hired);
        let other = loom::thread::spawn({
            let (crew, item) = (Arc::clone(&crew), ran.item());
            move || crew.inject(item)
        });
        crew.inject(ran.item());
        other.join().unwrap();
        let thread = bench.thread().expect("it was started");
        thread.join().unwrap();
        assert_eq!(ran.count(), 2);
    });
}

#[test]
fn what_is_queued_as_the_crew_stops_is_run_by_a_thread_that_is_waited_for_or_left_to_the_last_one()
{
    model(2, || {
        let ran = Ran::new(usize::MAX);
        let (crew, mut hired) = crew(2, Arc::new(ThreadDriver::default()), &ran);
        let bench = Bench::new(&crew, &mut hired);
        let other = loom::thread::spawn({
            let (crew, item) = (Arc::clone(&crew), ran.item());
            move || crew.inject(item)
        });
        crew.stop();
        if let Some(thread) = bench.thread() {
            thread.join().unwrap();
        }
        other.join().unwrap();
        assert!(bench.thread().is_none(), "none is started after the stop");
        let (mut last, parker) = hired.pop().unwrap().begin();
        last.serve(&parker);
        assert_eq!(ran.count(), 1);
    });
}

/// A driver that somebody needs, or not.
struct Needed {
    thread: ThreadDriver,
    is_needed: AtomicBool,
}

impl Driver for Needed {
    fn park(&self) {
        self.thread.park();
    }

    fn poll(&self) {}

    fn unpark(&self) {
        self.thread.unpark();
    }

    fn is_needed(&self) -> bool {
        self.is_needed.load(Ordering::Relaxed)
    }
}

#[test]
fn a_driver_that_is_needed_as_home_goes_is_attended() {
    model(3, || {
        let ran = Ran::new(usize::MAX);
        let driver = Arc::new(Needed {
            thread: ThreadDriver::default(),
            is_needed: AtomicBool::new(false),
        });
        let (crew, mut hired) = crew(2, Arc::clone(&driver) as _, &ran);
        let bench = Bench::new(&crew, &mut hired);
        crew.arrive(HOME);
        let outside = loom::thread::spawn({
            let crew = Arc::clone(&crew);
            move || {
                driver.is_needed.store(true, Ordering::Relaxed);
                crew.attend();
            }
        });
        crew.depart(HOME);
        crew.hand_over();
        outside.join().unwrap();
        let thread = bench.thread().expect("it was started");
        crew.stop();
        thread.join().unwrap();
    });
}
