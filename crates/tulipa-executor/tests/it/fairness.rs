//! Nobody starves: not the queue behind two tasks that wake each other, not what comes from outside, not the driver, not main.

use crate::common::{Event, Gate, Log, yield_now};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tulipa_executor::{Driver, Executor, ThreadDriver};
use tulipa_task::{Task, spawn};

fn one_worker() -> [Executor; 3] {
    [
        Executor::builder().workers(1).build().unwrap(),
        Executor::builder().current_thread().build().unwrap(),
        Executor::builder().deterministic(3).build().unwrap(),
    ]
}

/// A flag, and a task that does `step` over and over until it is set.
fn busy<F: Future<Output = ()> + Send>(
    stop: &Arc<AtomicBool>,
    mut step: impl FnMut() -> F + Send + 'static,
) -> Task<()> {
    let stop = stop.clone();
    spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            step().await;
        }
    })
}

/// Two tasks that wake each other over and over, until `stop`.
fn ping_pong(stop: &Arc<AtomicBool>) -> [Task<()>; 2] {
    let (sends, receives): (Vec<_>, Vec<_>) =
        (0..2).map(|_| std::sync::mpsc::channel::<Gate>()).unzip();
    let mut sends = sends.into_iter();
    let mut receives = receives.into_iter();
    let (to_b, to_a) = (sends.next().unwrap(), sends.next().unwrap());
    let (from_a, from_b) = (receives.next().unwrap(), receives.next().unwrap());
    to_a.send(Gate::default()).unwrap();
    let serve = |from: std::sync::mpsc::Receiver<Gate>, to: std::sync::mpsc::Sender<Gate>| {
        let stop = stop.clone();
        async move {
            // Each round: leave the other a gate to open, open the one it left, wait for the own.
            while !stop.load(Ordering::Relaxed) {
                let own = Gate::default();
                if to.send(own.clone()).is_err() {
                    return;
                }
                match from.try_recv() {
                    Ok(gate) => gate.open(),
                    Err(_) => return,
                }
                own.passed().await;
            }
            from.try_iter().for_each(|gate| gate.open());
        }
    };
    [spawn(serve(from_b, to_b)), spawn(serve(from_a, to_a))]
}

#[test]
fn two_tasks_that_wake_each_other_do_not_keep_the_queue_waiting() {
    for executor in one_worker() {
        executor
            .block_on(async {
                let stop = Arc::new(AtomicBool::new(false));
                let pair = ping_pong(&stop);
                let queued: Vec<_> = (0..10).map(|n| spawn(async move { n })).collect();
                for task in queued {
                    task.await.unwrap();
                }
                stop.store(true, Ordering::Relaxed);
                for task in pair {
                    task.cancel();
                    let _ = task.await;
                }
            })
            .unwrap();
    }
}

#[test]
fn what_comes_from_outside_is_taken_while_all_are_busy() {
    for executor in one_worker() {
        let handle = executor.handle().clone();
        executor
            .block_on(async move {
                let stop = Arc::new(AtomicBool::new(false));
                let busy: Vec<_> = (0..3).map(|_| busy(&stop, yield_now)).collect();
                let ends = stop.clone();
                let outside = std::thread::spawn(move || {
                    handle.spawn(async move { ends.store(true, Ordering::Relaxed) })
                });
                for task in busy {
                    task.await.unwrap();
                }
                drop(outside.join().unwrap());
            })
            .unwrap();
    }
}

/// A driver that counts how often it is polled.
#[derive(Default)]
struct Polled {
    thread: ThreadDriver,
    polls: AtomicUsize,
}

impl Driver for Polled {
    fn park(&self) {
        self.thread.park();
    }
    fn poll(&self) {
        self.polls.fetch_add(1, Ordering::Relaxed);
    }
    fn unpark(&self) {
        self.thread.unpark();
    }
}

#[test]
fn the_driver_is_polled_while_all_are_busy() {
    let builders = [
        Executor::builder().workers(1),
        Executor::builder().current_thread(),
        Executor::builder().deterministic(3).workers(2),
    ];
    for builder in builders {
        let driver = Arc::new(Polled::default());
        let executor = builder.driver(driver.clone()).build().unwrap();
        executor
            .block_on(async move {
                while driver.polls.load(Ordering::Relaxed) < 10 {
                    yield_now().await;
                }
            })
            .unwrap();
    }
}

#[test]
fn a_main_that_yields_all_the_time_does_not_keep_others_waiting() {
    for executor in one_worker() {
        executor
            .block_on(async {
                let task = spawn(async {
                    for _ in 0..100 {
                        yield_now().await;
                    }
                });
                while !task.is_done() {
                    yield_now().await;
                }
            })
            .unwrap();
    }
}

#[test]
fn tasks_that_yield_all_the_time_do_not_keep_main_waiting() {
    for executor in one_worker() {
        executor
            .block_on(async {
                let stop = Arc::new(AtomicBool::new(false));
                let busy: Vec<_> = (0..10).map(|_| busy(&stop, yield_now)).collect();
                for _ in 0..100 {
                    yield_now().await;
                }
                stop.store(true, Ordering::Relaxed);
                for task in busy {
                    task.await.unwrap();
                }
            })
            .unwrap();
    }
}

/// In which order one worker runs 300 tasks and those whom an event wakes meanwhile: a letter for each.
fn order_of_tasks_and_events(events: usize) -> String {
    const TASKS: usize = 300;
    let event = Arc::new(Event::default());
    let executor = Executor::builder()
        .workers(1)
        .watchdog(false) // it would have the worker look outside by the time
        .driver(Arc::clone(&event) as Arc<dyn Driver>)
        .build()
        .unwrap();
    let order = Log::new();
    let ran = order.clone();
    let main = async move {
        let letter = |letter, after: Option<Gate>| {
            let ran = ran.clone();
            spawn(async move {
                if let Some(gate) = after {
                    gate.passed().await;
                }
                ran.add(letter);
            })
        };
        let woken: Vec<_> = (0..events)
            .map(|_| letter('e', Some(event.gate.clone())))
            .collect();
        spawn(async {}).await.unwrap(); // they wait by now
        let queued: Vec<_> = (0..TASKS).map(|_| letter('q', None)).collect();
        event.happen();
        for task in woken.into_iter().chain(queued) {
            task.await.unwrap();
        }
    };
    executor.block_on(main).unwrap();
    order.take().into_iter().collect()
}

#[test]
fn whom_an_event_wakes_goes_before_the_queue_three_times_in_four() {
    let order = order_of_tasks_and_events(8);
    let order = order.trim_matches('q');
    assert_eq!(order, "eeeqeeeqee");
}

#[test]
fn what_is_not_run_until_the_next_look_outside_goes_behind_the_queue() {
    let order = order_of_tasks_and_events(200);
    let (before, after) = order.split_at(order.rfind('q').unwrap());
    let first = before.matches('e').count();
    assert!((30..=61).contains(&first), "{order}");
    assert_eq!(after.matches('e').count(), 200 - first);
}
