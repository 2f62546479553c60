//! `all_tasks` and the registry behind it.

use crate::support::{Bench, panic_of};
use proptest::prelude::*;
use std::collections::HashSet;
use std::future::pending;
use std::sync::{Arc, Barrier, Mutex};
use tulipa_task::{
    Builder, Deferred, Registry, Runnable, Schedule, Scheduler, Task, TaskId, Why, all_tasks,
};

/// AL-01
#[test]
fn all_tasks_lists_what_lives_the_asker_included() {
    let bench = Bench::new();
    let _waiting = Deferred::<u8>::new();
    let names = bench.spawn(async {
        let _new = Builder::new().name("new").spawn(async {});
        all_tasks()
            .iter()
            .map(|task| task.name())
            .collect::<HashSet<_>>()
    });
    names.set_name("asker");
    let done = bench.spawn(async {});
    done.set_name("done");
    bench.step();
    let listed = names.result().unwrap().unwrap();
    assert_eq!(
        *listed,
        HashSet::from(["asker", "new", "done"].map(str::to_owned))
    );
    bench.run();
}

/// AL-02
#[test]
fn a_task_is_listed_until_it_is_done() {
    let bench = Bench::new();
    let task = bench.spawn(pending::<()>());
    bench.run();
    task.cancel();
    assert_eq!(
        bench.scheduler.registry().snapshot(),
        [task.task_ref().clone()],
        "being cancelled"
    );
    bench.run();
    assert!(
        bench.scheduler.registry().snapshot().is_empty() && bench.scheduler.registry().is_empty()
    );
}

/// AL-03, AL-04
#[test]
fn a_snapshot_is_of_one_executor_and_does_not_change() {
    let (bench, other) = (Bench::new(), Bench::new());
    let (task, _elsewhere) = (bench.spawn(async {}), other.spawn(async {}));
    let registry = bench.scheduler.registry();
    let mut snapshot = registry.snapshot();
    assert_eq!(snapshot, [task.task_ref().clone()]);
    bench.run();
    let later = bench.spawn(async {});
    assert_eq!(
        snapshot,
        [task.task_ref().clone()],
        "what happens later is not in it"
    );
    snapshot.clear();
    for _ in 0..2 {
        assert_eq!(
            registry.snapshot(),
            [later.task_ref().clone()],
            "nor is what is done to it"
        );
    }
    bench.run();
    other.run();
}

/// AL-05
#[test]
fn all_tasks_outside_of_a_runtime_panics_with_the_remedy() {
    let told = panic_of(all_tasks);
    assert!(
        told.contains("outside of a runtime") && told.contains("handle"),
        "{told}"
    );
}

#[test]
fn threads_beyond_the_shards_share_one() {
    let registry = Registry::with_shards(1);
    let (first, second) = (registry.claim(), registry.claim());
    assert!(!format!("{first:?}").contains("NOTHING") && format!("{second:?}").contains("Claim"));
}

/// An executor that keeps what it is given.
struct Kept(Registry, Mutex<Vec<Runnable>>);

impl Schedule for Kept {
    fn schedule(&self, runnable: Runnable, _: Why) {
        self.1.lock().unwrap().push(runnable);
    }
    fn registry(&self) -> &Registry {
        &self.0
    }
}

fn kept(shards: usize) -> (Arc<Kept>, Scheduler) {
    let kept = Arc::new(Kept(Registry::with_shards(shards), Mutex::default()));
    let scheduler = Scheduler::new(kept.clone());
    (kept, scheduler)
}

/// Each of `threads` lists tasks as the owner of whatever shard it believes it has; all must be there.
fn assert_nobody_shares(kept: &Arc<Kept>, scheduler: &Scheduler, here: usize) {
    let tasks: Vec<_> = (0..here)
        .map(|_| Builder::new().on(scheduler).spawn(pending::<()>()))
        .collect();
    let claimed = Barrier::new(2);
    let others = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let _claim = kept.0.claim();
            claimed.wait();
            (0..100)
                .map(|_| Builder::new().on(scheduler).spawn(pending::<()>()))
                .collect::<Vec<_>>()
        });
        claimed.wait();
        let here: Vec<_> = (0..100)
            .map(|_| Builder::new().on(scheduler).spawn(pending::<()>()))
            .collect();
        (other.join().unwrap(), here)
    });
    let listed: HashSet<_> = kept.0.snapshot().iter().map(|task| task.id()).collect();
    let all = tasks.iter().chain(&others.0).chain(&others.1);
    assert!(all.clone().all(|task| listed.contains(&task.id())));
    assert_eq!(listed.len(), all.count());
    kept.1.lock().unwrap().drain(..).for_each(drop);
    assert!(kept.0.is_empty());
}

#[test]
fn claims_dropped_out_of_order_give_nobody_a_shard_twice() {
    let (kept, scheduler) = kept(2);
    let (first, second) = (kept.0.claim(), kept.0.claim());
    drop(first);
    drop(second);
    assert_nobody_shares(&kept, &scheduler, 3);
}

#[test]
fn a_forgotten_claim_stays_its_threads() {
    let (kept, scheduler) = kept(2);
    std::mem::forget(kept.0.claim());
    assert_nobody_shares(&kept, &scheduler, 3);
}

#[test]
fn a_claim_of_one_registry_is_none_of_another() {
    let (one, _) = kept(2);
    let (two, scheduler) = kept(2);
    let _claim = one.0.claim();
    assert_nobody_shares(&two, &scheduler, 3);
}

#[test]
fn a_snapshot_taken_while_threads_spawn_and_end_finds_whoever_lives_throughout() {
    let (kept, scheduler) = kept(2);
    let long: Vec<_> = (0..50)
        .map(|_| Builder::new().on(&scheduler).spawn(pending::<()>()))
        .collect();
    let parked: Vec<Runnable> = kept.1.lock().unwrap().drain(..).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let _claim = kept.0.claim();
                for _ in 0..500 {
                    Builder::new().on(&scheduler).spawn(async {}).detach();
                    let next = kept.1.lock().unwrap().pop(); // perhaps another's: the slot goes back from afar
                    if let Some(runnable) = next {
                        assert!(runnable.run().is_none());
                    }
                }
            });
        }
        for _ in 0..200 {
            let listed: HashSet<TaskId> = kept.0.snapshot().iter().map(|task| task.id()).collect();
            assert!(long.iter().all(|task| listed.contains(&task.id())));
        }
    });
    kept.1
        .lock()
        .unwrap()
        .drain(..)
        .for_each(|runnable| assert!(runnable.run().is_none()));
    parked.into_iter().for_each(drop);
    assert!(kept.0.is_empty());
}

/// What threads do with a registry, one at a time.
#[derive(Debug, Clone)]
enum Action {
    Spawn { by: usize },
    End { which: usize, by: usize },
    Claim { by: usize },
    Unclaim { by: usize },
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0..THREADS).prop_map(|by| Action::Spawn { by }),
        3 => (any::<usize>(), 0..THREADS).prop_map(|(which, by)| Action::End { which, by }),
        1 => (0..THREADS).prop_map(|by| Action::Claim { by }),
        1 => (0..THREADS).prop_map(|by| Action::Unclaim { by }),
    ]
}

const THREADS: usize = 3;

type Order = Box<dyn FnOnce(&mut Vec<tulipa_task::Claim<'static>>) + Send>;

/// A thread that does what it is told, and says when it has.
struct Hand(
    std::sync::mpsc::Sender<Order>,
    std::sync::mpsc::Receiver<()>,
);

impl Hand {
    fn new() -> Self {
        let (tell, orders) = std::sync::mpsc::channel::<Order>();
        let (done, hear) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut claims = Vec::new();
            for order in orders {
                order(&mut claims);
                done.send(()).unwrap();
            }
        });
        Self(tell, hear)
    }

    fn act(&self, order: impl FnOnce(&mut Vec<tulipa_task::Claim<'static>>) + Send + 'static) {
        self.0.send(Box::new(order)).unwrap();
        self.1.recv().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Against a set.
    #[test]
    fn it_lists_what_a_set_would(actions in proptest::collection::vec(action(), 1..80)) {
        let kept: &'static Arc<Kept> = Box::leak(Box::new(kept(2).0));
        let scheduler = Scheduler::new(kept.clone());
        let hands: Vec<_> = (0..THREADS).map(|_| Hand::new()).collect();
        let mut model: Vec<Task<()>> = Vec::new();
        for action in actions {
            match action {
                Action::Spawn { by } => {
                    let (scheduler, made) = (scheduler.clone(), Arc::new(Mutex::new(None)));
                    let slot = made.clone();
                    hands[by].act(move |_| *slot.lock().unwrap() = Some(Builder::new().on(&scheduler).spawn(async {})));
                    model.extend(made.lock().unwrap().take());
                }
                Action::End { which, by } if !model.is_empty() => {
                    let task = model.swap_remove(which % model.len());
                    let mut runnables = kept.1.lock().unwrap();
                    let place = runnables.iter().position(|runnable| runnable.task() == *task.task_ref()).unwrap();
                    let runnable = runnables.swap_remove(place);
                    drop(runnables);
                    hands[by].act(move |_| assert!(runnable.run().is_none()));
                }
                Action::End { .. } => {}
                Action::Claim { by } => hands[by].act(|claims| claims.push(kept.0.claim())),
                Action::Unclaim { by } => hands[by].act(|claims| drop(claims.pop())),
            }
            let listed: HashSet<_> = kept.0.snapshot().iter().map(|task| task.id()).collect();
            let expected: HashSet<_> = model.iter().map(|task| task.id()).collect();
            prop_assert_eq!(&listed, &expected);
            prop_assert_eq!(kept.0.len(), expected.len());
        }
        kept.1.lock().unwrap().drain(..).for_each(drop);
    }
}
