//! The watchdog: sees a worker that stays in one poll, and has others take over what it leaves behind.
//!
//! A worker wakes nobody for the task in its next slot, nor for the driver that it has just left: it comes back to both in
//! a moment. One whose task computes for a second, or blocks its thread, does not. To wake a thief at every push would be
//! the cure at everybody's cost; a thread that looks once in a while costs those who behave nothing:
//!
//! * It takes the task out of a stuck worker's next slot, and queues it for all.
//! * It wakes a thief for the queue of a stuck worker.
//! * It wakes a worker for the driver, if nobody is there because its last visitor is stuck.
//! * It keeps a coarse clock, by which workers look at the driver and at what came from outside.
//! * Where all have slept for a while it has the memory of tasks that have ended given back to the system.
//! * It ends the [`slice`](mod@slice) of time: a poll that goes on because whatever it awaits is there gives way at its next await.
//!
//! Stuck is who is awake at two looks and has run no other task between them. While nothing happens at all the watchdog dozes: it waits
//! without a limit, and the first worker that wakes up stirs it. There is one for [all executors](process) of a process.
//!
//! What only the worker at home may run is not helped: a main that shares its thread with a long poll waits for it.

mod process;

pub(crate) use process::{let_go, look_after, of_process};

use crate::crew::Crew;
use crate::queue::Run;
use crate::sync::{AtomicBool, Ordering, Parker, Unparker, fence};
use std::cmp;
use std::mem;
use tulipa_task::slice;

/// It dozes after so many looks that saw nothing move: often enough that a program with an event now and then stirs it
/// seldom.
const QUIET_LOOKS: u32 = 5;

/// How others reach the watchdog.
#[derive(Debug)]
pub(crate) struct Watchdog {
    dozes: AtomicBool,
    unparker: Unparker,
}

/// What a look saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// All sleep, and have for a while.
    Nothing,
    /// The same, for the first time.
    Rest,
    /// Somebody is at work, or was a moment ago.
    Work,
}

impl Watchdog {
    pub(crate) fn new(unparker: Unparker) -> Self {
        Self {
            dozes: AtomicBool::new(false),
            unparker,
        }
    }

    /// A worker is awake that may have slept: ends a doze.
    pub(crate) fn stir(&self) {
        // Pairs with the fence in `doze`: either the watchdog sees that a worker is awake, or this thread that it dozes.
        fence(Ordering::SeqCst);
        // Relaxed: the fence orders the load; and of several the exchange decides who unparks.
        if self.dozes.load(Ordering::Relaxed) && self.dozes.swap(false, Ordering::Relaxed) {
            self.unparker.unpark();
        }
    }

    /// Waits until stirred, unless it is not quiet after all.
    pub(crate) fn doze(&self, parker: &Parker, is_quiet: impl FnOnce() -> bool) {
        // Relaxed: ordered by the fence, which pairs with that in `stir`.
        self.dozes.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if is_quiet() {
            parker.park();
        }
        // Relaxed: a `stir` that comes between finds nobody to end a doze of, which is true.
        self.dozes.store(false, Ordering::Relaxed);
    }
}

/// What was seen at the last look.
#[derive(Debug)]
struct Watch {
    workers: Vec<Sight>,
    quiet_looks: u32,
}

/// What was seen of one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sight {
    /// How many tasks it had run.
    polls: u64,
    is_awake: bool,
}

impl Watch {
    fn new<T: Run>(crew: &Crew<T>) -> Self {
        let workers = 0..crew.queues().workers();
        Self {
            workers: workers.map(|worker| Sight::of(crew, worker)).collect(),
            quiet_looks: 0,
        }
    }

    /// Looks once, and names the workers that are `stuck`.
    fn look<T: Run>(&mut self, crew: &Crew<T>, mut stuck: impl FnMut(usize)) -> Seen {
        let is_quiet = self.is_quiet(crew);
        for (worker, before) in self.workers.iter_mut().enumerate() {
            let now = Sight::of(crew, worker);
            if mem::replace(before, now) == now && now.is_awake {
                stuck(worker);
            }
        }
        if is_quiet {
            self.quiet_looks = self.quiet_looks.saturating_add(1);
            return match self.quiet_looks.cmp(&QUIET_LOOKS) {
                cmp::Ordering::Less => Seen::Work,
                cmp::Ordering::Equal => Seen::Rest,
                cmp::Ordering::Greater => Seen::Nothing,
            };
        }
        self.quiet_looks = 0;
        crew.tick();
        Seen::Work
    }

    /// Whether all sleep, and nobody has run anything since the last look.
    fn is_quiet<T: Run>(&self, crew: &Crew<T>) -> bool {
        let mut workers = self.workers.iter().enumerate();
        crew.is_asleep() && workers.all(|(worker, before)| polls(crew, worker) == before.polls)
    }
}

impl Sight {
    fn of<T: Run>(crew: &Crew<T>, worker: usize) -> Self {
        Self {
            polls: polls(crew, worker),
            is_awake: crew.is_awake(worker),
        }
    }
}

/// Has others take over what a worker leaves behind that is stuck.
fn help<T: Run>(crew: &Crew<T>, stuck: usize) {
    crew.take_over(stuck);
    crew.sleep().man_the_helm();
    slice::end_all();
}

fn polls<T: Run>(crew: &Crew<T>, worker: usize) -> u64 {
    crew.queues().tally(worker).polls.get()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{QUIET_LOOKS, Seen, Watch, help};
    use crate::choice::Fast;
    use crate::crew::Crew;
    use crate::debug::Debug;
    use crate::driver::{Helm, ThreadDriver};
    use crate::queue::{Local, Order, Queues, Run};
    use crate::sleep::Sleep;
    use crate::step::{Step, Worker};
    use crate::sync::{AtomicUsize, Ordering, Parker};
    use std::rc::Rc;
    use std::sync::Arc;
    use tulipa_task::Why;

    /// Counts its runs.
    #[derive(Clone, Default)]
    struct Item(Arc<AtomicUsize>);

    impl Run for Item {
        fn run(self) -> Option<Self> {
            self.0.fetch_add(1, Ordering::SeqCst);
            None
        }

        fn run_in_debug(self, _: &Debug) -> Option<Self> {
            self.run()
        }

        fn is_homed(&self) -> bool {
            false
        }
    }

    /// Two workers that have arrived, and are awake.
    fn crew() -> (Arc<Crew<Item>>, Vec<Local<Item>>) {
        let (queues, own) = Queues::new(2);
        let unparkers = (0..2).map(|_| Parker::new().unparker().clone()).collect();
        let sleep = Sleep::new(unparkers, Helm::new(Arc::new(ThreadDriver::default())));
        let crew = Arc::new(Crew::new(queues, sleep, Order::Stealing, false, None));
        let locals: Vec<_> = (own.into_iter().enumerate())
            .map(|(worker, own)| Local::new(Arc::clone(&crew), worker, own))
            .collect();
        (0..2).for_each(|worker| crew.arrive(worker));
        (crew, locals)
    }

    fn fall_asleep(crew: &Crew<Item>, worker: usize) {
        let token = crew.sleep().search();
        let _asleep = crew.sleep().fall_asleep(worker, token);
    }

    fn look_and_help(watch: &mut Watch, crew: &Crew<Item>) {
        stuck(watch, crew)
            .into_iter()
            .for_each(|worker| help(crew, worker));
    }

    fn stuck(watch: &mut Watch, crew: &Crew<Item>) -> Vec<usize> {
        let mut stuck = Vec::new();
        let _seen = watch.look(crew, |worker| stuck.push(worker));
        stuck
    }

    fn look(watch: &mut Watch, crew: &Crew<Item>) -> Seen {
        watch.look(crew, |_| {})
    }

    #[test]
    fn a_worker_that_ran_something_since_the_last_look_keeps_what_it_has() {
        let (crew, locals) = crew();
        let mut watch = Watch::new(&crew);
        locals[1].accept(Item::default(), Why::Woken);
        locals[1].tally().polls.add_one();
        look_and_help(&mut watch, &crew);
        assert!(!crew.queues().any(), "it is still in the next slot");
        look_and_help(&mut watch, &crew);
        assert!(
            crew.queues().any(),
            "it has run nothing since, and the slot was emptied for all"
        );
        assert!(!crew.has_jobs());
    }

    #[test]
    fn a_worker_that_was_asleep_at_the_last_look_has_a_tick_to_begin() {
        let (crew, locals) = crew();
        fall_asleep(&crew, 1);
        let mut watch = Watch::new(&crew);
        locals[0].tally().polls.add_one();
        crew.sleep().wake(1);
        locals[1].accept(Item::default(), Why::Woken);
        assert_eq!(stuck(&mut watch, &crew), []);
        locals[0].tally().polls.add_one();
        assert_eq!(stuck(&mut watch, &crew), [1]);
    }

    #[test]
    fn a_worker_without_a_thread_is_not_stuck() {
        let (crew, _locals) = crew();
        crew.depart(1);
        let _asleep = crew.enrol(1);
        let mut watch = Watch::new(&crew);
        crew.sleep().wake(1);
        crew.strike_off(1);
        assert_eq!(stuck(&mut watch, &crew), [0]);
    }

    #[test]
    fn a_worker_that_sleeps_is_not_stuck() {
        let (crew, locals) = crew();
        let mut watch = Watch::new(&crew);
        locals[1].accept(Item::default(), Why::Woken);
        fall_asleep(&crew, 1);
        look_and_help(&mut watch, &crew);
        assert!(!crew.queues().any());
    }

    #[test]
    fn a_thief_is_woken_for_the_queue_of_a_stuck_worker() {
        let (crew, locals) = crew();
        let mut watch = Watch::new(&crew);
        locals[1].accept(Item::default(), Why::Yielded);
        fall_asleep(&crew, 0);
        look_and_help(&mut watch, &crew);
        assert_eq!(crew.sleep().count().searching(), 1);
        assert_eq!(crew.sleep().count().sleeping(), 0);
    }

    #[test]
    fn somebody_is_woken_for_a_driver_that_nobody_attends() {
        let (crew, _locals) = crew();
        let mut watch = Watch::new(&crew);
        fall_asleep(&crew, 0);
        look_and_help(&mut watch, &crew);
        assert!(!crew.sleep().is_asleep(0));
    }

    #[test]
    fn nobody_is_woken_for_a_driver_that_somebody_attends() {
        let (crew, _locals) = crew();
        let mut watch = Watch::new(&crew);
        fall_asleep(&crew, 0);
        let _at_helm = crew.sleep().helm().take(0);
        look_and_help(&mut watch, &crew);
        assert!(crew.sleep().is_asleep(0));
    }

    #[test]
    fn it_dozes_when_it_has_seen_nothing_move_for_a_while() {
        let (crew, locals) = crew();
        let mut watch = Watch::new(&crew);
        locals[1].tally().polls.add_one();
        fall_asleep(&crew, 0);
        fall_asleep(&crew, 1);
        assert_eq!(
            look(&mut watch, &crew),
            Seen::Work,
            "one ran something before it fell asleep"
        );
        for _ in 1..QUIET_LOOKS {
            assert_eq!(look(&mut watch, &crew), Seen::Work);
        }
        assert_eq!(look(&mut watch, &crew), Seen::Rest);
        assert_eq!(look(&mut watch, &crew), Seen::Nothing);
        crew.sleep().wake(0);
        assert_ne!(look(&mut watch, &crew), Seen::Nothing);
    }

    #[test]
    fn a_worker_looks_outside_at_each_tick_however_few_tasks_it_ran() {
        let (crew, mut locals) = crew();
        let outside = Item::default();
        let mut worker = Worker::new(Rc::new(locals.remove(1)), Fast::new(1));
        for _ in 0..3 {
            worker.local().accept(Item::default(), Why::Yielded);
        }
        crew.inject(outside.clone());
        assert_eq!(worker.step(), Step::Ran);
        assert_eq!(outside.0.load(Ordering::SeqCst), 0, "its own come first");
        crew.tick();
        assert_eq!(worker.step(), Step::Ran);
        assert_eq!(outside.0.load(Ordering::SeqCst), 1);
    }
}
