//! The call graph of a whole program: what its tasks wait for, and who waits for whom.

use std::sync::Arc;
use std::time::Duration;
use tulipa::net::{TcpListener, start_server};
use tulipa::task::{Activity, Builder as TaskBuilder, Leaf};
use tulipa::{Builder, Deferred, Flavour, Runtime, TaskGroup, dump, spawn, timeout, to_thread};

/// What each task of the runtime waits for, by its name.
fn leaves(runtime: &Runtime) -> Vec<(String, Leaf)> {
    let graph = runtime.dump();
    let mut leaves: Vec<_> = graph
        .nodes()
        .filter_map(|node| match node.activity() {
            Activity::Waiting(waits) => Some((node.task().name(), waits.leaf())),
            _ => None,
        })
        .collect();
    leaves.sort_by(|one, other| one.0.cmp(&other.0));
    leaves
}

fn named(name: &'static str) -> TaskBuilder {
    TaskBuilder::new().name(name)
}

/// CG-03: of a suspended task, what it waits for is known; the library's part in that is named.
#[test]
fn each_task_of_a_program_says_what_it_waits_for() {
    let builder = Builder::new()
        .flavour(Flavour::CurrentThread)
        .virtual_time(true);
    let runtime = builder.build().unwrap();
    let (end_job, job_ends) = std::sync::mpsc::channel::<()>();
    let pond = runtime.run(async move {
        let pond = Deferred::<()>::new();
        let id = pond.id();
        let bird = named("bird").spawn(async { pond.await.unwrap() });
        named("child").spawn(async { bird.await.unwrap() }).detach();
        let minute = tulipa::sleep(Duration::from_secs(60));
        named("clock").spawn(minute).detach();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ear = async move { listener.accept().await.is_ok() };
        named("ear").spawn(ear).detach();
        let group = TaskGroup::scope(async |group| {
            let child = group.builder().name("in group");
            child.spawn(std::future::pending::<()>()).detach();
        });
        named("group").spawn(group).detach();
        let job = to_thread(move || job_ends.recv().is_err());
        named("hand").spawn(job).detach();
        for _ in 0..3 {
            tulipa::yield_now().await; // each takes its first step, and the child of the group
        }
        id
    });
    let pond = pond.unwrap();
    let leaves = leaves(&runtime);
    let of = |name: &str| {
        let leaf = leaves.iter().find(|leaf| leaf.0 == name);
        leaf.expect("it waits").1
    };
    assert_eq!(of("bird"), Leaf::Deferred(pond));
    assert!(matches!(of("child"), Leaf::Task(_)));
    assert_eq!(of("clock"), Leaf::Timer(Duration::from_secs(60)));
    #[cfg(unix)]
    assert!(matches!(of("ear"), Leaf::Readable(Some(_))));
    assert_eq!(of("group"), Leaf::Group(1));
    assert_eq!(of("hand"), Leaf::Job);
    assert_eq!(of("in group"), Leaf::Foreign);
    let text = runtime.dump().to_string();
    for part in [
        "\n  + State: waits for a timer, due at 60s",
        "+ State: waits for `bird`",
        "+ State: waits for the last child of its group",
        "dump.rs:",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    drop(end_job);
}

/// CG-02: the task that asks is running, and is shown as that; what it has called is its own affair.
#[test]
fn the_task_that_asks_is_running() {
    let text = tulipa::run(async { dump().to_string() }).unwrap();
    assert!(
        text.contains("* Task(name=\"main\"") && text.contains("+ State: running"),
        "{text}"
    );
}

/// CG-09: a limit of time is not a node, and not what is waited for.
#[test]
fn a_timeout_does_not_show() {
    let builder = Builder::new()
        .flavour(Flavour::CurrentThread)
        .virtual_time(true);
    let (nodes, leaf) = builder
        .run(async {
            let inner = spawn(std::future::pending::<()>());
            let start = inner.task_ref().clone();
            let outer = spawn(timeout(Duration::from_secs(1), inner));
            tulipa::yield_now().await;
            tulipa::yield_now().await;
            (
                start.dump().nodes().len(),
                outer.waits_for().unwrap().leaf() == Leaf::end_of(&start),
            )
        })
        .unwrap();
    assert_eq!((nodes, leaf), (2, true));
}

/// CG-13: from a thread without a runtime.
#[test]
fn a_runtime_is_asked_from_any_thread() {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    runtime
        .run(async { named("left").spawn(std::future::pending::<()>()).detach() })
        .unwrap();
    let graph = runtime.dump();
    assert_eq!(graph.nodes().len(), 1);
    assert!(
        std::panic::catch_unwind(dump).is_err(),
        "this thread has none"
    );
}

/// A server is its tasks: one at the door, and one for each connection.
#[test]
fn who_waits_for_a_server_waits_for_its_tasks() {
    let builder = Builder::new().flavour(Flavour::CurrentThread);
    let leaf = builder.run(async {
        let server = start_server("127.0.0.1:0", async |_| Ok::<_, std::io::Error>(()));
        let server = Arc::new(server.await.unwrap());
        let waiting = spawn({
            let server = server.clone();
            async move { server.wait_closed().await }
        });
        tulipa::yield_now().await;
        tulipa::yield_now().await;
        let leaf = waiting.waits_for().unwrap().leaf();
        server.close();
        waiting.await.unwrap();
        leaf
    });
    assert_eq!(leaf.unwrap(), Leaf::Tasks(1));
}
