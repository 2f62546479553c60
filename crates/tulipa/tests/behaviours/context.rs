//! CV: context variables of tasks, combinators, callbacks and handlers.

use crate::support::{Log, one_thread, secs, settle};
use tulipa::context::{Context, Token};
use tulipa::{
    Deferred, Handle, TaskGroup, context_var, gather, sleep, spawn, timeout, wait_for, yield_now,
};

context_var! { static COLOUR: &'static str = "white" }

/// CV-02
#[tulipa::test]
async fn tasks_that_take_turns_see_their_own_values() {
    context_var! { static NUMBER: u32 = 0 }
    let task = |n| {
        spawn(async move {
            NUMBER.set(n);
            for _ in 0..5 {
                yield_now().await;
                assert_eq!(NUMBER.get(), n);
            }
        })
    };
    gather((1..=10).map(task)).await.unwrap();
    assert_eq!(NUMBER.get(), 0);
}

async fn paint(colour: &'static str) -> &'static str {
    COLOUR.set(colour);
    yield_now().await;
    COLOUR.get()
}

/// CV-03
#[tulipa::test]
async fn what_is_awaited_directly_changes_the_callers_context() {
    assert_eq!(paint("red").await, "red");
    assert_eq!(COLOUR.get(), "red");
}

/// CV-04
#[tulipa::test]
async fn a_tasks_changes_outlast_its_suspensions_whoever_wakes_it() {
    let bloom = Deferred::<()>::new();
    let sleeper = spawn({
        let bloom = bloom.clone();
        async move {
            COLOUR.set("red");
            bloom.await.unwrap(); // another task wakes it
            let after_task = COLOUR.get();
            sleep(secs(1)).await; // a timer does
            (after_task, COLOUR.get())
        }
    });
    COLOUR.set("blue");
    settle().await;
    bloom.set_result(()).unwrap();
    assert_eq!(sleeper.await, Ok(("red", "red")));
}

/// CV-05
#[tulipa::test]
async fn children_have_copies_as_of_when_they_were_made_and_keep_their_changes() {
    COLOUR.set("red");
    let seen = gather(["a", "b"].map(|_| spawn(async { (COLOUR.get(), paint("black").await) })));
    COLOUR.set("blue");
    assert_eq!(seen.await, Ok(vec![("red", "black"); 2]));
    assert_eq!(COLOUR.get(), "blue");

    let seen = TaskGroup::scope(async |group| {
        let child = group.spawn(async { (COLOUR.get(), paint("black").await) });
        COLOUR.set("green");
        child.await.unwrap()
    });
    assert_eq!(seen.await.unwrap(), ("blue", "black"));
    assert_eq!(COLOUR.get(), "green");
}

/// CV-07: `wait_for` takes tasks, which have contexts of their own; a future that is none is limited by `timeout`.
#[tulipa::test]
async fn a_limit_leaves_the_context_as_it_is() {
    timeout(secs(1), paint("red")).await.unwrap();
    assert_eq!(COLOUR.get(), "red");
    let limited = timeout(secs(1), async {
        COLOUR.set("blue");
        sleep(secs(5)).await;
    });
    assert!(limited.await.is_err());
    assert_eq!(COLOUR.get(), "blue");
    assert_eq!(
        wait_for(spawn(paint("black")), secs(1)).await.unwrap(),
        "black"
    );
    assert_eq!(COLOUR.get(), "blue");
}

/// CV-08
#[tulipa::test]
async fn a_call_runs_in_the_context_it_was_queued_in_and_keeps_its_changes() {
    let log = Log::new();
    let scheduler = Handle::current().unwrap().scheduler().clone();
    COLOUR.set("red");
    for _ in 0..2 {
        let log = log.clone();
        scheduler.call_soon(move || {
            log.say(COLOUR.get());
            COLOUR.set("black");
        });
    }
    COLOUR.set("blue");
    settle().await;
    assert_eq!(log.take(), ["red", "red"]);
    assert_eq!(COLOUR.get(), "blue");
}

/// CV-09
#[tulipa::test]
async fn a_token_of_another_context_is_refused() {
    let token = COLOUR.set("red");
    let refused = spawn(async move { COLOUR.reset(token) }).await.unwrap();
    let token: Token<_> = refused.unwrap_err();
    let token = Context::copy().run(|| COLOUR.reset(token)).unwrap_err();
    COLOUR.set("blue");
    COLOUR.reset(token).unwrap();
    assert_eq!(COLOUR.get(), "white");
}

/// CV-10
#[test]
fn the_handler_runs_in_the_context_of_what_it_is_told_of() {
    let log = Log::new();
    let seen = log.clone();
    let builder = one_thread().exception_handler(move |report| {
        seen.say((report.message().to_owned(), COLOUR.get()));
        COLOUR.set("black");
    });
    let main = async {
        let task = spawn(async {
            COLOUR.set("red");
            panic!("rotten")
        });
        COLOUR.set("blue");
        task.add_done_callback(|_| panic!("rotten as well"));
        COLOUR.set("green");
        yield_now().await;
        yield_now().await;
        drop(task); // here the handler is called, and not in the context of this task
        COLOUR.get()
    };
    assert_eq!(builder.run(main).unwrap(), "green");
    let expected = [
        ("a callback panicked", "blue"),
        ("a panic was never retrieved", "red"),
    ];
    assert_eq!(
        log.take(),
        expected.map(|(message, colour)| (message.to_owned(), colour))
    );
}
