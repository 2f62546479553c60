//! An idle executor does nothing at all, and what one worker can do alone wakes nobody else. Counted, not timed.

use crate::common::{Log, asleep, wait_until, wait_until_asleep, yield_now};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{ThreadId, current};
use tulipa_executor::{Driver, Executor, ThreadDriver};
use tulipa_task::spawn;

/// Counts what is asked of it.
#[derive(Default)]
struct Counted {
    thread: ThreadDriver,
    parks: AtomicUsize,
    unparks: AtomicUsize,
}

impl Counted {
    fn counts(&self) -> [usize; 2] {
        [&self.parks, &self.unparks].map(|count| count.load(Ordering::SeqCst))
    }
}

impl Driver for Counted {
    fn park(&self) {
        self.parks.fetch_add(1, Ordering::SeqCst);
        self.thread.park();
    }
    fn poll(&self) {}
    fn unpark(&self) {
        self.unparks.fetch_add(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// Four workers, and no watchdog, which would wake one if the system took the other from its core for long.
fn counted() -> Executor {
    let builder = Executor::builder().workers(4).watchdog(false);
    builder.build().unwrap()
}

#[test]
fn idle_workers_sleep_and_one_of_them_is_in_the_driver() {
    let driver = Arc::new(Counted::default());
    let executor = Executor::builder()
        .workers(4)
        .watchdog(false) // it would wake one if the system took the other from its core for long
        .driver(driver.clone())
        .build()
        .unwrap();
    wait_until("one parks in the driver", || driver.counts()[0] == 1);
    let before = executor.handle().stats();
    for _ in 0..1_000 {
        std::thread::yield_now(); // if anybody spun or was woken, it would show
    }
    assert_eq!(executor.handle().stats(), before);
    assert_eq!(driver.counts(), [1, 0]);
}

/// Who asks the driver, and whether to stay there.
struct Asked {
    thread: ThreadDriver,
    by: Log<(ThreadId, &'static str)>,
}

impl Driver for Asked {
    fn park(&self) {
        self.by.add((current().id(), "park"));
        self.thread.park();
    }
    fn poll(&self) {
        self.by.add((current().id(), "poll"));
    }
    fn unpark(&self) {
        self.thread.unpark();
    }
}

/// What the others do may cause events: it looks for one before it falls asleep, and sleeps all the same if there is none.
#[test]
fn who_has_nothing_to_do_while_others_work_asks_the_driver_and_then_sleeps() {
    let driver = Arc::new(Asked {
        thread: ThreadDriver::default(),
        by: Log::new(),
    });
    let builder = Executor::builder().workers(2).watchdog(false);
    let executor = builder.driver(driver.clone()).build().unwrap();
    let home = current().id();
    let by_other = executor.block_on(async move {
        // Both are for the other worker, as this poll does not end before it sleeps.
        let tasks = [(); 2].map(|()| {
            let driver = driver.clone();
            spawn(async move { drop(driver.by.take()) }) // what was before
        });
        wait_until("they have ended", || {
            tasks.iter().all(|task| task.is_done())
        });
        let mut by_other = Vec::new();
        wait_until("the other worker sleeps at the helm", || {
            let asked = driver.by.take().into_iter();
            by_other.extend(asked.filter_map(|(by, what)| (by != home).then_some(what)));
            by_other.contains(&"park")
        });
        by_other
    });
    let mut by_other = by_other.unwrap();
    by_other.dedup(); // a park may end for no reason
    assert_eq!(by_other, ["poll", "park"]);
}

#[test]
fn a_task_spawned_and_awaited_wakes_no_other_worker() {
    let executor = counted();
    wait_until_asleep(&executor, 3);
    executor
        .block_on(async {
            for n in 0..1_000 {
                assert_eq!(spawn(async move { n }).await.unwrap(), n);
            }
        })
        .unwrap();
    assert_eq!(asleep(&executor.handle().stats()), 3);
    assert_eq!(executor.handle().stats().wakes(), 0);
}

#[test]
fn a_task_that_yields_alone_wakes_no_other_worker() {
    let executor = counted();
    wait_until_asleep(&executor, 3);
    executor
        .block_on(async {
            spawn(async {
                for _ in 0..1_000 {
                    yield_now().await;
                }
            })
            .await
            .unwrap();
        })
        .unwrap();
    assert_eq!(executor.handle().stats().wakes(), 0);
}

#[test]
fn one_task_from_outside_wakes_one_worker() {
    let executor = counted();
    for round in 1..=100 {
        wait_until_asleep(&executor, 3);
        assert_eq!(
            executor.handle().spawn(async { 1 }).result_blocking(),
            Ok(1)
        );
        wait_until_asleep(&executor, 3);
        assert_eq!(executor.handle().stats().wakes(), round);
    }
}

#[test]
fn the_worker_in_the_driver_is_woken_last() {
    let driver = Arc::new(Counted::default());
    let executor = Executor::builder()
        .workers(3)
        .driver(driver.clone())
        .build()
        .unwrap();
    for _ in 0..100 {
        wait_until_asleep(&executor, 2);
        assert_eq!(
            executor.handle().spawn(async { 1 }).result_blocking(),
            Ok(1)
        );
    }
    wait_until_asleep(&executor, 2);
    assert_eq!(driver.counts(), [1, 0], "it stayed there");
}
