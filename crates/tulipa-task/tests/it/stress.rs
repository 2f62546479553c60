//! Plain runs on real threads: wakes, requests, aborts, joins and snapshots at once. Each future is dropped once, each
//! handle resolved, and nothing is listed in the end.

use crate::support::Count;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use tulipa_task::{
    Builder, Deferred, Registry, Report, Runnable, Schedule, Scheduler, SharedTask, Task,
    TaskError, Why, cancel, yield_now,
};

/// A few threads over one queue.
struct Crew {
    ready: Mutex<VecDeque<Runnable>>,
    wanted: Condvar,
    stopped: AtomicBool,
    tasks: Registry,
    reports: Count,
}

impl Schedule for Crew {
    fn schedule(&self, runnable: Runnable, _: Why) {
        self.ready.lock().unwrap().push_back(runnable);
        self.wanted.notify_one();
    }

    fn registry(&self) -> &Registry {
        &self.tasks
    }

    fn report(&self, _: &Report<'_>) {
        self.reports.up();
    }
}

impl Crew {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            ready: Mutex::default(),
            wanted: Condvar::new(),
            stopped: AtomicBool::new(false),
            tasks: Registry::with_shards(2), // fewer than threads, so that some share one
            reports: Count::new(),
        })
    }

    fn work(&self) {
        let _claim = self.tasks.claim();
        while let Some(runnable) = self.next() {
            if let Some(again) = runnable.run() {
                self.schedule(again, Why::Yielded);
            }
        }
    }

    fn next(&self) -> Option<Runnable> {
        let mut ready = self.ready.lock().unwrap();
        loop {
            if let Some(runnable) = ready.pop_front() {
                return Some(runnable);
            }
            if self.stopped.load(Ordering::SeqCst) {
                return None;
            }
            ready = self.wanted.wait(ready).unwrap();
        }
    }

    fn stop(&self) {
        let ready = self.ready.lock().unwrap();
        self.stopped.store(true, Ordering::SeqCst);
        self.wanted.notify_all();
        drop(ready);
    }
}

/// Ends the workers: else the scope would wait for them for ever.
struct StopOnDrop<'a>(&'a Crew);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Runs `scenario` beside three workers; in the end nothing is left.
fn with_crew(scenario: impl FnOnce(&Scheduler, &Crew)) {
    let crew = Crew::new();
    let scheduler = Scheduler::new(crew.clone());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| crew.work());
        }
        let _also_if_it_panics = StopOnDrop(&crew);
        scenario(&scheduler, &crew);
    });
    assert!(
        crew.tasks.is_empty(),
        "{} tasks are still listed",
        crew.tasks.len()
    );
    drop(scheduler);
    assert_eq!(Arc::strong_count(&crew), 1, "cells were not freed");
}

/// Not random, but different enough.
fn mix(number: usize) -> usize {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) % 1009
}

/// Whoever is listed at the moment.
fn cancel_all(crew: &Crew) {
    for task in crew.tasks.snapshot() {
        task.cancel();
    }
}

const TASKS: usize = 2_000;

#[test]
fn requests_aborts_and_joins_meet_tasks_that_run() {
    with_crew(|scheduler, _| {
        let dropped = Count::new();
        let tasks: Vec<Task<usize>> = (0..TASKS)
            .map(|number| {
                let guard = dropped.guard();
                Builder::new().on(scheduler).spawn(async move {
                    let _guard = guard;
                    for _ in 0..mix(number) % 7 {
                        yield_now().await;
                    }
                    number
                })
            })
            .collect();
        let targets: Vec<_> = tasks.iter().map(|task| task.task_ref().clone()).collect();
        let cancelled = thread::scope(|scope| {
            let canceller = scope.spawn(|| {
                targets
                    .iter()
                    .step_by(3)
                    .filter(|task| task.cancel())
                    .count()
            });
            let aborter = scope.spawn(|| {
                targets
                    .iter()
                    .step_by(5)
                    .filter(|task| task.abort())
                    .count()
            });
            let waker = scope.spawn(|| {
                targets
                    .iter()
                    .rev()
                    .for_each(|task| drop(task.awaited_by()))
            });
            waker.join().unwrap();
            canceller.join().unwrap() + aborter.join().unwrap()
        });
        let mut finished = 0;
        for (number, task) in tasks.into_iter().enumerate() {
            match task.result_blocking() {
                Ok(value) => {
                    assert_eq!(value, number);
                    finished += 1;
                }
                Err(error) => assert!(error.is_cancelled(), "{error}"),
            }
        }
        assert!(finished + cancelled >= TASKS);
        assert_eq!(dropped.get(), TASKS);
    });
}

#[test]
fn chains_of_tasks_are_cancelled_from_the_top() {
    let dropped = Count::new();
    with_crew(|scheduler, _| {
        let chains: Vec<_> = (0..200)
            .map(|number| {
                let bottom = Deferred::<usize>::new();
                let mut task = Builder::new().on(scheduler).spawn({
                    let (bottom, guard) = (bottom.clone(), dropped.guard());
                    async move {
                        let _guard = guard;
                        bottom.await
                    }
                });
                for _ in 0..5 {
                    let (inner, guard) = (task, dropped.guard());
                    task = Builder::new().on(scheduler).spawn(async move {
                        let _guard = guard;
                        inner.await?
                    });
                }
                (number, bottom, task)
            })
            .collect();
        let outcomes: Vec<_> = thread::scope(|scope| {
            let setter = scope.spawn(|| {
                chains
                    .iter()
                    .map(|(number, bottom, _)| bottom.set_result(*number).is_ok())
                    .collect::<Vec<_>>()
            });
            let asked: Vec<bool> = chains.iter().map(|(_, _, task)| task.cancel()).collect();
            asked.into_iter().zip(setter.join().unwrap()).collect()
        });
        for ((number, _, task), (asked, _set)) in chains.into_iter().zip(outcomes) {
            match task.result_blocking() {
                Ok(Ok(value)) => {
                    assert_eq!(value, number);
                    assert!(
                        !asked,
                        "a request that was taken is not lost on the way down"
                    );
                }
                Ok(Err(error)) => assert!(error.is_cancelled()),
                Err(error) => assert!(error.is_cancelled()),
            }
        }
    });
    // Not before: a task that was cancelled unpolled has left those further down to themselves (TC-05).
    assert_eq!(dropped.get(), 200 * 6);
}

#[test]
fn handles_are_dropped_while_tasks_end() {
    with_crew(|scheduler, crew| {
        let (futures, outputs) = (Count::new(), Count::new());
        let handles: Vec<_> = (0..TASKS)
            .map(|number| {
                let (future, output) = (futures.guard(), outputs.guard());
                Builder::new().on(scheduler).try_spawn(async move {
                    let _future = future;
                    if mix(number).is_multiple_of(3) {
                        yield_now().await;
                    }
                    if number % 2 == 0 {
                        Ok(output)
                    } else {
                        Err(output)
                    }
                })
            })
            .collect();
        drop(handles);
        while !crew.tasks.is_empty() {
            thread::yield_now();
        }
        crew.stop();
        // The last ones may still be on their way out: the end of `with_crew` waits for them.
        drop((futures, outputs));
    });
}

#[test]
fn every_failure_is_reported_once() {
    let (futures, outputs) = (Count::new(), Count::new());
    let crew = Crew::new();
    let scheduler = Scheduler::new(crew.clone());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| crew.work());
        }
        for number in 0..TASKS {
            let (future, output) = (futures.guard(), outputs.guard());
            let task = Builder::new().on(&scheduler).try_spawn(async move {
                let _future = future;
                if number % 2 == 0 {
                    Ok(output)
                } else {
                    Err(output)
                }
            });
            drop(task);
        }
        crew.stop();
    });
    assert_eq!(
        (futures.get(), outputs.get(), crew.reports.get()),
        (TASKS, TASKS, TASKS / 2)
    );
    assert!(crew.tasks.is_empty());
}

#[test]
fn many_share_a_task_and_leave_it_again() {
    with_crew(|scheduler, _| {
        for _ in 0..100 {
            let gate = Deferred::<u8>::new();
            let shared: SharedTask<u8> = Builder::new()
                .on(scheduler)
                .spawn({
                    let gate = gate.clone();
                    async move { gate.await.unwrap() }
                })
                .shared();
            let readers: Vec<_> = (0..10)
                .map(|number| {
                    let shared = shared.clone();
                    Builder::new().on(scheduler).spawn(async move {
                        if number % 2 == 0 {
                            // Gives up after one turn: its place in the list goes while the task may be ending.
                            futures::future::select(shared, yield_now()).await;
                            return Ok(0);
                        }
                        shared.await
                    })
                })
                .collect();
            thread::scope(|scope| {
                scope.spawn(|| drop(shared.awaited_by()));
                scope.spawn(|| gate.set_result(7));
            });
            for (number, reader) in readers.into_iter().enumerate() {
                let expected = if number % 2 == 0 { 0 } else { 7 };
                assert_eq!(reader.result_blocking(), Ok(Ok(expected)));
            }
        }
    });
}

#[test]
fn snapshots_cancel_whatever_they_find() {
    with_crew(|scheduler, crew| {
        let dropped = Count::new();
        let handles = Mutex::new(Vec::new());
        let spawned = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..TASKS / 2 {
                        let guard = dropped.guard();
                        let task = Builder::new().on(scheduler).spawn(async move {
                            let _guard = guard;
                            let _once = cancel::catch(std::future::pending::<()>()).await;
                            std::future::pending::<()>().await;
                        });
                        handles.lock().unwrap().push(task);
                    }
                    spawned.store(true, Ordering::SeqCst);
                });
            }
            scope.spawn(|| {
                while !spawned.load(Ordering::SeqCst) {
                    cancel_all(crew);
                }
            });
        });
        // Each refuses once: whoever is left needs a second request, or a third where two became one.
        while !crew.tasks.is_empty() {
            cancel_all(crew);
            thread::yield_now();
        }
        for task in handles.into_inner().unwrap() {
            assert!(matches!(
                task.result_blocking(),
                Err(TaskError::Cancelled(_))
            ));
        }
        assert_eq!(dropped.get(), TASKS);
    });
}
