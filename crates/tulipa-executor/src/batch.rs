//! What a worker brings back from the driver, and whether others are called for it.
//!
//! To call a worker that sleeps, and have it sleep again, takes some ten microseconds of each of two processors. A few dozen
//! tasks that have little to do, such as sleeps that end, are nearly over when it is there. So a worker runs a batch alone
//! that is to be [`BRIEF`], by what those of late took. If it turns out not to be, the rest is offered; and a task in it that
//! stays in its poll is seen by the watchdog, which calls a thief. Where there is none, nothing is kept.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// A batch that takes no longer is over before another worker has helped much: to call one takes about as long.
const BRIEF: Duration = Duration::from_micros(50);

/// Nor is it brief if its tasks take longer than this: each of them may as well be another's.
const LITTLE: Duration = Duration::from_micros(2);

/// No task is expected to take less.
const LEAST: Duration = Duration::from_nanos(100);

/// While a brief batch is run, the clock is read before each so many tasks.
const LOOK_EVERY: u32 = 8;

/// What a task takes as long as nothing is known, and the most that is remembered of one.
const LONG: Duration = Duration::from_millis(1);

/// The batches of one worker.
#[derive(Debug)]
pub(crate) struct Batches {
    /// What a task takes with all that follows from it, in nanoseconds: a mean in which an eighth is the last batch's.
    each: Cell<u64>,
    /// The batch that is run: its tasks, and when it began.
    current: Cell<Option<(usize, Instant)>>,
    /// So many more tasks are run before others are called.
    alone: Cell<u32>,
}

impl Batches {
    pub(crate) fn new() -> Self {
        // In a model all batches are brief: the clock, which would decide, is no part of it.
        let each = if cfg!(loom) { Duration::ZERO } else { LONG };
        Self {
            each: Cell::new(each.as_nanos() as u64),
            current: Cell::new(None),
            alone: Cell::new(0),
        }
    }

    /// The driver has woken this many tasks.
    pub(crate) fn begin(&self, tasks: usize) {
        self.begin_at(tasks, Instant::now());
    }

    fn begin_at(&self, tasks: usize, now: Instant) {
        let each = Duration::from_nanos(self.each.get()).max(LEAST);
        let tasks_if_brief = u32::try_from(tasks)
            .ok()
            .filter(|tasks| each <= LITTLE && each.saturating_mul(*tasks) <= BRIEF);
        self.alone.set(tasks_if_brief.unwrap_or(0));
        self.current.set(Some((tasks, now)));
    }

    /// The worker has nothing more to do.
    pub(crate) fn end(&self) {
        if self.current.get().is_some() {
            self.end_at(Instant::now());
        }
    }

    fn end_at(&self, now: Instant) {
        self.alone.set(0);
        let Some((tasks, began)) = self.current.take() else {
            return;
        };
        if cfg!(loom) {
            return;
        }
        let took = (now - began).min(LONG).as_nanos() as u64 / tasks.max(1) as u64;
        let before = self.each.get();
        self.each.set(before - before / 8 + took / 8);
    }

    /// Whether this worker runs its batch alone.
    pub(crate) fn is_brief(&self) -> bool {
        self.alone.get() > 0
    }

    /// The same, before the next task of it.
    pub(crate) fn goes_on(&self) -> bool {
        self.is_brief() && self.goes_on_at(Instant::now)
    }

    fn goes_on_at(&self, now: impl FnOnce() -> Instant) -> bool {
        let alone = self.alone.get();
        let looks = alone.is_multiple_of(LOOK_EVERY);
        let began = self.current.get().filter(|_| looks);
        let is_late = began.is_some_and(|(_, began)| now() - began > BRIEF);
        self.alone.set(if is_late { 0 } else { alone - 1 });
        !is_late
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{BRIEF, Batches, LITTLE, LONG, LOOK_EVERY};
    use crate::choice::Fast;
    use crate::crew::Crew;
    use crate::debug::Debug;
    use crate::driver::{Helm, ThreadDriver};
    use crate::queue::{Local, Order, Queues, Run};
    use crate::sleep::Sleep;
    use crate::step::{Step, Worker};
    use crate::sync::Parker;
    use crate::watchdog::Watchdog;
    use std::rc::Rc;
    use std::sync::Arc;
    use std::time::{Duration, Instant};
    use tulipa_task::Why;

    const MICROSECOND: Duration = Duration::from_micros(1);

    /// A task with nothing to do.
    struct Item;

    impl Run for Item {
        fn run(self) -> Option<Self> {
            None
        }

        fn run_in_debug(self, _: &Debug) -> Option<Self> {
            None
        }

        fn is_homed(&self) -> bool {
            false
        }
    }

    /// A worker that comes from the driver with three tasks, of which it has learned that they take no time. Another sleeps.
    fn back_from_the_driver(watchdog: Option<Arc<Watchdog>>) -> Worker<Item, Fast> {
        let (queues, own) = Queues::new(2);
        let unparkers = (0..2).map(|_| Parker::new().unparker().clone()).collect();
        let sleep = Sleep::new(unparkers, Helm::new(Arc::new(ThreadDriver::default())));
        let crew = Arc::new(Crew::new(queues, sleep, Order::Stealing, false, watchdog));
        let mut locals = (own.into_iter().enumerate())
            .map(|(worker, own)| Local::new(Arc::clone(&crew), worker, own));
        let local = Rc::new(locals.next().expect("two of them"));
        let mut worker = Worker::new(Rc::clone(&local), Fast::new(0));
        crew.arrive(1);
        let _asleep = crew.sleep().fall_asleep(1, crew.sleep().search());
        while worker.step() != Step::Park {}
        local.batches().each.set(0);
        local.in_driver(|| (0..3).for_each(|_| local.accept(Item, Why::Woken)));
        worker.after_driver();
        worker
    }

    fn watchdog() -> Arc<Watchdog> {
        Arc::new(Watchdog::new(Parker::new().unparker().clone()))
    }

    fn other_sleeps(worker: &Worker<Item, Fast>) -> bool {
        worker.local().crew().sleep().is_asleep(1)
    }

    #[test]
    fn a_brief_batch_is_run_without_another() {
        let mut worker = back_from_the_driver(Some(watchdog()));
        while worker.step() != Step::Park {}
        assert_eq!(worker.local().tally().polls.get(), 3);
        assert!(other_sleeps(&worker));
    }

    #[test]
    fn without_a_watchdog_a_batch_is_offered() {
        let mut worker = back_from_the_driver(None);
        while worker.step() != Step::Ran {}
        assert!(!other_sleeps(&worker));
    }

    #[test]
    fn what_comes_from_outside_meanwhile_is_for_another() {
        let mut worker = back_from_the_driver(Some(watchdog()));
        worker.local().crew().inject(Item); // it is counted as searching, so nobody is called yet
        assert!(other_sleeps(&worker));
        while worker.step() != Step::Ran {}
        assert!(!other_sleeps(&worker));
    }

    #[test]
    fn what_a_task_of_a_brief_batch_adds_is_offered() {
        let mut worker = back_from_the_driver(Some(watchdog()));
        while worker.step() != Step::Ran {}
        assert!(other_sleeps(&worker));
        worker.local().accept(Item, Why::Spawned);
        assert!(!other_sleeps(&worker));
    }

    /// Those of a worker that has run so many batches of ten tasks, each task in `each`.
    fn after(times: u32, each: Duration) -> Batches {
        let (batches, now) = (Batches::new(), Instant::now());
        for _ in 0..times {
            batches.begin_at(10, now);
            batches.end_at(now + 10 * each);
        }
        batches
    }

    fn is_brief(batches: &Batches, tasks: usize) -> bool {
        batches.begin_at(tasks, Instant::now());
        batches.is_brief()
    }

    #[test]
    fn nothing_is_kept_before_something_is_known() {
        assert!(!is_brief(&Batches::new(), 1));
        assert!(!is_brief(&after(3, MICROSECOND), 1));
    }

    #[test]
    fn a_batch_is_brief_if_as_many_tasks_were() {
        let batches = after(1000, MICROSECOND);
        assert!(is_brief(&batches, 40));
        assert!(!is_brief(&batches, 60));
        assert!(!is_brief(&after(1000, Duration::ZERO), 1000));
        assert!(is_brief(&after(1000, LITTLE / 2), 2));
        assert!(!is_brief(&after(1000, 2 * LITTLE), 2));
    }

    #[test]
    fn one_long_batch_is_remembered_for_a_while() {
        let (batches, now) = (after(1000, MICROSECOND), Instant::now());
        batches.begin_at(2, now);
        batches.end_at(now + LONG);
        let short = || {
            batches.begin_at(2, now);
            batches.end_at(now);
        };
        assert!(!is_brief(&batches, 2));
        (0..10).for_each(|_| short());
        assert!(!is_brief(&batches, 2));
        (0..30).for_each(|_| short());
        assert!(is_brief(&batches, 2));
    }

    #[test]
    fn when_it_is_over_others_are_called_again() {
        let batches = after(1000, MICROSECOND);
        assert!(is_brief(&batches, 2));
        assert!(batches.goes_on());
        assert!(batches.goes_on());
        assert!(
            !batches.goes_on(),
            "all of it have run: what is there now came later"
        );
        assert!(is_brief(&batches, 2));
        batches.end();
        assert!(!batches.goes_on());
    }

    #[test]
    fn one_that_takes_longer_than_foreseen_is_offered() {
        let batches = after(1000, MICROSECOND);
        assert!(is_brief(&batches, 2 * LOOK_EVERY as usize));
        let late = Instant::now() + 2 * BRIEF;
        assert!(!batches.goes_on_at(|| late));
        assert!(!batches.is_brief());
    }
}
