//! A group that is cancelled at each of its awaits: every cleanup runs once, nobody hears of the end of a task before that, and
//! no task is left.
//!
//! An await has a number: how many were begun before it, by all children together. Whoever comes to the one that is to be
//! struck cancels the task that runs the group, and awaits it all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Waker;
use std::time::Duration;
use tulipa::task::{Observer, TaskRef, TaskState};
use tulipa::{
    Builder, Deferred, Flavour, TaskGroup, all_tasks, cancel, current_task, gather, sleep, spawn,
    timeout, yield_now,
};

const CHILDREN: usize = 1_000;

/// Every await of a small group, on one worker and on four that are simulated.
#[test]
fn cancelled_at_any_await_of_few_children_each_is_cleaned_up_once() {
    for workers in [1, 4] {
        let run = |strike| check(simulated(workers, strike), 12, strike);
        let awaits = run(usize::MAX);
        assert_eq!(awaits, 12 * STEPS);
        for strike in 0..awaits {
            run(strike);
        }
    }
}

/// Awaits of a thousand children, a stride apart that meets each step of their program, and another child each time. With
/// `TULIPA_STRESS_STRIDE=1` in the environment it is all of them: nine thousand runs, which take their time.
#[test]
fn cancelled_at_any_await_of_a_thousand_children_each_is_cleaned_up_once() {
    let stride = std::env::var("TULIPA_STRESS_STRIDE");
    let stride = stride.map_or(331, |stride| stride.parse().expect("a number"));
    let run = |strike| check(simulated(4, strike), CHILDREN, strike);
    let awaits = run(usize::MAX);
    for strike in (0..awaits).step_by(stride) {
        run(strike);
    }
}

/// The same on threads, at awaits by chance: the seed of each run is its number.
#[test]
fn cancelled_on_four_workers_each_child_is_cleaned_up_once() {
    let threads = || Builder::new().workers(4).virtual_time(true);
    let awaits = check(threads(), CHILDREN, usize::MAX);
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..40 {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let strike = usize::try_from(random >> 33).unwrap() % awaits;
        check(threads(), CHILDREN, strike);
    }
}

fn simulated(workers: usize, seed: usize) -> Builder {
    Builder::new()
        .flavour(Flavour::Deterministic)
        .workers(workers)
        .seed(u64::try_from(seed).unwrap())
        .virtual_time(true)
}

/// Runs a group of so many, struck at that await; with how many awaits there were.
fn check(builder: Builder, children: usize, strike: usize) -> usize {
    let ended = builder.run(async move {
        let garden = Arc::new(Garden::new(children, strike));
        let is_cancelled = spawn(season(garden.clone())).await.is_err();
        garden.all_told().await;
        garden.check(is_cancelled);
        let left: Vec<_> = all_tasks().iter().map(TaskRef::name).collect();
        assert_eq!(left, ["main"], "struck at {strike}");
        garden.awaits.load(SeqCst)
    });
    ended.unwrap_or_else(|error| panic!("struck at {strike}: {error}"))
}

/// The task that is cancelled.
async fn season(garden: Arc<Garden>) {
    let gardener = current_task().expect("it is a task");
    let ended = TaskGroup::scope(async |group| {
        for child in 0..garden.beds.len() {
            let bed = group.spawn(tend(garden.clone(), gardener.clone(), child));
            garden.clone().watch(bed.task_ref(), child);
        }
    });
    ended.await.expect("no child fails");
}

/// A child: work, and a cleanup that awaits and is not to be torn.
async fn tend(garden: Arc<Garden>, gardener: TaskRef, child: usize) {
    let step = Step {
        garden: &garden,
        gardener: &gardener,
    };
    garden.beds[child].begun.fetch_add(1, SeqCst);
    let cleanup = async {
        step.take(yield_now()).await;
        step.take(spawn(sleep(MOMENT)))
            .await
            .expect("nobody cancels what is masked");
        garden.beds[child].cleaned_up.fetch_add(1, SeqCst);
    };
    cancel::finally(work(step), cancel::mask(cleanup)).await;
}

/// Each kind of await that a request can meet.
async fn work(step: Step<'_>) {
    step.take(yield_now()).await;
    step.take(sleep(MOMENT)).await;
    let _ = step.take(spawn(yield_now())).await;
    let _ = step.take(timeout(2 * MOMENT, sleep(MOMENT))).await;
    step.take(cancel::mask(sleep(MOMENT))).await;
    let _ = step
        .take(gather([spawn(yield_now()), spawn(sleep(MOMENT))]))
        .await;
    let deferred = Deferred::<()>::new();
    deferred.set_result(()).expect("it is new");
    let _ = step.take(deferred).await;
}

const MOMENT: Duration = Duration::from_millis(1);
const STEPS: usize = 7 + 2;

#[derive(Clone, Copy)]
struct Step<'a> {
    garden: &'a Garden,
    gardener: &'a TaskRef,
}

impl Step<'_> {
    async fn take<F: IntoFuture>(self, next: F) -> F::Output {
        if self.garden.awaits.fetch_add(1, SeqCst) == self.garden.strike {
            self.gardener.cancel();
        }
        next.await
    }
}

/// What the children share, and what became of them.
struct Garden {
    awaits: AtomicUsize,
    strike: usize,
    beds: Vec<Bed>,
}

#[derive(Default)]
struct Bed {
    begun: AtomicUsize,
    cleaned_up: AtomicUsize,
    /// How often its end was told, and to whom its cleanup was not through by then.
    told: AtomicUsize,
    told_too_early: AtomicUsize,
}

impl Garden {
    fn new(children: usize, strike: usize) -> Self {
        Self {
            awaits: AtomicUsize::new(0),
            strike,
            beds: (0..children).map(|_| Bed::default()).collect(),
        }
    }

    fn watch(self: Arc<Self>, task: &TaskRef, child: usize) {
        let observer: Arc<dyn Observer> = self;
        if task.subscribe(&observer, child).is_none() {
            observer.done(child, task.state()); // it has ended, on another worker
        }
    }

    /// Who ends last may be told of before another, whose end is just being told on another worker.
    async fn all_told(&self) {
        for bed in &self.beds {
            while bed.told.load(SeqCst) == 0 {
                yield_now().await;
            }
        }
    }

    /// The task that ran the group has ended.
    fn check(&self, is_cancelled: bool) {
        let strike = self.strike;
        let was_struck = strike < self.awaits.load(SeqCst);
        assert_eq!(is_cancelled, was_struck, "struck at {strike}");
        for (child, bed) in self.beds.iter().enumerate() {
            let [begun, cleaned_up, told, told_too_early] =
                [&bed.begun, &bed.cleaned_up, &bed.told, &bed.told_too_early]
                    .map(|count| count.load(SeqCst));
            assert!(begun <= 1, "child {child}, struck at {strike}");
            assert_eq!(cleaned_up, begun, "child {child}, struck at {strike}");
            assert_eq!(
                (told, told_too_early),
                (1, 0),
                "child {child}, struck at {strike}"
            );
        }
    }
}

impl Observer for Garden {
    fn done(&self, child: usize, _: TaskState) -> Option<Waker> {
        let bed = &self.beds[child];
        bed.told.fetch_add(1, SeqCst);
        if bed.cleaned_up.load(SeqCst) != bed.begun.load(SeqCst) {
            bed.told_too_early.fetch_add(1, SeqCst);
        }
        None
    }
}
