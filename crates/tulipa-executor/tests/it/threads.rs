//! Threads are started when there is something for them to do, and not before; and what happens where there are none.

use crate::common::{wait_until, yield_now};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use tulipa_executor::{Driver, Executor, ThreadDriver};
use tulipa_task::{ReportKind, spawn};

/// No machine has room for a stack of this size: whoever starts a thread is told.
const TOO_MUCH: usize = 1 << 60;

/// An executor of four workers that has no thread to start, and what its handler has been told. Without a watchdog, which would want
/// one if the system took this thread from its core for long.
fn without_threads() -> (Executor, Arc<Mutex<Vec<String>>>) {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let told = reports.clone();
    let executor = Executor::builder()
        .workers(4)
        .watchdog(false)
        .stack_size(TOO_MUCH)
        .report(move |report| {
            assert_eq!(report.kind(), ReportKind::Told);
            told.lock().unwrap().push(report.to_string());
        })
        .build()
        .unwrap();
    (executor, reports)
}

#[test]
fn who_runs_one_task_at_a_time_needs_no_other_thread() {
    let (executor, reports) = without_threads();
    for n in 0..100 {
        let ended = executor.block_on(async move { spawn(async move { n + 1 }).await.unwrap() });
        assert_eq!(ended.unwrap(), n + 1);
    }
    assert!(
        executor
            .shutdown(std::future::ready(()))
            .unwrap()
            .is_clean()
    );
    assert_eq!(*reports.lock().unwrap(), [""; 0]);
}

#[test]
fn where_there_is_no_thread_the_handler_is_told_once_a_worker_and_main_does_all_the_work() {
    let (executor, reports) = without_threads();
    let ran = executor.block_on(async {
        let tasks: Vec<_> = (0..100)
            .map(|n| {
                spawn(async move {
                    yield_now().await;
                    (n, thread::current().id())
                })
            })
            .collect();
        let mut ran = Vec::new();
        for task in tasks {
            ran.push(task.await.unwrap());
        }
        ran
    });
    let here = thread::current().id();
    assert_eq!(ran.unwrap(), Vec::from_iter((0..100).map(|n| (n, here))));
    let reports = reports.lock().unwrap();
    let workers: HashSet<_> = (1..4)
        .filter(|n| {
            let name = format!("`worker {n}`");
            reports.iter().filter(|told| told.contains(&name)).count() == 1
        })
        .collect();
    assert_eq!((workers.len(), reports.len()), (3, 3), "{reports:?}");
    assert!(
        reports[0].contains("Ask for fewer `workers`"),
        "{reports:?}"
    );
}

#[test]
fn what_nobody_has_a_thread_for_waits_for_the_next_block_on() {
    let (executor, reports) = without_threads();
    let tasks = Vec::from_iter((0..10).map(|n| executor.handle().spawn(async move { n })));
    assert_eq!(reports.lock().unwrap().len(), 3);
    executor.block_on(async {}).unwrap();
    assert!(
        executor
            .shutdown(std::future::pending())
            .unwrap()
            .is_clean()
    );
    let results = tasks.into_iter().map(tulipa_task::Task::result_blocking);
    assert!(results.eq((0..10).map(Ok)));
}

#[test]
fn a_handler_that_panics_as_it_is_told_of_a_missing_thread_costs_nothing() {
    let builder = Executor::builder().workers(3).stack_size(TOO_MUCH);
    let executor = builder
        .report(|_| panic!("not that as well"))
        .build()
        .unwrap();
    let task = executor.handle().spawn(async { 1 });
    executor
        .block_on(async move { assert_eq!(task.await, Ok(1)) })
        .unwrap();
}

#[test]
fn as_many_threads_are_started_as_there_are_workers_at_most() {
    const WORKERS: usize = 4;
    let executor = Executor::builder().workers(WORKERS).build().unwrap();
    for _ in 0..3 {
        // Each waits for all the others: it takes all workers, each on its thread, to end this.
        let meeting = Arc::new(Barrier::new(WORKERS));
        let ids = executor.block_on(async move {
            let tasks: Vec<_> = (1..WORKERS)
                .map(|_| {
                    let meeting = meeting.clone();
                    spawn(async move {
                        meeting.wait();
                        thread::current().id()
                    })
                })
                .collect();
            meeting.wait();
            let mut ids = HashSet::from([thread::current().id()]);
            for task in tasks {
                ids.insert(task.await.unwrap());
            }
            ids
        });
        assert_eq!(ids.unwrap().len(), WORKERS);
    }
}

/// A driver that somebody needs, or not, and that says who is in it.
struct Rung {
    thread: ThreadDriver,
    needed: AtomicBool,
    parks: AtomicUsize,
    parked: Mutex<mpsc::Sender<thread::ThreadId>>,
}

impl Rung {
    fn new(needed: bool) -> (Arc<Self>, mpsc::Receiver<thread::ThreadId>) {
        let (parked, was_parked) = mpsc::channel();
        let driver = Arc::new(Self {
            thread: ThreadDriver::default(),
            needed: AtomicBool::new(needed),
            parks: AtomicUsize::new(0),
            parked: Mutex::new(parked),
        });
        (driver, was_parked)
    }
}

impl Driver for Rung {
    fn park(&self) {
        self.parks.fetch_add(1, Ordering::SeqCst);
        let _ = self.parked.lock().unwrap().send(thread::current().id());
        self.thread.park();
    }

    fn poll(&self) {}

    fn unpark(&self) {
        self.thread.unpark();
    }

    fn is_needed(&self) -> bool {
        self.needed.load(Ordering::SeqCst)
    }
}

#[test]
fn a_driver_that_is_needed_is_attended_from_the_start() {
    let (driver, parked) = Rung::new(true);
    let _executor = Executor::builder()
        .workers(2)
        .driver(driver)
        .build()
        .unwrap();
    assert_ne!(parked.recv().unwrap(), thread::current().id());
}

#[test]
fn a_driver_that_becomes_needed_inside_block_on_is_attended_after_it() {
    let (driver, parked) = Rung::new(false);
    let builder = Executor::builder().workers(2).driver(driver.clone());
    let executor = builder.build().unwrap();
    let needed = driver.clone();
    executor
        .block_on(async move { needed.needed.store(true, Ordering::SeqCst) })
        .unwrap();
    assert_ne!(parked.recv().unwrap(), thread::current().id());
}

#[test]
fn a_driver_that_becomes_needed_outside_is_attended_if_somebody_says_so() {
    let (driver, parked) = Rung::new(false);
    let builder = Executor::builder().workers(2).watchdog(false);
    let executor = builder.driver(driver.clone()).build().unwrap();
    executor.block_on(async {}).unwrap();
    assert!(parked.try_recv().is_err(), "nobody has a use for it");
    driver.needed.store(true, Ordering::SeqCst);
    executor.attend_driver();
    assert_ne!(parked.recv().unwrap(), thread::current().id());
    executor.attend_driver(); // somebody is there, or on his way
    wait_until("it is parked", || driver.parks.load(Ordering::SeqCst) == 1);
}

#[test]
fn a_thread_that_is_started_as_block_on_ends_is_waited_for() {
    for _ in 0..100 {
        let executor = Executor::builder().workers(2).build().unwrap();
        let handle = executor.handle().clone();
        let dropped = Arc::new(());
        let held = dropped.clone();
        let outside = thread::spawn(move || drop(handle.spawn(async move { drop(held) })));
        executor.block_on(async {}).unwrap();
        outside.join().unwrap();
        drop(executor);
        assert_eq!(Arc::strong_count(&dropped), 1);
    }
}
