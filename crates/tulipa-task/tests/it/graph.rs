//! The call graph of tasks that await each other, and its text. What the combinators add is tested with them.

use crate::support::{Bench, panic_of};
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use tulipa_task::{
    Activity, Builder, CallGraph, Deferred, Leaf, Observer, Task, TaskRef, TaskState, cancel,
};

/// A task by that name which awaits another.
fn awaiting(bench: &Bench, name: &'static str, task: Task<()>) -> Task<()> {
    let builder = Builder::new().name(name).on(&bench.scheduler);
    builder.spawn(async { task.await.unwrap() })
}

/// A task by that name which awaits a deferred.
fn leaf(bench: &Bench, name: &'static str, deferred: &Deferred<()>) -> Task<()> {
    let deferred = deferred.clone();
    let builder = Builder::new().name(name).on(&bench.scheduler);
    builder.spawn(async { deferred.await.unwrap() })
}

/// The names of those who wait for `task`.
fn awaiters(graph: &CallGraph, task: &TaskRef) -> Vec<String> {
    let node = graph.get(task).expect("it is in the graph");
    node.awaited_by().map(|node| node.task().name()).collect()
}

/// Where in the text the places of the source are not looked at.
fn text(graph: &CallGraph) -> String {
    let lines = graph.to_string();
    let lines = lines.lines().map(|line| match line.split_once(" at ") {
        Some((before, place)) if place.contains(".rs:") => before.to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// CG-01, CG-16
#[test]
fn a_task_is_shown_with_what_it_waits_for_and_who_waits_for_it() {
    let bench = Bench::new();
    let deferred = Deferred::new();
    let inner = leaf(&bench, "inner", &deferred);
    let start = inner.task_ref().clone();
    let outer = awaiting(&bench, "outer", inner);
    bench.run();
    let graph = start.dump();
    assert_eq!(awaiters(&graph, &start), ["outer"]);
    assert!(awaiters(&graph, &outer).is_empty());
    let Activity::Waiting(waits) = graph.get(&start).unwrap().activity() else {
        panic!("it is suspended");
    };
    assert_eq!(waits.leaf(), Leaf::Deferred(deferred.id()));
    let expected = format!(
        "* Task(name=\"inner\", id={})
  + Spawned
  + State: waits for deferred {}
  + Awaited by:
    * Task(name=\"outer\", id={})
      + Spawned
      + State: waits for `inner`",
        start.id(),
        deferred.id(),
        outer.id(),
    );
    assert_eq!(text(&graph), expected);
    assert!(graph.to_string().contains("graph.rs:"), "{graph}");
    deferred.set_result(()).unwrap();
    bench.run();
    assert!(outer.is_done());
}

/// CG-05: each awaiter once, each with its own awaiters.
#[test]
fn several_awaiters_each_have_their_own() {
    let bench = Bench::new();
    let deferred = Deferred::new();
    let (left, right) = (
        leaf(&bench, "left", &deferred),
        leaf(&bench, "right", &deferred),
    );
    let (left_ref, right_ref) = (left.task_ref().clone(), right.task_ref().clone());
    let over = [
        awaiting(&bench, "over left", left),
        awaiting(&bench, "over right", right),
    ];
    bench.run();
    let graph = deferred.dump();
    assert_eq!(awaiters(&graph, &deferred), ["left", "right"]);
    assert_eq!(awaiters(&graph, &left_ref), ["over left"]);
    assert_eq!(awaiters(&graph, &right_ref), ["over right"]);
    assert_eq!(graph.nodes().len(), 5);
    deferred.set_result(()).unwrap();
    bench.run();
    assert!(over.iter().all(|task| task.is_done()));
}

/// CG-05: what is met twice is shown once, and referred to.
#[test]
fn a_diamond_is_shown_once_with_a_back_reference() {
    let bench = Bench::new();
    let deferred = Deferred::new();
    let sides = ["left", "right"].map(|side| leaf(&bench, side, &deferred));
    let top = Builder::new().name("top").on(&bench.scheduler);
    let top = top.spawn(async { drop(futures::future::join_all(sides).await) });
    let over = awaiting(&bench, "over", top);
    bench.run();
    let text = text(&deferred.dump());
    let shown = |title: &str| text.matches(title).count();
    assert_eq!(shown("name=\"top\""), 2, "{text}");
    assert_eq!(shown("see above"), 1, "{text}");
    assert_eq!(shown("name=\"over\""), 1, "{text}");
    deferred.set_result(()).unwrap();
    bench.run();
    assert!(over.is_done());
}

/// CG-10
#[test]
fn a_deferred_is_a_beginning_with_nothing_but_its_awaiters() {
    let bench = Bench::new();
    let deferred = Deferred::new();
    let tasks = ["one", "two"].map(|name| leaf(&bench, name, &deferred));
    bench.run();
    let graph = deferred.dump();
    let first = graph.nodes().next().unwrap();
    assert_eq!(first.activity(), Activity::Unset);
    assert_eq!(awaiters(&graph, &deferred), ["one", "two"]);
    let text = text(&graph);
    assert!(text.starts_with("* Deferred(name="), "{text}");
    assert!(
        text.contains("+ Made\n  + State: not set\n  + Awaited by:"),
        "{text}"
    );
    deferred.set_result(()).unwrap();
    bench.run();
    let graph = deferred.dump();
    assert_eq!(graph.nodes().len(), 1, "nobody waits any more");
    assert!(tasks.iter().all(|task| task.is_done()));
}

/// CG-11
#[test]
fn an_edge_goes_when_the_awaiter_goes_on_for_whatever_reason() {
    let bench = Bench::new();
    let (deferred, hurry) = (Deferred::<()>::new(), Deferred::<()>::new());
    let task = bench.spawn({
        let (deferred, hurry) = (deferred.clone(), hurry.clone());
        async move {
            futures::future::select(deferred.clone(), hurry).await;
            let _cancelled = cancel::catch(shy(&deferred)).await;
            pending::<()>().await;
        }
    });
    let me = [task.task_ref().clone()];
    bench.run();
    assert_eq!(deferred.awaited_by(), me);
    hurry.set_result(()).unwrap();
    bench.step();
    assert_eq!(deferred.awaited_by(), me, "it waits again, and once");
    assert_eq!(hurry.awaited_by(), []);
    task.cancel();
    bench.run();
    assert!(!task.is_done() && deferred.awaited_by().is_empty());
    task.abort();
    bench.run();
}

/// Awaits a deferred without passing a request on.
async fn shy(deferred: &Deferred<()>) {
    let mut join = deferred.clone();
    poll_fn(|cx| {
        let request = cancel::take_request();
        let polled = Pin::new(&mut join).poll(cx).map(drop);
        cancel::put_request(request);
        polled
    })
    .await;
}

/// CG-13
#[test]
fn outside_of_a_runtime_there_is_nothing_to_dump() {
    assert!(tulipa_task::current_task().is_none());
    let text = panic_of(tulipa_task::dump);
    assert!(
        text.contains("dump outside of a runtime") && text.contains("Runtime::dump"),
        "{text}"
    );
}

/// CG-13: in a callback there is a runtime and no task.
#[test]
fn in_a_callback_there_is_no_task_to_begin_with() {
    let bench = Bench::new();
    let (send, receive) = mpsc::channel();
    bench.scheduler.call_soon(move || {
        let mine = tulipa_task::current_task().map(|task| task.dump());
        send.send((mine.is_none(), tulipa_task::dump().to_string()))
            .unwrap();
    });
    bench.run();
    assert_eq!(receive.recv().unwrap(), (true, String::new()));
}

/// An observer of somebody's own combinator.
struct Mine(OnceLock<TaskRef>);

impl Observer for Mine {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        None
    }

    fn awaiter(&self) -> Option<TaskRef> {
        self.0.get().cloned()
    }
}

/// CG-17
#[test]
fn a_combinator_of_ones_own_says_who_waits() {
    let bench = Bench::new();
    let awaiter = bench.spawn(pending::<()>());
    let mine = Mine(OnceLock::new());
    mine.0.set(awaiter.task_ref().clone()).unwrap();
    let deferred = Deferred::<()>::new();
    let observer: Arc<dyn Observer> = Arc::new(mine);
    let place = deferred.subscribe(&observer, 0).unwrap();
    assert_eq!(deferred.awaited_by(), [awaiter.task_ref().clone()]);
    assert!(deferred.unsubscribe(place));
    assert_eq!(deferred.awaited_by(), []);
    drop(observer);
    awaiter.abort();
    bench.run();
}

/// Tasks that each await the next, and the last the first.
fn ring(bench: &Bench, names: &[&'static str]) -> Vec<TaskRef> {
    let (send, receive) = mpsc::channel::<Task<()>>();
    let (first, others) = names.split_first().unwrap();
    let builder = Builder::new().name(*first).on(&bench.scheduler);
    let first = builder.spawn(async move { receive.recv().unwrap().await.unwrap() });
    let mut refs = vec![first.task_ref().clone()];
    let mut last = first;
    for name in others {
        last = awaiting(bench, name, last);
        refs.insert(1, last.task_ref().clone());
    }
    send.send(last).unwrap();
    bench.run();
    refs
}

/// CG-18
#[test]
fn tasks_that_await_each_other_are_each_shown_once() {
    let bench = Bench::new();
    let tasks = ring(&bench, &["hen", "egg"]);
    let graph = tasks[0].dump();
    assert_eq!(awaiters(&graph, &tasks[0]), ["egg"]);
    assert_eq!(awaiters(&graph, &tasks[1]), ["hen"]);
    let text = text(&graph);
    assert!(text.ends_with("see above"), "{text}");
    assert_eq!(text.matches("name=\"egg\"").count(), 1, "{text}");
    let _entered = bench.enter();
    assert_eq!(
        tulipa_task::dump().nodes().len(),
        2,
        "also from no beginning"
    );
    assert!(tulipa_task::dump().to_string().contains("see above"));
    tasks[0].abort();
    bench.run();
    bench.reports();
}

#[test]
fn a_circle_begins_with_the_one_that_is_asked_and_goes_on_to_whom_it_awaits() {
    let bench = Bench::new();
    let tasks = ring(&bench, &["a", "d", "c", "b"]);
    let names = |circle: Option<Vec<TaskRef>>| {
        let names = circle.unwrap().into_iter().map(|task| task.name());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(tasks[0].circle()), ["a", "b", "c", "d"]);
    assert_eq!(names(tasks[2].circle()), ["c", "d", "a", "b"]);
    let outside = leaf(&bench, "outside", &Deferred::new());
    bench.run();
    assert!(outside.circle().is_none());
    outside.abort();
    tasks[0].abort();
    bench.run();
    bench.reports();
}

/// The text and the walk of a long chain grow with its length, and need no stack.
#[test]
fn a_long_chain_is_shown_in_linear_size() {
    let bench = Bench::new();
    let deferred = Deferred::new();
    let mut last = leaf(&bench, "", &deferred);
    for _ in 1..20_000 {
        last = awaiting(&bench, "", last);
    }
    bench.run();
    let graph = deferred.dump();
    assert_eq!(graph.nodes().len(), 20_001);
    let text = graph.to_string();
    assert!(text.len() < 20_001 * 600, "{} bytes", text.len());
    assert!(text.contains("* (20000 deep) Task("));
    deferred.set_result(()).unwrap();
    bench.run();
    assert!(last.is_done());
}
