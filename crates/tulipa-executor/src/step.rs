//! A worker without a thread: a state machine that does one thing at a time and says what it wants next.
//!
//! ```text
//!              nothing to run            nothing found
//!    Busy ───────────────────▶ Searching ─────────────▶ Asleep
//!     ▲                           │  ▲                     │
//!     └───────────────────────────┘  └─────────────────────┘
//!            found something                  woken
//! ```
//!
//! In production a thread steps it and parks when it says so; in the simulator one thread steps many, in any order. What
//! is simulated is what is shipped.

use crate::choice::Choice;
use crate::crew::Crew;
use crate::queue::{Local, Order, Run};
use crate::sleep::{Searching, Sleeping};
use crate::unwind;
use std::hint;
use std::mem;
use std::rc::Rc;

/// A worker, to be stepped.
pub(crate) struct Worker<T, C> {
    local: Rc<Local<T>>,
    choice: C,
    /// Whether the crew is in debug mode.
    in_debug: bool,
    phase: Phase,
    /// How many tasks each worker had run when the search began: who has run none since is in a long poll.
    polls: Vec<u64>,
    /// The time when it last looked outside because of the time.
    ticks: u64,
}

/// What a step did, and so what is to happen next.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It ran a task: step again.
    Ran,
    /// It looked for one: step again.
    Looked,
    /// There is nothing to do: park until woken, then step again.
    Park,
}

#[derive(Debug)]
enum Phase {
    Busy,
    Searching(Search),
    Asleep(Sleeping),
}

/// A search for work.
#[derive(Debug)]
struct Search {
    token: Searching,
    rounds: u32,
}

/// A searching worker looks at everybody's queue this many times before it sleeps. Falling asleep and being woken costs as
/// much as hundreds of looks; but a look costs a core that others may need.
const ROUNDS: u32 = 3;

/// So many times while all others are at work: what they do next is likely to be for this one too. With the pauses between these
/// rounds it takes as long as to fall asleep and be woken, some microseconds.
const ROUNDS_AMONG_BUSY: u32 = 40;

/// How long such a pause is, in turns of an idle loop.
const PAUSE: u32 = 8;

impl<T: Run, C: Choice> Worker<T, C> {
    /// A worker that is awake. It has arrived by this.
    pub(crate) fn new(local: Rc<Local<T>>, choice: C) -> Self {
        local.crew().arrive(local.worker());
        Self::in_phase(local, choice, Phase::Busy)
    }

    /// A worker that was [enrolled](Crew::enrol), and has its thread now.
    pub(crate) fn enrolled(local: Rc<Local<T>>, choice: C, sleeping: Sleeping) -> Self {
        Self::in_phase(local, choice, Phase::Asleep(sleeping))
    }

    fn in_phase(local: Rc<Local<T>>, choice: C, phase: Phase) -> Self {
        let polls = vec![0; local.crew().queues().workers()];
        Self {
            in_debug: local.crew().debug().is_some(),
            local,
            choice,
            phase,
            polls,
            ticks: 0,
        }
    }

    pub(crate) fn local(&self) -> &Rc<Local<T>> {
        &self.local
    }

    fn crew(&self) -> &Crew<T> {
        self.local.crew()
    }

    /// Does one thing.
    #[inline]
    pub(crate) fn step(&mut self) -> Step {
        if matches!(self.phase, Phase::Busy) {
            if let Some(item) = self.next() {
                return self.run(item);
            }
            self.local.batches().end();
            let token = self.crew().sleep().search();
            self.search(token);
        }
        self.step_idle()
    }

    #[inline]
    fn run(&mut self, item: T) -> Step {
        self.local.tally().polls.add_one();
        let again = if self.in_debug {
            self.run_in_debug(item)
        } else {
            item.run()
        };
        if let Some(again) = again {
            self.local.accept_again(again);
        }
        Step::Ran
    }

    #[cold]
    fn run_in_debug(&self, item: T) -> Option<T> {
        match self.crew().debug() {
            Some(debug) => item.run_in_debug(debug),
            None => item.run(),
        }
    }

    /// The next task of a busy worker.
    #[inline]
    fn next(&mut self) -> Option<T> {
        if (self.choice.look_outside() || self.has_ticked())
            && let Some(item) = self.look_outside()
        {
            return Some(item);
        }
        self.local.pop(&mut self.choice)
    }

    /// Whether time has passed since this was asked. However long its tasks take, a worker looks outside at each tick.
    #[inline]
    fn has_ticked(&mut self) -> bool {
        let ticks = self.crew().ticks();
        mem::replace(&mut self.ticks, ticks) != ticks
    }

    /// Lets the driver handle what is due, if nobody is there, and takes one task from the injector.
    #[cold]
    fn look_outside(&mut self) -> Option<T> {
        if let Some(helm) = self.crew().sleep().helm().take(self.local.worker()) {
            self.local
                .in_driver_at_work(|| unwind::shield(|| helm.poll()));
            if self.local.batches().is_brief() {
                self.local.begin_batch();
            }
        }
        if self.crew().order() == Order::Fifo {
            return None; // the injector is merged into the one queue
        }
        self.local.pop_injector(false)
    }

    #[cold]
    fn step_idle(&mut self) -> Step {
        match mem::replace(&mut self.phase, Phase::Busy) {
            Phase::Busy => Step::Looked,
            Phase::Searching(search) => self.look_around(search),
            Phase::Asleep(sleeping) => self.wake_up(sleeping),
        }
    }

    /// Begins a search.
    fn search(&mut self, token: Searching) {
        let queues = self.local.crew().queues();
        for (worker, polls) in self.polls.iter_mut().enumerate() {
            *polls = queues.tally(worker).polls.get();
        }
        self.phase = Phase::Searching(Search { token, rounds: 0 });
    }

    /// One round of a search.
    fn look_around(&mut self, mut search: Search) -> Step {
        search.rounds += 1;
        let rounds = self.rounds();
        let is_last = search.rounds >= rounds;
        let found = self.local.pop(&mut self.choice);
        let found = found.or_else(|| self.steal(is_last));
        let may_cause_events = search.rounds == 1 && rounds == ROUNDS_AMONG_BUSY;
        if let Some(item) = found.or_else(|| may_cause_events.then(|| self.ask_driver()).flatten())
        {
            self.crew()
                .sleep()
                .stop_searching(search.token, || self.local.is_more());
            return self.run(item);
        }
        if !is_last {
            if rounds > ROUNDS {
                (0..PAUSE).for_each(|_| hint::spin_loop());
            }
            self.phase = Phase::Searching(search);
            return Step::Looked;
        }
        self.fall_asleep(search.token)
    }

    /// How many rounds a search has, as things are. In models one: how often it looks is no part of their races.
    fn rounds(&self) -> u32 {
        let crew = self.crew();
        if crew.queues().workers() == 1 || cfg!(loom) {
            1
        } else if crew.is_busy() {
            ROUNDS_AMONG_BUSY
        } else {
            ROUNDS
        }
    }

    fn steal(&mut self, is_last: bool) -> Option<T> {
        let workers = self.polls.len();
        let first = self.choice.victim(workers);
        let (local, queues) = (&self.local, self.local.crew().queues());
        let victims = (first..workers)
            .chain(0..first)
            .filter(|victim| *victim != local.worker());
        let queued = |victim| queues.steal(victim, local);
        let mut stolen = victims.clone().find_map(queued);
        if stolen.is_none() && is_last {
            let fresh = |victim| queues.steal_fresh(victim, local);
            let next = |victim| {
                let is_stuck = queues.tally(victim).polls.get() == self.polls[victim];
                is_stuck.then(|| queues.steal_next_slot(victim)).flatten()
            };
            stolen = victims.clone().find_map(fresh);
            stolen = stolen.or_else(|| victims.clone().find_map(next));
        }
        if stolen.is_some() {
            local.tally().steals.add_one();
            local.tally().stolen.add(1 + local.loot() as u64); // its queue was empty
        }
        stolen
    }

    /// One of the tasks that an event has woken, if nobody is at the helm. While others are at work, what they send to each other's
    /// sockets arrives all the time: it is there before this worker has fallen asleep, and would wake it at once.
    fn ask_driver(&mut self) -> Option<T> {
        let helm = self.crew().sleep().helm().take(self.local.worker())?;
        self.local.in_driver(|| unwind::shield(|| helm.poll()));
        drop(helm);
        self.local.begin_batch();
        self.local.pop(&mut self.choice)
    }

    fn fall_asleep(&mut self, token: Searching) -> Step {
        let (sleeping, left) = self.crew().sleep().fall_asleep(self.local.worker(), token);
        self.phase = Phase::Asleep(sleeping);
        self.local.tally().sleeps.add_one();
        let last = left.searching() == 0;
        if self.local.has_own() || last && self.crew().queues().any() {
            self.rise();
        } else if last {
            self.local.in_driver(|| self.crew().settle());
            self.after_driver();
        }
        Step::Park
    }

    fn wake_up(&mut self, sleeping: Sleeping) -> Step {
        match self.crew().sleep().woken(self.local.worker(), sleeping) {
            Ok(token) => {
                if self.local.batches().is_brief() {
                    self.choice.has_looked(); // it is over before much can have come
                }
                self.local.tally().wakes.add_one();
                self.crew().stir();
                self.search(token);
                Step::Looked
            }
            Err(sleeping) => {
                self.phase = Phase::Asleep(sleeping);
                Step::Park
            }
        }
    }

    /// The driver has run wakers on this thread while its worker slept: it may have work now.
    pub(crate) fn after_driver(&self) {
        if self.local.has_own() {
            self.local.begin_batch();
            self.rise();
        }
    }

    fn rise(&self) {
        self.crew().sleep().rise(self.local.worker());
    }

    /// Whether it sleeps and nobody has woken it yet: a step would do nothing.
    pub(crate) fn is_parked(&self) -> bool {
        matches!(self.phase, Phase::Asleep(_)) && self.crew().sleep().is_asleep(self.local.worker())
    }

    /// Ends the worker: it has departed. Others can still steal from its queues; [`Crew::hand_over`] lets them know.
    pub(crate) fn retire(mut self) {
        self.local.leave();
        loop {
            match mem::replace(&mut self.phase, Phase::Busy) {
                Phase::Busy => return self.crew().depart(self.local.worker()),
                Phase::Searching(search) => {
                    self.crew()
                        .sleep()
                        .stop_searching(search.token, || self.crew().queues().any());
                }
                Phase::Asleep(sleeping) => {
                    self.rise();
                    let token = self.crew().sleep().woken(self.local.worker(), sleeping);
                    self.search(token.expect("it has risen"));
                }
            }
        }
    }
}
