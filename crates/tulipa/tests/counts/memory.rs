//! What is left when many tasks have come and gone, as far as it is for the runtime to give back. Whether the system gets
//! it is the allocator's part.

use crate::count::{alone, in_use};
use std::future::pending;
use std::time::Duration;
use tulipa::{Runtime, gather, sleep, spawn};

const MIB: usize = 1 << 20;

/// The bytes in use after `burst`, less those before.
fn left_by<F>(burst: impl FnOnce() -> F) -> usize
where
    F: Future<Output = ()> + Send + 'static,
{
    let _alone = alone();
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let some_tasks = || async {
        for _ in 0..1_000 {
            spawn(async {}).await.unwrap();
        }
    };
    runtime.run(some_tasks()).unwrap();
    let before = in_use();
    runtime.run(burst()).unwrap();
    // Queues get smaller as they are used, and their old buffers go when no thread can be looking at them any more.
    let after = (0..20).map(|_| {
        runtime.run(some_tasks()).unwrap();
        in_use()
    });
    let fewest = after.min().expect("there were rounds");
    fewest.saturating_sub(before)
}

/// A word each, in the table of all tasks, which grows by doubling.
#[test]
fn a_million_tasks_leave_8_mib() {
    let left = left_by(|| async {
        let tasks: Vec<_> = (0..1_000_000).map(|_| spawn(async {})).collect();
        gather(tasks).await.unwrap();
    });
    assert!(left <= 8 * MIB + MIB / 4, "{left} bytes");
}

#[test]
fn tasks_that_were_cancelled_leave_a_word_each() {
    const TASKS: usize = 1 << 16;
    let left = left_by(|| async {
        let tasks: Vec<_> = (0..TASKS).map(|_| spawn(pending::<()>())).collect();
        for task in &tasks {
            task.cancel();
        }
        for task in tasks {
            task.await.unwrap_err();
        }
    });
    assert!(left <= 2 * 8 * TASKS + MIB / 4, "{left} bytes");
}

#[test]
fn timers_leave_nothing_but_what_their_tasks_do() {
    const TASKS: usize = 1 << 16;
    let left = left_by(|| async {
        let nap = || sleep(Duration::from_millis(1));
        let tasks: Vec<_> = (0..TASKS).map(|_| spawn(nap())).collect();
        gather(tasks).await.unwrap();
    });
    assert!(left <= 2 * 8 * TASKS + MIB / 4, "{left} bytes");
}
