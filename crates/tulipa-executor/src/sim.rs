//! The deterministic flavour: all workers on the thread of `block_on`, stepped in an order that a seed determines.
//!
//! What is stepped is the [`Worker`] of production, with its queues, its thefts and its sleep. Only the choices differ: which
//! worker is next, and what [`Seeded`] answers. A worker that sleeps is not parked anywhere; it is passed over until its bit
//! says that it was woken.
//!
//! When all sleep, the driver was polled if it expects events, and told (`quiescent`): it has moved a virtual clock if it has one.
//! If that woke nobody, the thread parks there for a blocking job in flight and for the events. If there are neither, nothing will
//! ever happen: that is a [`Deadlock`].
//!
//! A blocking job runs on a thread of its own, in real time: a program is deterministic as far as its blocking jobs, its sockets and
//! the deadlines of a real clock are. Virtual time stands still while a job is in flight. It does not wait for a socket to which nobody
//! has written yet.

use crate::choice::{Random, Seeded};
use crate::current::AtWork;
use crate::deadlock::Deadlock;
use crate::driver::Helm;
use crate::handle::Handle;
use crate::queue::Local;
use crate::step::{Step, Worker};
use crate::sync::Parker;
use crate::unwind;
use crate::worker::Seat;
use std::rc::Rc;
use tulipa_task::{Runnable, TaskRef};

/// What determines a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Whether ready tasks run in any order, or in their own.
    pub(crate) shuffled: bool,
}

/// Steps all workers until `main` has ended. On a deadlock, `main` is aborted.
pub(crate) fn attend(
    handle: &Handle,
    seats: &mut Vec<Seat>,
    plan: Plan,
    main: &TaskRef,
) -> Result<(), Deadlock> {
    simulate(handle, seats, plan, |simulation| {
        let result = simulation.run_until_done(main);
        if result.is_err() {
            simulation.between_steps(|| main.abort());
            while !main.is_done() && simulation.step() {}
        }
        result
    })
}

/// Steps all workers until none has anything to do.
pub(crate) fn clear_away(handle: &Handle, seats: &mut Vec<Seat>, plan: Plan) {
    simulate(handle, seats, plan, |simulation| while simulation.step() {});
}

struct Simulation<'a> {
    handle: &'a Handle,
    at_work: AtWork<'a>,
    workers: Vec<Worker<Runnable, Seeded>>,
    random: Random,
}

fn simulate<R>(
    handle: &Handle,
    seats: &mut Vec<Seat>,
    plan: Plan,
    run: impl FnOnce(&mut Simulation<'_>) -> R,
) -> R {
    let (locals, parkers): (Vec<Rc<Local<_>>>, Vec<Parker>) = seats
        .drain(..)
        .map(|seat| (Rc::new(seat.local), seat.parker))
        .unzip();
    let mut random = Random::new(plan.seed);
    let mut worker = |local: &Rc<Local<_>>| {
        Worker::new(Rc::clone(local), Seeded::new(random.next(), plan.shuffled))
    };
    let workers = locals.iter().map(&mut worker).collect();
    let mut simulation = Simulation {
        handle,
        at_work: AtWork::begin(handle, &locals[0]),
        workers,
        random,
    };
    let result = run(&mut simulation);
    let Simulation {
        at_work, workers, ..
    } = simulation;
    workers.into_iter().for_each(Worker::retire);
    drop(at_work);
    let seat = |(local, parker)| Seat {
        local: Rc::into_inner(local)
            .expect("the worker and the thread's place were its other owners"),
        parker,
    };
    seats.extend(locals.into_iter().zip(parkers).map(seat));
    result
}

impl Simulation<'_> {
    fn run_until_done(&mut self, main: &TaskRef) -> Result<(), Deadlock> {
        while !main.is_done() {
            if !self.step() && !self.wait() {
                return Err(Deadlock::of(self.handle.shared().registry()));
            }
        }
        Ok(())
    }

    /// Steps one of the workers that are awake. `false`: none is.
    fn step(&mut self) -> bool {
        let awake: Vec<usize> = self.awake().collect();
        if awake.is_empty() {
            return false;
        }
        let worker = &mut self.workers[awake[self.random.below(awake.len())]];
        self.at_work.switch(worker.local());
        // Nothing in there unwinds. Should it all the same, the worker goes on where it was.
        let _: Option<Step> = unwind::shield(|| worker.step());
        true
    }

    fn awake(&self) -> impl Iterator<Item = usize> {
        self.workers
            .iter()
            .enumerate()
            .filter(|(_, worker)| !worker.is_parked())
            .map(|(index, _)| index)
    }

    /// Lets the driver know that all sleep, and waits while a blocking job or an event may wake somebody. `false`: nobody will.
    fn wait(&self) -> bool {
        let crew = self.handle.shared().crew();
        // Asked first: whom a job that has ended by now has woken is awake by now.
        let has_jobs = crew.has_jobs();
        self.between_steps(|| crew.settle());
        if self.awake().next().is_some() {
            return true;
        }
        let helm = crew.sleep().helm();
        let expects_events = helm.driver().expects_events();
        if !has_jobs && !expects_events {
            return false;
        }
        let helm = helm
            .take(Helm::EVERYBODY)
            .expect("no worker stays at the helm of a simulation");
        // From here on who wakes a worker unparks the driver, as does a job that ends.
        let is_worth_it = expects_events || crew.has_jobs();
        if is_worth_it && self.awake().next().is_none() {
            self.between_steps(|| unwind::shield(|| helm.park()));
        }
        true
    }

    /// Runs `code`, which may wake tasks, while all workers sleep.
    fn between_steps<R>(&self, code: impl FnOnce() -> R) -> R {
        let worker = &self.workers[0];
        self.at_work.switch(worker.local());
        let result = worker.local().in_driver(code);
        worker.after_driver();
        result
    }
}
