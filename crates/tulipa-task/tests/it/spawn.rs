//! Making tasks, and what they give.

use crate::support::{Bench, Count, Foreign, Log, panic_of};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tulipa_task::{
    Awaitable, Builder, Context, Deferred, IntoTask, InvalidState, Registry, Runnable, Schedule,
    Scheduler, TaskError, TaskState, Why, context_var, current_task, spawn, try_spawn, yield_now,
};

/// CT-01
#[test]
fn nothing_of_a_new_task_runs_before_the_spawner_suspends() {
    let bench = Bench::new();
    let log = Log::new();
    let main = bench.spawn({
        let log = log.clone();
        async move {
            let child = spawn({
                let log = log.clone();
                async move { log.say("child") }
            });
            log.say(format!("spawned, {:?}", child.state()));
            child.await.unwrap();
            log.say("joined");
        }
    });
    assert_eq!(main.state(), TaskState::Pending);
    bench.run();
    assert_eq!(log.take(), ["spawned, Pending", "child", "joined"]);
}

/// CT-02
#[test]
fn tasks_take_their_first_steps_in_the_order_of_their_making() {
    let bench = Bench::new();
    let log = Log::new();
    for number in 0..5 {
        let log = log.clone();
        bench.spawn(async move { log.say(number) }).detach();
    }
    bench.run();
    assert_eq!(log.take(), ["0", "1", "2", "3", "4"]);
}

/// CT-03
#[test]
fn spawn_outside_of_a_runtime_panics_with_the_remedy() {
    let dropped = Count::new();
    let guard = dropped.guard();
    let told = panic_of(|| spawn(async move { drop(guard) }));
    assert!(
        told.contains("outside of a runtime") && told.contains("tulipa::run"),
        "{told}"
    );
    assert_eq!(dropped.get(), 1);
}

struct Closed(Registry, AtomicBool);

impl Schedule for Closed {
    fn schedule(&self, runnable: Runnable, _: Why) {
        drop(runnable);
    }
    fn registry(&self) -> &Registry {
        &self.0
    }
    fn is_open(&self) -> bool {
        self.1.load(Ordering::SeqCst)
    }
}

/// CT-11, EM-13
#[test]
fn spawn_after_shutdown_panics_and_drops_the_future() {
    let dropped = Count::new();
    let closed = Arc::new(Closed(Registry::new(), AtomicBool::new(false)));
    let scheduler = Scheduler::new(closed.clone());
    let guard = dropped.guard();
    let told = panic_of(|| {
        Builder::new()
            .on(&scheduler)
            .spawn(async move { drop(guard) })
    });
    assert!(told.contains("shut down"), "{told}");
    assert_eq!((dropped.get(), closed.0.len()), (1, 0));
}

#[test]
fn a_runnable_that_is_dropped_cancels_its_task_there_and_then() {
    let dropped = Count::new();
    let scheduler = Scheduler::new(Arc::new(Closed(Registry::new(), AtomicBool::new(true))));
    let guard = dropped.guard();
    let task = Builder::new()
        .on(&scheduler)
        .spawn(async move { drop(guard) });
    assert!(task.is_cancelled());
    assert_eq!((dropped.get(), scheduler.registry().len()), (1, 0));
}

#[test]
fn a_runnable_dropped_with_a_request_passes_its_message_on() {
    use std::sync::Mutex;
    struct Kept(Registry, Mutex<Vec<Runnable>>);
    impl Schedule for Kept {
        fn schedule(&self, runnable: Runnable, _: Why) {
            self.1.lock().unwrap().push(runnable);
        }
        fn registry(&self) -> &Registry {
            &self.0
        }
    }
    let kept = Arc::new(Kept(Registry::new(), Mutex::default()));
    let task = Builder::new()
        .on(&Scheduler::new(kept.clone()))
        .spawn(async {});
    task.cancel_with("closing");
    drop(std::mem::take(&mut *kept.1.lock().unwrap()));
    let Ok(Err(TaskError::Cancelled(cancelled))) = task.result() else {
        panic!("{task:?}")
    };
    assert_eq!(cancelled.message(), Some("closing"));
}

/// CT-06, CV-01, CV-06
#[test]
fn a_task_runs_in_the_context_it_is_given_or_in_a_copy() {
    context_var! { static COLOUR: &'static str = "white" }
    let bench = Bench::new();
    let garden = Context::new();
    let main = bench.spawn({
        let garden = garden.clone();
        async move {
            COLOUR.set("pink");
            let copy = spawn(async { (COLOUR.get(), COLOUR.set("lost")).0 });
            let shared = Builder::new()
                .context(&garden)
                .spawn(async { COLOUR.set("red") });
            shared.await.unwrap();
            let second = Builder::new()
                .context(&garden)
                .spawn(async { COLOUR.get() });
            (copy.await.unwrap(), second.await.unwrap(), COLOUR.get())
        }
    });
    bench.run();
    assert_eq!(main.result(), Ok(Ok(&("pink", "red", "pink"))));
    assert_eq!(
        (garden.run(|| COLOUR.get()), COLOUR.get()),
        ("red", "white")
    );
}

/// CT-07
#[test]
fn a_dropped_handle_leaves_the_task_to_run_on() {
    let bench = Bench::new();
    let (gate, done) = (Foreign::new(), Count::new());
    drop(bench.spawn({
        let (gate, done) = (gate.clone(), done.clone());
        async move {
            gate.await;
            done.up();
        }
    }));
    bench.run();
    gate.open();
    bench.run();
    assert_eq!(done.get(), 1);
}

/// EM-02, EM-03
#[test]
fn calls_run_in_the_order_queued_and_later_ones_after_them() {
    let bench = Bench::new();
    let log = Log::new();
    for name in ["a", "b"] {
        let (log, scheduler) = (log.clone(), bench.scheduler.clone());
        bench.scheduler.call_soon(move || {
            log.say(name);
            let inner = log.clone();
            scheduler.call_soon(move || inner.say(format!("{name} again")));
        });
    }
    assert_eq!(bench.run(), 4);
    assert_eq!(log.take(), ["a", "b", "a again", "b again"]);
}

/// EM-09
#[test]
fn a_call_that_panics_is_reported_and_the_others_run() {
    let bench = Bench::new();
    let ran = Count::new();
    bench.scheduler.call_soon(|| panic!("wilted"));
    bench.scheduler.call_soon({
        let ran = ran.clone();
        move || ran.up()
    });
    bench.run();
    assert_eq!(ran.get(), 1);
    let report = bench.report();
    assert!(
        report.contains("callback panicked") && report.contains("wilted"),
        "{report}"
    );
}

/// EM-06
#[test]
fn awaiting_what_is_done_does_not_give_way() {
    let bench = Bench::new();
    let done = bench.spawn(async { 1 });
    bench.run();
    let deferred = Deferred::<u8>::new();
    deferred.set_result(2).unwrap();
    let reader = bench.spawn(async move { done.await.unwrap() + deferred.await.unwrap() });
    assert_eq!(bench.run(), 1, "one poll");
    assert_eq!(reader.result(), Ok(Ok(&3)));
}

/// EM-07
#[test]
fn a_future_awaited_directly_makes_no_task() {
    async fn deep(levels: usize) -> usize {
        if levels == 0 {
            return tulipa_task::all_tasks().len();
        }
        Box::pin(deep(levels - 1)).await
    }
    let bench = Bench::new();
    let task = bench.spawn(async { deep(50).await });
    assert_eq!(bench.run(), 1);
    assert_eq!(task.result(), Ok(Ok(&1)));
}

/// EM-08, F-09
#[test]
fn setting_a_result_runs_nobody_but_queues_them_in_order() {
    let bench = Bench::new();
    let log = Log::new();
    let bloom = Deferred::<u8>::new();
    for name in ["first", "second", "third"] {
        let (log, bloom) = (log.clone(), bloom.clone());
        bench
            .spawn(async move {
                bloom.await.unwrap();
                log.say(name);
            })
            .detach();
    }
    bench.run();
    bloom.set_result(1).unwrap();
    assert_eq!(log.take(), [""; 0]);
    bench.run();
    assert_eq!(log.take(), ["first", "second", "third"]);
}

/// EM-01
#[test]
fn between_two_suspensions_nothing_else_of_the_executor_runs() {
    let bench = Bench::new();
    let log = Log::new();
    for name in ["a", "b"] {
        let log = log.clone();
        bench
            .spawn(async move {
                for _ in 0..2 {
                    log.say(format!("{name} in"));
                    log.say(format!("{name} out"));
                    yield_now().await;
                }
            })
            .detach();
    }
    bench.run();
    let lines = log.take();
    assert!(
        lines.chunks(2).all(|pair| pair[0][..1] == pair[1][..1]),
        "{lines:?}"
    );
    assert_eq!(lines[2], "b in", "they take turns");
}

/// T-01, T-05, T-06
#[test]
fn a_task_has_a_result_once_it_is_done() {
    let bench = Bench::new();
    let task = bench.spawn(async { "tulip" });
    assert_eq!(
        (task.result(), task.error()),
        (Err(InvalidState::Pending), Err(InvalidState::Pending))
    );
    assert_eq!(bench.run(), 1);
    assert_eq!((task.result(), task.error()), (Ok(Ok(&"tulip")), Ok(None)));
    assert_eq!(task.state(), TaskState::Finished);
}

/// T-03
#[test]
fn a_task_that_fails_gives_its_error() {
    let bench = Bench::new();
    let task = bench.try_spawn(async { Err::<(), _>("no bulbs") });
    bench.run();
    assert_eq!(task.state(), TaskState::Failed);
    assert_eq!(task.error(), Ok(Some(&TaskError::Failed("no bulbs"))));
    let reader = bench.spawn(task);
    bench.run();
    assert_eq!(reader.result(), Ok(Ok(&Err(TaskError::Failed("no bulbs")))));
}

#[test]
fn a_result_that_was_awaited_is_taken() {
    let bench = Bench::new();
    let mut task = bench.spawn(async { 1 });
    bench.run();
    assert_eq!(task.take_outcome(), Some(Ok(1)));
    assert_eq!(
        (task.take_outcome(), task.result()),
        (None, Err(InvalidState::Taken))
    );
    let again = bench.spawn(task);
    bench.run();
    let Ok(Err(TaskError::Panicked(panic))) = again.result() else {
        panic!("{again:?}")
    };
    assert!(panic.message().unwrap().contains("shared()"), "{panic}");
}

/// T-09
#[test]
fn a_task_that_awaits_itself_panics_at_that_await() {
    let bench = Bench::new();
    let own = Deferred::<()>::new();
    let slot = Arc::new(std::sync::Mutex::new(None::<tulipa_task::SharedTask<()>>));
    let task = bench
        .spawn({
            let (own, slot) = (own.clone(), slot.clone());
            async move {
                own.await.unwrap();
                let me = slot.lock().unwrap().take().unwrap();
                me.await.unwrap();
            }
        })
        .shared();
    *slot.lock().unwrap() = Some(task.clone());
    bench.run();
    own.set_result(()).unwrap();
    bench.run();
    let Ok(Err(TaskError::Panicked(panic))) = task.result() else {
        panic!("{task:?}")
    };
    assert!(
        panic.message().unwrap().contains("awaits itself"),
        "{panic}"
    );
}

/// T-12
#[test]
fn a_task_that_returns_a_task_does_not_await_it() {
    let bench = Bench::new();
    let outer = bench.spawn(async { Some(spawn(std::future::pending::<()>())) });
    bench.run();
    let inner = outer.result().unwrap().unwrap().as_ref().unwrap();
    assert!(!inner.is_done());
    inner.abort();
    bench.run();
}

/// T-26
#[test]
fn tasks_compare_and_hash_by_identity() {
    let bench = Bench::new();
    let (one, two) = (bench.spawn(async {}), bench.spawn(async {}));
    let set = std::collections::HashSet::from([
        one.task_ref().clone(),
        one.task_ref().clone(),
        two.task_ref().clone(),
    ]);
    assert_eq!(set.len(), 2);
    assert!(set.contains(&*one) && one.task_ref() != two.task_ref());
    bench.run();
}

/// EF-01, EF-02
#[test]
fn what_is_a_task_already_stays_the_same_task() {
    let bench = Bench::new();
    let task = bench.spawn(async { 1 });
    let same = task.task_ref().clone();
    let shared = task.into_task().shared();
    assert_eq!(*shared.clone().into_task().task_ref(), same);
    let deferred = Deferred::<u8>::new();
    assert_eq!(
        *deferred.clone().into_task().task_ref(),
        *deferred.task_ref()
    );
    bench.run();
}

#[test]
fn a_large_future_is_made_in_place() {
    let bench = Bench::new();
    let task = Builder::new().on(&bench.scheduler).spawn_with(|| async {
        let field = [7_u8; 100_000];
        yield_now().await;
        field.iter().map(|tulip| usize::from(*tulip)).sum::<usize>()
    });
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&700_000)));
}

#[test]
fn a_maker_that_panics_leaves_no_task() {
    let bench = Bench::new();
    let told = panic_of(|| {
        Builder::new()
            .on(&bench.scheduler)
            .spawn_with(|| -> std::future::Ready<()> { panic!("no soil") })
    });
    assert_eq!(told, "no soil");
    assert_eq!(bench.run(), 0);
}

/// CU-01 to CU-04
#[test]
fn the_current_task_is_the_one_that_runs() {
    let bench = Bench::new();
    let _entered = bench.enter();
    let seen = Log::new();
    let say = |log: &Log| log.say(current_task().map_or("none".to_owned(), |task| task.name()));
    say(&seen);
    for name in ["a", "b"] {
        let seen = seen.clone();
        Builder::new()
            .name(name)
            .spawn(async move {
                let direct = async { say(&seen) };
                direct.await;
                yield_now().await;
                say(&seen);
            })
            .detach();
    }
    bench.scheduler.call_soon({
        let seen = seen.clone();
        move || say(&seen)
    });
    bench.run();
    say(&seen);
    assert_eq!(seen.take(), ["none", "a", "b", "none", "a", "b", "none"]);
}

#[test]
fn try_spawn_takes_one_question_mark() {
    async fn sum() -> Result<u8, TaskError<std::num::ParseIntError>> {
        let one = try_spawn(async { "1".parse::<u8>() });
        let two = try_spawn(async { "two".parse::<u8>() });
        Ok(one.await? + two.await?)
    }
    let bench = Bench::new();
    let task = bench.spawn(sum());
    bench.run();
    assert!(matches!(task.result(), Ok(Ok(Err(TaskError::Failed(_))))));
}

#[test]
fn a_runnable_passes_through_a_raw_pointer() {
    use std::sync::Mutex;
    struct Words(Registry, Mutex<Vec<usize>>);
    impl Schedule for Words {
        fn schedule(&self, runnable: Runnable, why: Why) {
            assert_eq!(why, Why::Spawned);
            assert_eq!(
                (runnable.home(), runnable.task().name().as_str()),
                (Some(3), "word")
            );
            self.1
                .lock()
                .unwrap()
                .push(runnable.into_raw().as_ptr().expose_provenance());
        }
        fn registry(&self) -> &Registry {
            &self.0
        }
    }
    let words = Arc::new(Words(Registry::new(), Mutex::default()));
    let task = Builder::new()
        .name("word")
        .home(3)
        .on(&Scheduler::new(words.clone()))
        .spawn(async { 5 });
    let word = words.1.lock().unwrap().pop().unwrap();
    let raw = std::ptr::NonNull::new(std::ptr::with_exposed_provenance_mut::<()>(word)).unwrap();
    // SAFETY: it came from `into_raw` above, and is used this once.
    let runnable = unsafe { Runnable::from_raw(raw) };
    assert!(runnable.run().is_none());
    assert_eq!(task.result(), Ok(Ok(&5)));
}

#[test]
fn a_handle_takes_one_word() {
    assert_eq!(size_of::<tulipa_task::Task<()>>(), size_of::<usize>());
}
