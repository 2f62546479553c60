//! What is left when many tasks have come and gone, as far as it is for the runtime to give back. Whether the system gets
//! it is the allocator's part.

use crate::count::{alone, in_use};
use std::future::pending;
use std::time::Duration;
use tulipa::{Builder, Flavour, Runtime, gather, sleep, spawn, yield_now};

const MIB: usize = 1 << 20;

/// Each thread keeps a chunk for cells of each size that it has spawned.
const CHUNKS: usize = 8 * (256 << 10);

/// Asserts that `burst` leaves no more bytes in use than `limit`.
///
/// The assertion is in here, where no other test counts: a backtrace of a failure asks for a lot of memory.
fn leaves<F>(limit: usize, burst: impl FnOnce() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let _alone = alone();
    let runtime = Runtime::builder().workers(2).build().unwrap();
    // So many at once that they go through the queues.
    let some_tasks = || async {
        for _ in 0..10 {
            gather((0..100).map(|_| spawn(yield_now()))).await.unwrap();
        }
    };
    runtime.run(some_tasks()).unwrap();
    let before = in_use();
    runtime.run(burst()).unwrap();
    // A queue halves each time its own worker takes a task out of it, and its old buffers go when no thread can be looking
    // at them any more. How soon that is depends on who gets to run, so there is no number of rounds; a leak shows in all.
    let left = (0..2_000).map(|_| {
        runtime.run(some_tasks()).unwrap();
        tulipa_task::release_memory(); // as the watchdog does, when this has lasted for a while
        in_use().saturating_sub(before)
    });
    let mut fewest = usize::MAX;
    for left in left {
        fewest = fewest.min(left);
        if fewest <= limit {
            return;
        }
    }
    panic!("{fewest} bytes are left, not {limit}");
}

/// A word each, in the table of all tasks, which grows by doubling.
#[test]
fn a_million_tasks_leave_8_mib() {
    leaves(8 * MIB + CHUNKS, || async {
        let tasks: Vec<_> = (0..1_000_000).map(|_| spawn(async {})).collect();
        gather(tasks).await.unwrap();
    });
}

#[test]
fn tasks_that_were_cancelled_leave_a_word_each() {
    const TASKS: usize = 1 << 16;
    leaves(2 * 8 * TASKS + CHUNKS, || async {
        let tasks: Vec<_> = (0..TASKS).map(|_| spawn(pending::<()>())).collect();
        for task in &tasks {
            task.cancel();
        }
        for task in tasks {
            task.await.unwrap_err();
        }
    });
}

#[test]
fn timers_leave_nothing_but_what_their_tasks_do() {
    const TASKS: usize = 1 << 16;
    leaves(2 * 8 * TASKS + CHUNKS, || async {
        let nap = || sleep(Duration::from_millis(1));
        let tasks: Vec<_> = (0..TASKS).map(|_| spawn(nap())).collect();
        gather(tasks).await.unwrap();
    });
}

/// What was kept for the next burst goes when there is nothing to do. (With a watchdog, when that has lasted for a while.)
#[test]
fn a_worker_that_parks_gives_back_the_memory_of_tasks() {
    const TASKS: usize = 1 << 16;
    const NAPS: usize = 1_000;
    let _alone = alone();
    let runtime = Builder::new().flavour(Flavour::CurrentThread);
    let parked = runtime.run(async {
        let tasks: Vec<_> = (0..TASKS).map(|_| spawn(async {})).collect();
        gather(tasks).await.unwrap();
        let kept = in_use();
        for nap in 1..=NAPS {
            sleep(Duration::from_millis(1)).await; // where the machine is busy it may be over before the worker parks
            if in_use() + 2 * MIB < kept {
                return Some(nap);
            }
        }
        None
    });
    assert!(parked.unwrap().is_some(), "nothing went in {NAPS} naps");
}
