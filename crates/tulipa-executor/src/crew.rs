//! What the workers of one executor share: the queues, who sleeps, and how many are there.

use crate::debug::Debug;
use crate::driver::Helm;
use crate::queue::{HOME, Local, Order, Queues, Run};
use crate::sleep::{Sleep, Sleeping};
use crate::sync::{AtomicBool, AtomicUsize, Ordering, Tick, fence};
use crate::unwind;
use crate::watchdog::Watchdog;
use crossbeam_utils::CachePadded;
use std::sync::Arc;

/// The workers of an executor, together.
#[derive(Debug)]
pub(crate) struct Crew<T> {
    queues: Queues<T>,
    sleep: Sleep,
    order: Order,
    /// Workers that run or sleep, with a thread or still without; the one at home only while somebody is inside `block_on`, and then
    /// [`ATTENDED`] too.
    present: AtomicUsize,
    /// Blocking jobs that are queued or run: what may wake a task though all workers sleep.
    jobs: AtomicUsize,
    /// Threads that want to know whether all is quiet. The first of them finds out for all.
    settlers: AtomicUsize,
    stopping: AtomicBool,
    /// Nobody need come any more: workers that still run are on their way out.
    closed: AtomicBool,
    /// Whether one thread steps all workers, and finds out by itself whether all is quiet.
    simulated: bool,
    /// If there is one.
    watchdog: Option<Arc<Watchdog>>,
    /// How often the watchdog has looked while somebody worked: a coarse clock.
    ticks: CachePadded<Tick>,
    /// In debug mode only.
    debug: Option<Debug>,
}

/// Somebody is inside `block_on`. A virtual clock moves only then: between the end of main and the shutdown that follows there is
/// no time, however much the other workers sleep.
const ATTENDED: usize = 1 << (usize::BITS - 1);

/// What a worker counts for among those who are present.
fn weight(worker: usize) -> usize {
    if worker == HOME { ATTENDED + 1 } else { 1 }
}

impl<T: Run> Crew<T> {
    pub(crate) fn new(
        queues: Queues<T>,
        sleep: Sleep,
        order: Order,
        simulated: bool,
        watchdog: Option<Arc<Watchdog>>,
    ) -> Self {
        Self {
            queues,
            sleep,
            order,
            present: AtomicUsize::new(0),
            jobs: AtomicUsize::new(0),
            settlers: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            simulated,
            watchdog,
            ticks: CachePadded::new(Tick::new(0)),
            debug: None,
        }
    }

    /// The same in debug mode, if there is one.
    pub(crate) fn with_debug(self, debug: Option<Debug>) -> Self {
        Self { debug, ..self }
    }

    pub(crate) fn debug(&self) -> Option<&Debug> {
        self.debug.as_ref()
    }

    pub(crate) fn queues(&self) -> &Queues<T> {
        &self.queues
    }

    pub(crate) fn sleep(&self) -> &Sleep {
        &self.sleep
    }

    #[inline]
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// Takes what became runnable on a thread that is no worker of this crew.
    #[inline(never)]
    pub(crate) fn inject(&self, item: T) {
        if item.is_homed() && self.order == Order::Stealing {
            return self.deliver(item);
        }
        self.queues.injector.push(item);
        self.sleep.work_queued();
        self.drop_if_closed();
    }

    /// Takes what only the worker at home may run.
    pub(crate) fn deliver(&self, item: T) {
        self.queues.send_home(item);
        self.sleep.wake(HOME);
        self.drop_if_closed();
    }

    /// Nobody is sure to come for what arrives from outside, now or later: it is dropped and so cancelled. Else it would lie here as
    /// long as anybody has a handle, with all that it holds.
    pub(crate) fn close(&self) {
        // Relaxed: ordered by the fence.
        self.closed.store(true, Ordering::Relaxed);
        // Pairs with the fence of `work_queued` in `inject`, and of `wake` in `deliver`: either this thread sees what was queued,
        // or who queues it sees that nobody comes.
        fence(Ordering::SeqCst);
        self.queues.drop_arrived();
    }

    /// By who has queued something, and has passed a fence since.
    fn drop_if_closed(&self) {
        // Relaxed: ordered by that fence, which pairs with the one in `close`.
        if self.closed.load(Ordering::Relaxed) {
            self.queues.drop_arrived();
        }
    }

    pub(crate) fn watchdog(&self) -> Option<&Arc<Watchdog>> {
        self.watchdog.as_ref()
    }

    /// The time, as far as somebody keeps it.
    #[inline]
    pub(crate) fn ticks(&self) -> u64 {
        // Relaxed: it says nothing about anything else.
        self.ticks.load(Ordering::Relaxed)
    }

    /// A tick has passed.
    pub(crate) fn tick(&self) {
        // Relaxed: as above.
        self.ticks.fetch_add(1, Ordering::Relaxed);
    }

    /// A worker is awake that was not: the watchdog is to look after it.
    pub(crate) fn stir(&self) {
        if let Some(watchdog) = &self.watchdog {
            watchdog.stir();
        }
    }

    /// Leaves to others what this worker, which is stuck in a poll, would have run next.
    pub(crate) fn take_over(&self, worker: usize) {
        self.job_begins(); // until it is queued again, nobody else knows of the task: all is not quiet
        let next = self.queues.steal_next_slot(worker);
        let fresh = std::iter::from_fn(|| self.queues.take_fresh(worker));
        let mut is_told = false;
        for item in next.into_iter().chain(fresh) {
            self.inject(item);
            is_told = true;
        }
        if !is_told && self.queues.has_queued(worker) {
            self.sleep.work_queued();
        }
        self.job_ends();
    }

    /// Whether this worker is there, and does not sleep.
    pub(crate) fn is_awake(&self, worker: usize) -> bool {
        let is_there = match worker {
            HOME => self.is_attended(),
            _ => self.sleep.is_manned(worker),
        };
        is_there && !self.sleep.is_asleep(worker)
    }

    /// Whether this worker will try to take the helm after this, or have another do so if it goes away. The caller is asleep,
    /// and not at the helm.
    pub(crate) fn comes_to_the_helm(&self, worker: usize) -> bool {
        // Pairs with the fence in `fall_asleep`, and with that in `man_the_helm`: either the worker finds the helm free when
        // it sleeps or goes, or this thread sees that it sleeps, or is gone.
        fence(Ordering::SeqCst);
        self.is_awake(worker)
    }

    /// Whether all who are there sleep.
    pub(crate) fn is_asleep(&self) -> bool {
        let count = self.sleep.count();
        // Relaxed: as in `is_awake`; when it matters, a fence is before this.
        let present = self.present.load(Ordering::Relaxed) & !ATTENDED;
        count.searching() == 0 && count.sleeping() == present
    }

    /// Whether somebody is inside `block_on`.
    fn is_attended(&self) -> bool {
        // Relaxed: a moment's guess, for the watchdog; in `attend` a fence is before it.
        self.present.load(Ordering::Relaxed) & ATTENDED != 0
    }

    /// Takes on a worker that has no thread: it sleeps until somebody has a use for it, and starts one.
    pub(crate) fn enrol(&self, worker: usize) -> Sleeping {
        // Relaxed: as in `arrive`.
        self.present.fetch_add(weight(worker), Ordering::Relaxed);
        self.queues.tally(worker).sleeps.add_one();
        self.sleep.enrol(worker)
    }

    /// A worker that was to wake for the first time found no thread: the others do what it was woken for.
    pub(crate) fn strike_off(&self, worker: usize) {
        self.queues.tally(worker).wakes.add_one();
        let token = self.sleep.strike_off(worker);
        self.sleep.stop_searching(token, || self.queues.any());
        self.depart(worker);
        self.hand_over();
    }

    pub(crate) fn arrive(&self, worker: usize) {
        // Relaxed: who arrives is awake, and is seen to be there by whoever sees it asleep (`Counters` are exchanged with
        // Release after this).
        self.present.fetch_add(weight(worker), Ordering::Relaxed);
        self.stir();
    }

    /// A worker goes that is awake, and not searching.
    pub(crate) fn depart(&self, worker: usize) {
        // Release: pairs with the Acquire in `is_settled`.
        self.present.fetch_sub(weight(worker), Ordering::Release);
    }

    /// What a worker that has departed leaves to the others: its queue, and the helm, where nobody may be. If none of the others has a
    /// thread, one is started for the driver only where that is needed.
    pub(crate) fn hand_over(&self) {
        if self.sleep.has_threads() || self.is_driver_needed() {
            self.sleep.man_the_helm();
        }
        if self.queues.any() {
            self.sleep.work_queued();
        }
    }

    fn is_driver_needed(&self) -> bool {
        // Pairs with the fence in `attend`: either this thread sees that the driver is needed, or who has a use for it that
        // nobody is there.
        fence(Ordering::SeqCst);
        self.sleep.helm().driver().is_needed()
    }

    /// A thread that may be no worker is about to wait for the driver: if nobody comes there by himself, one is woken.
    pub(crate) fn attend(&self) {
        // Pairs with the fence in `hand_over`.
        fence(Ordering::SeqCst);
        if !self.is_attended() && !self.sleep.has_threads() {
            self.sleep.man_the_helm();
        }
    }

    /// A blocking job is about to be queued.
    pub(crate) fn job_begins(&self) {
        // Relaxed: who begins one is a worker that is awake, or a thread that nobody waits for; or the watchdog, and then who
        // finds the slot empty that it has emptied (an exchange, both times) sees this.
        self.jobs.fetch_add(1, Ordering::Relaxed);
    }

    /// A blocking job has ended, and whom it woke is queued.
    pub(crate) fn job_ends(&self) {
        // Release: pairs with the Acquire in `is_settled`: who sees no job sees what the last one has queued.
        let last = self.jobs.fetch_sub(1, Ordering::Release) == 1;
        if self.simulated {
            self.sleep.helm().driver().unpark();
        } else if last {
            self.settle();
        }
    }

    pub(crate) fn has_jobs(&self) -> bool {
        // Acquire: as in `is_settled`.
        self.jobs.load(Ordering::Acquire) > 0
    }

    /// If nothing can run, lets the driver know: a virtual clock moves on. Called by whoever may have been the last to be
    /// busy: a worker that fell asleep, a job that ended.
    pub(crate) fn settle(&self) {
        // AcqRel: pairs with itself. Who finds another settling leaves the question to it, with what it saw.
        let mut asked = 1;
        if self.settlers.fetch_add(asked, Ordering::AcqRel) > 0 {
            return;
        }
        loop {
            while self.is_settled() && self.move_on() {}
            // AcqRel: as above.
            let before = self.settlers.fetch_sub(asked, Ordering::AcqRel);
            if before == asked {
                return;
            }
            asked = before - asked; // others asked meanwhile
        }
    }

    /// Whether the driver may have woken something. If a waker panicked in there, it may have.
    fn move_on(&self) -> bool {
        let helm = self.sleep.helm();
        // In a simulation nobody else polls while all sleep.
        if self.simulated
            && helm.driver().expects_events()
            && let Some(helm) = helm.take(Helm::EVERYBODY)
        {
            let polled = unwind::shield(|| helm.poll());
            if polled.is_none() || !self.is_settled() {
                return true;
            }
        }
        unwind::shield(|| helm.driver().quiescent()).unwrap_or(true)
    }

    /// Whether all who are there sleep, and there is nothing to wake for.
    ///
    /// The count is taken twice and tells the number of wakes: if it is the same, nobody was awake in between, when the
    /// rest was looked at.
    fn is_settled(&self) -> bool {
        let before = self.sleep.count();
        // Pairs with the Release of those who fell asleep: what they had begun before, a job or a task, is seen below.
        fence(Ordering::Acquire);
        // Acquire: pairs with the Release in `depart`.
        let present = self.present.load(Ordering::Acquire);
        present & ATTENDED != 0
            && before.searching() == 0
            && before.sleeping() == present & !ATTENDED
            && !self.has_jobs()
            && !self.queues.any()
            && !self.queues.has_mail()
            && self.sleep.count() == before
    }

    /// Whether nobody sleeps, and somebody is at work: a moment's guess. In a simulation, where a turn of one takes no time from
    /// another, never.
    pub(crate) fn is_busy(&self) -> bool {
        let count = self.sleep.count();
        // Relaxed: a guess.
        let present = self.present.load(Ordering::Relaxed) & !ATTENDED;
        !self.simulated && count.sleeping() == 0 && count.searching() < present
    }

    /// How many tasks the workers have run.
    pub(crate) fn polls(&self) -> u64 {
        let workers = 0..self.queues.workers();
        workers
            .map(|worker| self.queues.tally(worker).polls.get())
            .sum()
    }

    /// Whether all but the worker that asks sleep, and nothing is queued for any.
    pub(crate) fn is_quiet_around(&self, local: &Local<T>) -> bool {
        let before = self.sleep.count();
        // Both as in `is_settled`, which says why the count is taken twice.
        fence(Ordering::Acquire);
        let present = self.present.load(Ordering::Acquire) & !ATTENDED;
        before.searching() == 0
            && before.sleeping() + 1 == present
            && !local.has_own()
            && !self.queues.any()
            && self.sleep.count() == before
    }

    /// Has all workers leave as soon as they have nothing to do.
    pub(crate) fn stop(&self) {
        // Release: pairs with the Acquire in `is_stopping`.
        self.stopping.store(true, Ordering::Release);
        self.sleep.dismiss(); // before the look below: who is not manned by then never will be
        for worker in 0..self.queues.workers() {
            if self.sleep.is_manned(worker) {
                self.sleep.wake(worker); // begins with a fence that pairs with the one in `fall_asleep`
            }
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        // Acquire: pairs with the Release in `stop`.
        self.stopping.load(Ordering::Acquire)
    }
}
