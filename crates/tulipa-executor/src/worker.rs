//! Threads that step workers: those that an executor starts, and the one that calls `block_on`.

use crate::choice::{Choice, Fast};
use crate::current::AtWork;
use crate::handle::Handle;
use crate::queue::{Local, Run};
use crate::sleep::Sleeping;
use crate::step::{Step, Worker};
use crate::sync::{Ordering, Parker, fence};
use crate::unwind;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use tulipa_task::{Runnable, TaskRef};

/// A worker's place while nobody sits there: its queues, from which others may steal, and what it parks on.
pub(crate) struct Seat {
    pub(crate) local: Local<Runnable>,
    pub(crate) parker: Parker,
}

/// For so long a worker that has woken what runs at home leaves the helm to it. Home has the helm after that, and wakes itself;
/// unless it is at work for longer.
const COURTESY: Duration = Duration::from_micros(100);

/// The life of a thread that was started for a worker, as that was woken for the first time: it works until the executor stops.
pub(crate) fn hold(handle: &Handle, seat: Seat, sleeping: Sleeping) {
    let begin = |local, choice| Worker::enrolled(local, choice, sleeping);
    drop(sit(handle, seat, begin, |worker, parker| {
        worker.serve(parker)
    }));
}

/// The calling thread works at home until `main` has ended.
pub(crate) fn attend(handle: &Handle, seats: &mut Vec<Seat>, main: &TaskRef) {
    sit_at_home(handle, seats, |worker, parker| {
        worker.serve_until_done(parker, main);
        if handle.shared().crew().is_stopping() {
            worker.serve(parker); // the executor has been dropped meanwhile: nobody comes after this thread
        }
    });
}

/// The calling thread runs what is left after all others have gone.
pub(crate) fn clear_away(handle: &Handle, seats: &mut Vec<Seat>) {
    debug_assert!(handle.shared().crew().is_stopping());
    sit_at_home(handle, seats, |worker, parker| worker.serve(parker));
}

fn sit_at_home(
    handle: &Handle,
    seats: &mut Vec<Seat>,
    work: impl FnMut(&mut Worker<Runnable, Fast>, &Parker),
) {
    let seat = seats.pop().expect("home has a seat");
    seats.push(sit(handle, seat, Worker::new, work));
}

/// Has the calling thread be the worker that `begin` makes, for as long as `work` takes.
fn sit(
    handle: &Handle,
    seat: Seat,
    begin: impl FnOnce(Rc<Local<Runnable>>, Fast) -> Worker<Runnable, Fast>,
    mut work: impl FnMut(&mut Worker<Runnable, Fast>, &Parker),
) -> Seat {
    let Seat { local, parker } = seat;
    let local = Rc::new(local);
    let at_work = AtWork::begin(handle, &local);
    let mut worker = begin(Rc::clone(&local), Fast::new(local.worker()));
    // Nothing in there unwinds. Should it all the same, the worker goes on where it was.
    while unwind::shield(|| work(&mut worker, &parker)).is_none() {}
    worker.retire();
    drop(at_work);
    handle.shared().crew().hand_over();
    let local =
        Rc::into_inner(local).expect("the worker and the thread's place were its other owners");
    Seat { local, parker }
}

impl<T: Run, C: Choice> Worker<T, C> {
    /// Works until the executor stops and nothing is left to do.
    pub(crate) fn serve(&mut self, parker: &Parker) {
        loop {
            if self.step() == Step::Park {
                if self.local().crew().is_stopping() {
                    return;
                }
                self.park(parker);
            }
        }
    }

    fn serve_until_done(&mut self, parker: &Parker, main: &TaskRef) {
        while !main.is_done() {
            if self.step() == Step::Park {
                self.park(parker);
            }
        }
    }

    /// Blocks the thread once, unless the worker is awake: at the helm, if nobody is there.
    fn park(&self, parker: &Parker) {
        if !self.is_parked() {
            return;
        }
        if self.local().leaves_helm_to_home() {
            return self.park_aside(|| parker.park_timeout(COURTESY));
        }
        let Some(helm) = self
            .local()
            .crew()
            .sleep()
            .helm()
            .take(self.local().worker())
        else {
            return self.park_aside(|| parker.park());
        };
        if self.local().crew().watchdog().is_none() {
            tulipa_task::release_memory(); // else it does, when this has lasted for a while
        }
        if self.is_parked() {
            self.local().in_driver(|| unwind::shield(|| helm.park()));
        }
        drop(helm);
        self.after_driver();
    }

    /// Blocks the thread with `park` on a parker of its own.
    fn park_aside(&self, park: impl FnOnce()) {
        // Pairs with the fence in `Sleep::rouse`: a waker that still saw this worker at the helm, which it has left, unparks the
        // driver in vain; but then this thread sees here that its bit is gone.
        fence(Ordering::SeqCst);
        if self.is_parked() {
            park();
        }
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seat").field(&self.local.worker()).finish()
    }
}
