//! Panics in every piece of code of the user's that the crate runs: each costs its own task at most, and never whoever runs it.

use crate::support::{Bench, Bomb, Count, Foreign, panic_of};
use std::fmt;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use tulipa_task::{
    Deferred, Observer, Panic, Registry, Report, Runnable, Schedule, Scheduler, Task, TaskError,
    TaskState, Why, context_var, yield_now,
};

#[track_caller]
fn panic_in<T: fmt::Debug, E: fmt::Debug>(task: &Task<T, E>) -> &Panic {
    match task.result() {
        Ok(Err(TaskError::Panicked(panic))) => panic,
        other => panic!("{other:?}"),
    }
}

/// Another task of the same executor still works.
fn assert_goes_on(bench: &Bench) {
    let task = bench.spawn(async {
        yield_now().await;
        1
    });
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&1)));
}

#[test]
fn a_panic_in_a_poll_ends_the_task_and_drops_its_future() {
    let bench = Bench::new();
    let dropped = Count::new();
    let task = bench.spawn({
        let guard = dropped.guard();
        async move {
            let _guard = guard;
            yield_now().await;
            panic!("out of {}", "tulips")
        }
    });
    bench.run();
    assert_eq!((task.state(), dropped.get()), (TaskState::Panicked, 1));
    assert_eq!(panic_in::<(), _>(&task).message(), Some("out of tulips"));
    assert_goes_on(&bench);
}

#[test]
fn a_panic_in_the_futures_destructor_takes_the_place_of_the_value() {
    let bench = Bench::new();
    let values = Count::new();
    let task = bench.spawn({
        let (bomb, value) = (Bomb("spoilt"), values.guard());
        let mut value = Some(value);
        poll_fn(move |_| {
            let _bomb = &bomb;
            Poll::Ready(value.take().unwrap())
        })
    });
    bench.run();
    assert_eq!(
        (panic_in(&task).message(), values.get()),
        (Some("spoilt"), 1)
    );
    assert_goes_on(&bench);
}

#[test]
fn a_panic_in_a_destructor_takes_the_place_of_a_cancellation() {
    let bench = Bench::new();
    for polled in [false, true] {
        let task = bench.spawn({
            let bomb = Bomb("spoilt");
            async move {
                let _bomb = bomb;
                pending::<()>().await
            }
        });
        if polled {
            bench.run();
        }
        task.cancel();
        bench.run();
        assert_eq!(panic_in(&task).message(), Some("spoilt"));
    }
    assert_goes_on(&bench);
}

#[test]
fn a_panic_in_a_destructor_after_a_panic_is_reported() {
    let bench = Bench::new();
    let task = bench.spawn({
        // Not in the body's own frame, where a second panic would end the process: beside it.
        let bomb = Bomb("second");
        poll_fn(move |_| -> Poll<()> {
            let _bomb = &bomb;
            panic!("first")
        })
    });
    bench.run();
    assert_eq!(panic_in(&task).message(), Some("first"));
    let report = bench.report();
    assert!(
        report.contains("destructor panicked after a panic") && report.contains("second"),
        "{report}"
    );
}

#[test]
fn a_value_whose_destructor_panics_is_reported_wherever_it_is_dropped() {
    let bench = Bench::new();
    bench.spawn(async { Bomb("detached") }).detach();
    bench.run();
    assert!(bench.report().contains("detached"));
    let kept = bench.spawn(async { Bomb("kept") });
    bench.run();
    drop(kept);
    let report = bench.report();
    assert!(
        report.contains("destructor of an outcome panicked") && report.contains("kept"),
        "{report}"
    );
    let deferred = Deferred::<Bomb>::new();
    let entered = bench.enter();
    deferred.set_result(Bomb("deferred")).unwrap();
    drop((deferred, entered));
    assert_eq!(
        bench.reports().len(),
        1,
        "no executor is its own, so the current one is told"
    );
}

#[test]
fn a_value_that_loses_to_a_request_may_panic_as_it_goes() {
    let bench = Bench::new();
    let task = bench.spawn(async {
        tulipa_task::current_task().unwrap().cancel();
        Bomb("lost")
    });
    bench.run();
    assert_eq!(panic_in(&task).message(), Some("lost"));
}

struct Grumpy {
    wakes: Count,
}

impl Wake for Grumpy {
    fn wake(self: Arc<Self>) {
        self.wakes.up();
        panic!("woken");
    }
}

#[test]
fn a_waker_that_panics_costs_nobody_else_his_wake() {
    let bench = Bench::new();
    let deferred = Deferred::<u8>::new();
    let wakes = Count::new();
    let grumpy = Waker::from(Arc::new(Grumpy {
        wakes: wakes.clone(),
    }));
    let mut direct = deferred.clone();
    let polled = std::pin::Pin::new(&mut direct);
    assert!(
        std::future::Future::poll(polled, &mut std::task::Context::from_waker(&grumpy))
            .is_pending()
    );
    let reader = bench.spawn(deferred.clone());
    bench.run();
    let entered = bench.enter();
    deferred.set_result(7).unwrap();
    bench.run();
    assert_eq!((wakes.get(), reader.result()), (1, Ok(Ok(&Ok(7)))));
    assert!(bench.report().contains("woken"));
    drop(entered);
}

struct Touchy(&'static str, #[expect(dead_code, reason = "dropped")] Bomb);

impl Observer for Touchy {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        assert!(self.0 != "told", "told");
        None
    }
}

#[test]
fn an_observer_that_panics_costs_nobody_else_his_word() {
    for when in ["told", "dropped"] {
        let bench = Bench::new();
        let task = bench.spawn(pending::<()>());
        let bomb = Bomb("dropped");
        let touchy: Arc<dyn Observer> = Arc::new(Touchy(when, bomb));
        let _place = task.subscribe(&touchy, 0).unwrap();
        let told = Count::new();
        task.add_done_callback({
            let told = told.clone();
            move |_| told.up()
        });
        if when == "dropped" {
            drop(touchy); // the task has the last one
        } else {
            std::mem::forget(touchy); // its destructor is not what this is about
        }
        task.abort();
        bench.run();
        assert_eq!(told.get(), 1);
        let report = bench.report();
        assert!(
            report.contains("observer panicked") && report.contains(when),
            "{report}"
        );
    }
}

/// DC-08
#[test]
fn a_callback_that_panics_is_reported_and_the_others_run() {
    let bench = Bench::new();
    let task = bench.spawn(async { 1 });
    let ran = Count::new();
    task.add_done_callback(|_| panic!("first"));
    task.add_done_callback({
        let ran = ran.clone();
        move |_| ran.up()
    });
    bench.run();
    assert_eq!((ran.get(), task.result()), (1, Ok(Ok(&1))));
    assert!(bench.report().contains("callback panicked"));
}

#[test]
fn a_payload_whose_destructor_panics_is_forgotten() {
    let bench = Bench::new();
    let task = bench.spawn(async { std::panic::panic_any(Bomb("payload")) });
    bench.run();
    assert_eq!(panic_in::<(), _>(&task).message(), None);
    drop(task);
    assert_goes_on(&bench);
}

#[test]
fn a_context_value_whose_destructor_panics_is_reported() {
    context_var! { static SOIL: Option<Arc<Bomb>> = None }
    let bench = Bench::new();
    bench
        .spawn(async { drop(SOIL.set(Some(Arc::new(Bomb("soil"))))) })
        .detach();
    bench.run();
    assert!(bench.report().contains("soil"));
    assert_goes_on(&bench);
}

/// Shows itself by panicking.
struct Shy;

impl fmt::Debug for Shy {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("not to be seen")
    }
}

#[test]
fn an_error_that_cannot_be_shown_is_dropped_all_the_same() {
    let bench = Bench::new();
    let dropped = Count::new();
    struct Both(
        Shy,
        #[expect(dead_code, reason = "dropped")] crate::support::Guard,
    );
    impl fmt::Debug for Both {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }
    let guard = dropped.guard();
    bench
        .try_spawn(async move { Err::<(), _>(Both(Shy, guard)) })
        .detach();
    bench.run();
    assert_eq!(dropped.get(), 1);
    assert_goes_on(&bench);
}

struct NoReports(Registry, std::sync::Mutex<Vec<Runnable>>);

impl Schedule for NoReports {
    fn schedule(&self, runnable: Runnable, _: Why) {
        self.1.lock().unwrap().push(runnable);
    }
    fn registry(&self) -> &Registry {
        &self.0
    }
    fn report(&self, _: &Report<'_>) {
        panic!("the handler is broken")
    }
}

/// D-10
#[test]
fn a_handler_that_panics_loses_its_report_only() {
    let queue = Arc::new(NoReports(Registry::new(), std::sync::Mutex::default()));
    let scheduler = Scheduler::new(queue.clone());
    tulipa_task::Builder::new()
        .on(&scheduler)
        .try_spawn(async { Err::<(), _>("unread") })
        .detach();
    let runnable = queue.1.lock().unwrap().pop().unwrap();
    assert!(runnable.run().is_none());
    assert!(queue.0.is_empty());
}

#[test]
fn a_panic_is_raised_again_with_its_payload() {
    let bench = Bench::new();
    let task = bench.spawn(async { std::panic::panic_any(42_u8) });
    bench.run();
    let panic = panic_in::<(), _>(&task).clone();
    assert_eq!((panic.message(), panic == panic.clone()), (None, true));
    let payload =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panic.resume())).unwrap_err();
    assert_eq!(payload.downcast_ref::<u8>(), Some(&42));
    let again = panic_in::<(), _>(&task).clone();
    assert_eq!(
        panic_of(|| again.resume()),
        "a panic whose payload was taken"
    );
}

#[test]
fn an_awaiter_of_a_panicked_task_decides_for_itself() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let inner = bench.spawn({
        let gate = gate.clone();
        async move {
            gate.await;
            panic!("inner")
        }
    });
    let outer = bench.spawn(async move {
        match inner.await {
            Ok(()) => "fine",
            Err(TaskError::Panicked(_)) => "taken note of",
            Err(_) => "otherwise",
        }
    });
    bench.run();
    gate.open();
    bench.run();
    assert_eq!(outer.result(), Ok(Ok(&"taken note of")));
}
