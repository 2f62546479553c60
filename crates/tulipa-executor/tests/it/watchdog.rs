//! What a worker leaves behind while it is stuck in a poll is taken over by another. Each test is stuck for ever if nobody comes.

use crate::common::{Gate, wait_until, wait_until_asleep};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use tulipa_executor::{Driver, Executor, ThreadDriver};
use tulipa_task::{Deferred, spawn};

#[test]
fn a_task_in_the_next_slot_of_a_blocked_worker_runs_on_another() {
    let executor = Executor::builder().workers(2).build().unwrap();
    let (tell, told) = mpsc::channel();
    let gate = Gate::default();
    let passed = gate.passed();
    let task = executor.handle().spawn(async move {
        passed.await;
        tell.send("I ran").unwrap();
    });
    wait_until("it waits", || executor.handle().stats().polls() == 1);
    executor
        .block_on(async move {
            wait_until_others_sleep(1);
            gate.open(); // it is this worker's next, so that nobody is woken
            assert_eq!(told.recv(), Ok("I ran"));
        })
        .unwrap();
    assert!(task.result_blocking().is_ok());
}

#[test]
fn a_task_spawned_by_a_poll_that_blocks_then_runs_on_another_worker() {
    let executor = Executor::builder().workers(3).build().unwrap();
    executor
        .block_on(async {
            wait_until_others_sleep(2);
            let (tell, told) = mpsc::channel();
            let task = spawn(async move { tell.send("I ran").unwrap() });
            assert_eq!(told.recv(), Ok("I ran"));
            task.await.unwrap();
        })
        .unwrap();
}

#[test]
fn the_driver_is_attended_while_its_last_visitor_is_blocked() {
    let bell = Arc::new(Doorbell::default());
    let builder = Executor::builder().workers(3).driver(bell.clone());
    let executor = builder.build().unwrap();
    let (tell, told) = mpsc::channel();
    let second = executor.handle().spawn({
        let bell = bell.clone();
        async move {
            bell.rings(2).await;
            tell.send("I heard the second").unwrap();
        }
    });
    let first = executor.handle().spawn({
        let bell = bell.clone();
        async move {
            bell.rings(1).await;
            // This worker has just left the driver. While it is blocked here, the other has to go there.
            bell.ring();
            told.recv().unwrap()
        }
    });
    wait_until("both wait", || executor.handle().stats().polls() == 2);
    wait_until_asleep(&executor, 2);
    bell.ring();
    assert_eq!(first.result_blocking(), Ok("I heard the second"));
    assert!(second.result_blocking().is_ok());
}

#[test]
fn tasks_that_are_never_pending_give_way_to_another() {
    let executor = Executor::builder().workers(2).build().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let set = Deferred::<()>::new();
    set.set_result(()).unwrap();
    let busy = |stop: Arc<AtomicBool>| {
        let set = set.clone();
        async move {
            while !stop.load(Ordering::SeqCst) {
                set.clone().await.unwrap();
            }
        }
    };
    let other = executor.handle().spawn(busy(stop.clone()));
    wait_until("it runs", || executor.handle().stats().polls() > 0);
    let main = busy(stop.clone());
    executor
        .block_on(async move {
            // Both workers are busy now. Nobody is left to run this.
            spawn(async move { stop.store(true, Ordering::SeqCst) }).detach();
            main.await;
            other.await.unwrap();
        })
        .unwrap();
}

#[test]
fn it_goes_on_watching_after_it_dozed() {
    let executor = Executor::builder().workers(2).build().unwrap();
    for _ in 0..3 {
        wait_until_asleep(&executor, 1);
        executor
            .block_on(async {
                wait_until_others_sleep(1);
                let (tell, told) = mpsc::channel();
                let task = spawn(async move { tell.send(()).unwrap() });
                assert_eq!(told.recv(), Ok(()));
                task.await.unwrap();
            })
            .unwrap();
    }
}

#[test]
fn without_it_what_a_worker_has_next_waits_for_that_worker() {
    let executor = Executor::builder().workers(2).watchdog(false).build();
    let executor = executor.unwrap();
    executor
        .block_on(async {
            wait_until_others_sleep(1);
            let ran = Arc::new(AtomicBool::new(false));
            let of_task = ran.clone();
            let task = spawn(async move { of_task.store(true, Ordering::SeqCst) });
            for _ in 0..1_000 {
                std::thread::yield_now();
            }
            assert!(!ran.load(Ordering::SeqCst));
            task.await.unwrap();
        })
        .unwrap();
}

/// Waits, inside `block_on`, until all workers but this one sleep.
fn wait_until_others_sleep(workers: u64) {
    let handle = tulipa_executor::Handle::current().unwrap();
    wait_until("the others fall asleep", || {
        crate::common::asleep(&handle.stats()) == workers
    });
}

/// A driver whose event is a bell that rings.
#[derive(Default)]
struct Doorbell {
    thread: ThreadDriver,
    state: Mutex<Rings>,
}

#[derive(Default)]
struct Rings {
    rung: usize,
    heard: usize,
    /// Each for a number of rings.
    waiting: Vec<(usize, Waker)>,
}

impl Doorbell {
    fn ring(&self) {
        self.state.lock().unwrap().rung += 1;
        self.thread.unpark();
    }

    async fn rings(&self, times: usize) {
        std::future::poll_fn(|cx| {
            let mut state = self.state.lock().unwrap();
            if state.heard >= times {
                return Poll::Ready(());
            }
            state.waiting.push((times, cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl Driver for Doorbell {
    fn park(&self) {
        self.thread.park();
        self.poll();
    }

    fn poll(&self) {
        let mut state = self.state.lock().unwrap();
        state.heard = state.rung;
        let heard = state.heard;
        let due: Vec<_> = (state.waiting)
            .extract_if(.., |(times, _)| *times <= heard)
            .collect();
        drop(state);
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn unpark(&self) {
        self.thread.unpark();
    }
}
