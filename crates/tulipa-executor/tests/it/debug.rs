//! Debug mode: slow polls by a clock that the tests move, tasks in a circle, the shutdown.

use crate::common::yield_now;
use std::future::pending;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tulipa_executor::{Builder, Driver, Executor, ThreadDriver};
use tulipa_task::{ReportKind, Task, TaskRef, spawn};

/// A clock that is moved by hand.
#[derive(Default)]
struct HandClock {
    thread: ThreadDriver,
    now: Mutex<Duration>,
}

impl HandClock {
    fn pass(&self, millis: u64) {
        *self.now.lock().unwrap() += Duration::from_millis(millis);
    }
}

impl Driver for HandClock {
    fn park(&self) {
        self.thread.park();
    }

    fn poll(&self) {}

    fn unpark(&self) {
        self.thread.unpark();
    }

    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }
}

/// Of what kind each report is, about whom, and what it says.
type Reports = Arc<Mutex<Vec<(ReportKind, String, String)>>>;

/// An executor with that clock, and what it reports.
fn observed(builder: Builder) -> (Executor, Arc<HandClock>, Reports) {
    let (clock, reports) = (Arc::new(HandClock::default()), Reports::default());
    let told = reports.clone();
    let builder = builder.driver(clock.clone()).report(move |report| {
        let failure = format!("{:?}", report.failure());
        let report = (report.kind(), report.task_name(), failure);
        told.lock().unwrap().push(report);
    });
    (builder.build().unwrap(), clock, reports)
}

fn take(reports: &Reports) -> Vec<(ReportKind, String, String)> {
    std::mem::take(&mut *reports.lock().unwrap())
}

/// Tasks by those names, each of which awaits the next, and the last the first.
fn ring(names: &[&'static str]) -> Vec<TaskRef> {
    let (send, receive) = mpsc::channel::<Task<()>>();
    let named = |name: &&'static str| tulipa_task::Builder::new().name(*name);
    let (last, others) = names.split_last().unwrap();
    let mut next = named(last).spawn(async move { receive.recv().unwrap().await.unwrap() });
    let mut tasks = vec![next.task_ref().clone()];
    for name in others.iter().rev() {
        next = named(name).spawn(async { next.await.unwrap() });
        tasks.push(next.task_ref().clone());
    }
    send.send(next).unwrap();
    tasks
}

/// D-02
#[test]
fn each_poll_at_or_over_the_threshold_is_reported_once() {
    let threshold = Duration::from_millis(50);
    let debug = Executor::builder().current_thread().debug(true);
    let (executor, clock, reports) = observed(debug.slow_poll(threshold));
    let of_task = clock.clone();
    let builder = tulipa_task::Builder::new().name("digs");
    executor
        .block_on_with(builder, async move {
            of_task.pass(49);
            yield_now().await;
            of_task.pass(50);
            yield_now().await;
            of_task.pass(1_000);
            let task = spawn(async move { of_task.pass(70) });
            task.set_name("waters");
            task.await.unwrap();
        })
        .unwrap();
    let slow = |name: &str, took: &str| (ReportKind::SlowPoll, name.into(), took.into());
    assert_eq!(
        take(&reports),
        [
            slow("digs", "50ms"),
            slow("digs", "1s"),
            slow("waters", "70ms")
        ]
    );
}

/// D-02: the default is a tenth of a second.
#[test]
fn without_a_threshold_of_ones_own_it_is_a_tenth_of_a_second() {
    let (executor, clock, reports) = observed(Executor::builder().workers(1).debug(true));
    executor
        .block_on(async move {
            clock.pass(99);
            yield_now().await;
            clock.pass(100);
        })
        .unwrap();
    assert_eq!(take(&reports).len(), 1);
}

/// D-02: also a callback.
#[test]
fn a_slow_callback_is_reported() {
    let (executor, clock, reports) = observed(Executor::builder().current_thread().debug(true));
    executor
        .block_on(async move {
            let task = spawn(async {});
            task.add_done_callback(move |_| clock.pass(100));
            task.await.unwrap();
            yield_now().await;
        })
        .unwrap();
    let [(kind, name, took)] = &take(&reports)[..] else {
        panic!("one poll was slow")
    };
    assert_eq!(
        (*kind, name.as_str(), took.as_str()),
        (ReportKind::SlowPoll, "callback", "100ms")
    );
}

/// D-01, D-02, D-08: it is off by default.
#[test]
fn without_debug_mode_nothing_is_said() {
    let builder = Executor::builder().workers(2).slow_poll(Duration::ZERO);
    let (executor, clock, reports) = observed(builder);
    let (send, receive) = mpsc::channel();
    executor
        .block_on(async move {
            clock.pass(1_000);
            send.send(ring(&["hen", "egg"])).unwrap();
            yield_now().await;
        })
        .unwrap();
    let _report = executor.shutdown(std::future::ready(())).unwrap();
    drop(receive.recv().unwrap());
    assert!(
        take(&reports)
            .iter()
            .all(|report| report.0 == ReportKind::UnreadPanic)
    );
}

#[test]
fn tasks_in_a_circle_are_reported_once() {
    let (executor, _, reports) = observed(Executor::builder().current_thread().debug(true));
    let tasks = executor
        .block_on(async {
            let tasks = ring(&["rock", "paper", "scissors"]);
            let outside = ring(&["outside"]).len(); // awaits itself: a panic, not a circle
            assert_eq!(outside, 1);
            yield_now().await;
            yield_now().await;
            for task in &tasks {
                task.cancel();
                task.uncancel(); // polled again, it goes on waiting
            }
            yield_now().await;
            tasks
        })
        .unwrap();
    let mut reported = take(&reports);
    reported.retain(|report| report.0 == ReportKind::Circle);
    let [(_, _, text)] = &reported[..] else {
        panic!("{reported:?}")
    };
    let circles = [
        "`rock` awaits `paper` awaits `scissors` awaits `rock`",
        "`paper` awaits `scissors` awaits `rock` awaits `paper`",
        "`scissors` awaits `rock` awaits `paper` awaits `scissors`",
    ];
    assert!(circles.contains(&text.as_str()), "{text}");
    tasks[0].abort();
}

/// Whoever is last to wait sees the circle, however the workers' steps interleave: else this waits for ever.
#[test]
fn a_circle_that_two_workers_close_at_once_is_seen() {
    let circles = |reports: &Reports| {
        let reports = reports.lock().unwrap();
        let circles = reports
            .iter()
            .filter(|report| report.0 == ReportKind::Circle);
        circles.count()
    };
    for _ in 0..100 {
        let (executor, _, reports) = observed(Executor::builder().workers(2).debug(true));
        let tasks = executor.handle().spawn(async { ring(&["hen", "egg"]) });
        let told = reports.clone();
        let tasks = executor.block_on(async move {
            let tasks = tasks.await.unwrap();
            while circles(&told) == 0 {
                yield_now().await;
            }
            tasks
        });
        tasks.unwrap()[0].abort();
        let _report = executor.shutdown(pending()).unwrap();
        assert_eq!(circles(&reports), 1);
    }
}

/// D-08
#[test]
fn the_shutdown_is_reported_with_who_was_late() {
    let (executor, _, reports) = observed(Executor::builder().workers(1).debug(true));
    let report = executor.shutdown(pending()).unwrap();
    assert!(report.is_clean());
    let text = "shutdown: all ended in time";
    assert_eq!(
        take(&reports),
        [(ReportKind::Shutdown, "shutdown".into(), text.into())]
    );

    let (executor, _, reports) = observed(Executor::builder().workers(1).debug(true));
    let late = executor.handle().spawn(async {
        let _refused = tulipa_task::cancel::catch(pending::<()>()).await;
        pending::<()>().await;
    });
    late.set_name("tortoise");
    let report = executor.shutdown(std::future::ready(())).unwrap();
    assert!(!report.is_clean());
    let [(ReportKind::Shutdown, _, text)] = &take(&reports)[..] else {
        panic!("one report")
    };
    assert!(
        text.contains("`tortoise`") && text.contains("was aborted"),
        "{text}"
    );
}
