//! TT: `to_thread`.

use crate::support::{one_thread, runtime, wait_until};
use std::sync::{Arc, Barrier};
use tulipa::{Handle, RunError, cancel, gather, spawn, to_thread, yield_now};

/// TT-03
#[test]
fn the_function_has_what_it_was_given() {
    let (words, separator) = (vec!["tulip", "rose"], String::from(", "));
    let joined = tulipa::run(to_thread(move || words.join(&separator)));
    assert_eq!(joined.unwrap().unwrap(), "tulip, rose");
}

/// TT-04
#[test]
fn as_many_run_at_once_as_there_may_be_threads() {
    let runtime = one_thread().blocking_threads(3).build().unwrap();
    let ended = runtime.run(async {
        let meeting = Arc::new(Barrier::new(3));
        let meet = |_| {
            let meeting = meeting.clone();
            spawn(async move { to_thread(move || meeting.wait()).await.is_ok() })
        };
        gather((0..9).map(meet)).await // three times three: two at once would wait for ever
    });
    assert_eq!(ended.unwrap(), Ok(vec![true; 9]));
    assert!(runtime.handle().stats().blocking().threads <= 3);
}

/// TT-09
#[test]
fn a_request_wins_over_a_result_that_has_not_been_seen() {
    let cancelled = runtime().run(async {
        let task = spawn(async { cancel::catch(to_thread(|| 7)).await.is_err() });
        yield_now().await; // it is submitted
        let pool = || Handle::current().unwrap().stats().blocking();
        wait_until(|| pool().threads == 1 && pool().idle == 1); // it has ended, and this thread has not looked
        task.cancel();
        task.await
    });
    assert_eq!(cancelled.unwrap(), Ok(true));
}

/// TT-11
#[test]
fn after_shutdown_a_function_is_refused() {
    let runtime = runtime();
    assert!(runtime.shutdown().unwrap().is_clean());
    assert!(
        runtime
            .handle()
            .try_spawn_blocking(|| ())
            .unwrap_err()
            .is_closed()
    );
    assert!(matches!(
        runtime.run(to_thread(|| ())),
        Err(RunError::Refused(_))
    ));
}
