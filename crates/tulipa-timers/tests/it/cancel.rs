//! What the futures do about a cancel request when a tulipa task awaits them: TC-07, TC-11, S-05, S-06.

use crate::support::{secs, timers};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tulipa_task::doctest::Queue;
use tulipa_task::{Builder, Scheduler, Task, cancel, current_task};
use tulipa_timers::Timers;

/// Timers, and a queue of tasks that is run by hand.
struct Scene {
    timers: Timers,
    queue: Arc<Queue>,
    scheduler: Scheduler,
}

impl Scene {
    fn new() -> Self {
        let queue = Queue::new();
        Self {
            timers: timers(),
            scheduler: Scheduler::new(queue.clone()),
            queue,
        }
    }

    /// A task that has run as far as it can.
    fn run<F>(&self, body: impl FnOnce(Timers) -> F) -> Task<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let task = Builder::new()
            .on(&self.scheduler)
            .spawn(body(self.timers.clone()));
        self.queue.run();
        task
    }
}

/// S-05
#[test]
fn cancelling_a_sleeping_task_disarms_its_timer() {
    let scene = Scene::new();
    let task = scene.run(|timers| async move { timers.sleep(secs(1)).await });
    assert_eq!(scene.timers.count(), 1);
    task.cancel();
    scene.queue.run();
    assert!(task.is_cancelled());
    assert_eq!(scene.timers.count(), 0);
}

/// S-06
#[test]
fn a_suspended_sleep_stays_pending_under_a_request_even_if_its_time_has_come() {
    let scene = Scene::new();
    let task =
        scene.run(|timers| async move { cancel::catch(timers.sleep(secs(1))).await.is_err() });
    assert_eq!(scene.timers.advance(secs(1)), 1);
    task.cancel();
    scene.queue.run();
    assert!(matches!(task.result(), Ok(Ok(true))));
    assert_eq!(scene.timers.count(), 0);
}

/// S-06
#[test]
fn a_sleep_of_nothing_stays_pending_under_a_request() {
    let scene = Scene::new();
    let task = Builder::new().on(&scene.scheduler).spawn({
        let timers = scene.timers.clone();
        async move { cancel::catch(timers.sleep(Duration::ZERO)).await.is_err() }
    });
    scene.queue.step();
    task.cancel();
    scene.queue.run();
    assert!(matches!(task.result(), Ok(Ok(true))));
}

#[test]
fn a_suspended_tick_stays_pending_under_a_request_and_is_not_lost() {
    let scene = Scene::new();
    let task = scene.run(|timers| async move {
        let mut ticks = timers.interval(secs(1));
        let first = ticks.tick().await;
        let was_cancelled = cancel::catch(ticks.tick()).await.is_err();
        (was_cancelled, ticks.tick().await - first)
    });
    scene.timers.advance(secs(1));
    task.cancel();
    scene.queue.run();
    assert!(matches!(task.result(), Ok(Ok((true, after))) if *after == secs(1)));
}

#[test]
fn a_tick_that_is_due_on_its_first_poll_takes_no_notice_of_a_request() {
    let scene = Scene::new();
    let task = scene.run(|timers| async move {
        let mut ticks = timers.interval(secs(1));
        current_task().unwrap().cancel();
        ticks.tick().await; // ready, and the request is still there
        cancel::catch(ticks.tick()).await.is_err()
    });
    assert!(matches!(task.result(), Ok(Ok(true))));
}

#[test]
fn a_tick_that_another_waited_for_takes_no_notice_on_its_own_first_poll() {
    let scene = Scene::new();
    let task = scene.run(|timers| async move {
        let mut ticks = timers.interval_at(timers.now() + secs(1), secs(1));
        let _ = futures::poll!(ticks.tick()); // armed, and given up
        timers.clock().advance(secs(1));
        current_task().unwrap().cancel();
        ticks.tick().await;
        cancel::catch(timers.sleep(secs(1))).await.is_err()
    });
    assert!(matches!(task.result(), Ok(Ok(true))));
}

/// The request goes to somebody beside the sleep, after that was polled. Its wake was spent, and only itself can make
/// up for it: among futures that are polled only when they were woken, it would be forgotten.
#[test]
fn a_sleep_that_was_held_back_is_polled_again_if_the_request_goes_elsewhere() {
    let scene = Scene::new();
    let task = scene.run(|timers| async move {
        let mut sleeps = FuturesUnordered::from_iter([timers.sleep(secs(1))]);
        poll_fn(|cx| {
            let woken = sleeps.poll_next_unpin(cx);
            drop(cancel::take_request());
            woken
        })
        .await
    });
    scene.timers.advance(secs(1));
    task.cancel();
    scene.queue.run();
    assert!(task.is_done());
}
