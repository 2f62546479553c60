//! Virtual time on every flavour: it moves when nothing can run, and only then.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::Duration;
use tulipa::{
    Builder, Deferred, Ending, Flavour, TaskExt as _, cancel, gather, interval, sleep, spawn, time,
    timeout, to_thread, wait_for, wrap_thread, yield_now,
};

const FLAVOURS: [(Flavour, usize); 6] = [
    (Flavour::CurrentThread, 1),
    (Flavour::Deterministic, 1),
    (Flavour::Deterministic, 4),
    (Flavour::MultiThread, 1),
    (Flavour::MultiThread, 2),
    (Flavour::MultiThread, 4),
];

pub(crate) fn on_each(test: impl AsyncFn() + Copy + 'static) {
    for (flavour, workers) in FLAVOURS {
        let builder = Builder::new()
            .flavour(flavour)
            .workers(workers)
            .virtual_time(true);
        let ended = builder.run(async move { test().await });
        ended.expect("nobody cancels it");
    }
}

/// S-08
#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    on_each(async || {
        let began = time::now();
        let tasks = [30, 10, 20].map(|seconds| {
            spawn(async move {
                sleep(Duration::from_secs(seconds)).await;
                (time::now() - began).as_secs()
            })
        });
        assert_eq!(gather(tasks).await, Ok(vec![30, 10, 20]));
    });
}

#[test]
fn a_century_passes_at_once() {
    on_each(async || {
        let century = Duration::from_secs(100 * 365 * 24 * 3600);
        let began = time::now();
        sleep(century).await;
        assert_eq!(time::now() - began, century);
    });
}

#[test]
fn an_interval_ticks_on_time() {
    on_each(async || {
        let began = time::now();
        let mut ticks = interval(Duration::from_secs(60));
        for minute in 0..5 {
            ticks.tick().await;
            assert_eq!((time::now() - began).as_secs(), minute * 60);
        }
    });
}

#[test]
fn limits_pass_in_virtual_time() {
    on_each(async || {
        let began = time::now();
        assert!(
            timeout(Duration::from_secs(5), sleep(Duration::from_secs(9)))
                .await
                .is_err()
        );
        assert!(
            wait_for(spawn(sleep(Duration::from_secs(9))), Duration::from_secs(5))
                .await
                .is_err()
        );
        assert_eq!((time::now() - began).as_secs(), 10);
    });
}

/// Cancel, wait, abort; the flavour decides nothing.
#[test]
fn cancel_within_says_who_was_late() {
    on_each(async || {
        let [quick, slow] = [5, 50].map(|seconds| {
            let begun = Deferred::<()>::new();
            let task = spawn({
                let begun = begun.clone();
                cancel::finally(
                    async move {
                        begun.set_result(()).unwrap();
                        pending::<()>().await
                    },
                    sleep(Duration::from_secs(seconds)),
                )
            });
            (begun, task)
        });
        for (begun, _) in [&quick, &slow] {
            begun.clone().await.unwrap();
        }
        let began = time::now();
        let grace = Duration::from_secs(10);
        let ending = quick.1.cancel_within(grace).await;
        assert!(matches!(ending, Ending::Cancelled(_)), "{ending:?}");
        assert_eq!(slow.1.cancel_within(grace).await, Ending::Aborted);
        assert_eq!((time::now() - began).as_secs(), 5 + 10);
    });
}

/// Whatever can run comes before the next moment, on any number of workers.
#[test]
fn time_stands_still_while_a_task_can_run() {
    on_each(async || {
        let began = time::now();
        let turns = Arc::new(AtomicUsize::new(0));
        let busy = [(); 3].map(|()| {
            let turns = turns.clone();
            spawn(async move {
                for _ in 0..500 {
                    yield_now().await;
                    turns.fetch_add(1, SeqCst);
                }
                assert_eq!(time::now(), began);
            })
        });
        sleep(Duration::from_nanos(1)).await;
        assert_eq!(turns.load(SeqCst), 3 * 500);
        assert!(gather(busy).await.is_ok());
    });
}

/// A blocking job in flight holds the clock, and so does what its end makes possible: here the next job, begun by whoever
/// awaited the one before.
#[test]
fn time_stands_still_while_a_blocking_job_is_in_flight() {
    on_each(async || {
        let began = time::now();
        let chains = [(); 3].map(|()| {
            spawn(async move {
                for _ in 0..20 {
                    let job = to_thread(|| (0..100).for_each(|_| std::thread::yield_now()));
                    job.await.unwrap();
                    assert_eq!(time::now(), began);
                }
            })
        });
        sleep(Duration::from_nanos(1)).await;
        let [first, second, third] = &chains;
        assert!(first.is_done() && second.is_done() && third.is_done());
        assert!(gather(chains).await.is_ok());
    });
}

/// Cancelled, a job is no longer awaited, but it runs, and what it does next may be for somebody.
#[test]
fn time_stands_still_while_a_job_that_was_given_up_runs() {
    on_each(async || {
        let (told, hear) = mpsc::channel();
        let (finish, finished) = mpsc::channel::<()>();
        let (begun, began) = wrap_thread();
        let job = spawn(to_thread(move || {
            begun.set_result(()).unwrap();
            let _ = finished.recv();
            told.send(()).unwrap();
        }));
        began.await.unwrap();
        job.cancel();
        assert!(job.await.unwrap_err().is_cancelled());
        drop(finish);
        sleep(Duration::from_nanos(1)).await;
        assert!(hear.try_recv().is_ok(), "the job came first");
    });
}
