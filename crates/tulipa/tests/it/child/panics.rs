//! Panics in everything that a runtime runs, with `OnPanic::Abort`.

use crate::Scenario;
use std::future::pending;
use std::time::Duration;
use tulipa::{
    Builder, Deferred, OnPanic, cancel, current_task, gather, sleep, spawn, task, to_thread,
};

pub(crate) const SCENARIOS: &[Scenario] = &[
    ("panic in a task", || ended(in_a_task)),
    ("panic in main", || ended(async || panic!("as planned"))),
    ("panic in a thread", || ended(in_a_thread)),
    ("panic in a callback", || ended(in_a_callback)),
    ("panic in a destructor", || ended(in_a_destructor)),
    ("panic that is told to the handler", told_to_the_handler),
];

/// A process that gets beyond its panic says so. None does: nothing is cleaned up, and nobody awaits it.
fn ended(main: impl AsyncFnOnce() + 'static) {
    let builder = Builder::new()
        .workers(2)
        .virtual_time(true)
        .on_panic(OnPanic::Abort);
    builder.run(bystander(main)).unwrap();
    println!("it went on");
}

async fn bystander(main: impl AsyncFnOnce()) {
    let begun = Deferred::<()>::new();
    let bystander = spawn({
        let begun = begun.clone();
        cancel::finally(
            async move {
                begun.set_result(()).unwrap();
                pending::<()>().await
            },
            async { println!("cleaned up") },
        )
    });
    begun.await.unwrap();
    main().await;
    bystander.cancel();
    let _ = bystander.await;
}

async fn in_a_task() {
    let bad = task::Builder::new().name("bad");
    let _ = bad.spawn(async { panic!("as planned") }).await;
}

async fn in_a_thread() {
    let _ = to_thread(|| panic!("as planned")).await;
}

async fn in_a_callback() {
    let task = spawn(async {});
    task.add_done_callback(|_| panic!("as planned"));
    // Nobody is told when it has run. Time stands still until then, and passes if the process goes on.
    sleep(Duration::from_secs(1)).await;
}

async fn in_a_destructor() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("as planned");
        }
    }
    let task = spawn(async {
        let _bad = Bad;
        current_task().unwrap().cancel();
        pending::<()>().await
    });
    let _ = gather([task]).return_exceptions().await;
}

fn told_to_the_handler() {
    let builder = Builder::new()
        .on_panic(OnPanic::Abort)
        .exception_handler(|report| {
            println!("{report}");
            panic!("in the handler, too");
        });
    builder.run(in_a_task()).unwrap();
}
