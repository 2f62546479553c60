//! What is left when many tasks have come and gone, as far as it is for the runtime to give back. Whether the system gets
//! it is the allocator's part.

use crate::count::{HANDFUL, alone, in_use};
use std::future::pending;
use std::thread;
use std::time::Duration;
use tulipa::{Builder, Flavour, Runtime, gather, sleep, spawn, yield_now};

const MIB: usize = 1 << 20;

/// Each thread keeps a chunk for cells of each size that it has spawned.
const CHUNKS: usize = 8 * (256 << 10);

/// The words of tasks that are listed lie in segments of up to so much, each of which stays as long as one of its words is in
/// use, or in a worker's lists.
const SEGMENTS: usize = 4 * (256 << 10);

/// Asserts that `burst` leaves no more bytes in use than chunks and segments.
///
/// The assertion is in here, where no other test counts: a backtrace of a failure asks for a lot of memory.
fn leaves_little<F>(burst: impl FnOnce() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    const LIMIT: usize = CHUNKS + SEGMENTS;
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
        let tasks = some_tasks();
        let released = async move {
            tasks.await;
            tulipa_task::release_memory(); // as the watchdog does, when nothing has gone on for a while
        };
        runtime.run(released).unwrap();
        in_use().saturating_sub(before)
    });
    let mut fewest = usize::MAX;
    for left in left {
        fewest = fewest.min(left);
        if fewest <= LIMIT {
            return;
        }
    }
    panic!("{fewest} bytes are left, not {LIMIT}");
}

#[test]
fn a_million_tasks_leave_little() {
    leaves_little(|| async {
        let tasks: Vec<_> = (0..1_000_000).map(|_| spawn(async {})).collect();
        gather(tasks).await.unwrap();
    });
}

#[test]
fn tasks_that_were_cancelled_leave_little() {
    const TASKS: usize = 1 << 18;
    leaves_little(|| async {
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
fn timers_leave_little() {
    const TASKS: usize = 1 << 18;
    leaves_little(|| async {
        let nap = || sleep(Duration::from_millis(1));
        let tasks: Vec<_> = (0..TASKS).map(|_| spawn(nap())).collect();
        gather(tasks).await.unwrap();
    });
}

/// What was kept for the next burst goes when there is nothing to do, and the words by which tasks were listed. (With a watchdog,
/// when that has lasted for a while.)
#[test]
fn a_worker_that_parks_gives_back_the_memory_of_tasks() {
    const TASKS: usize = 1 << 20;
    const NAPS: usize = 1_000;
    let _alone = alone();
    let runtime = Builder::new().flavour(Flavour::CurrentThread);
    let parked = runtime.run(async {
        let before = in_use();
        let tasks: Vec<_> = (0..TASKS).map(|_| spawn(async {})).collect();
        gather(tasks).await.unwrap();
        assert!(in_use() > before + 8 * MIB, "a word of each at least");
        for nap in 1..=NAPS {
            sleep(Duration::from_millis(1)).await; // where the machine is busy it may be over before the worker parks
            if in_use() < before + MIB {
                return Some(nap);
            }
        }
        None
    });
    assert!(parked.unwrap().is_some(), "nothing went in {NAPS} naps");
}

/// So many tasks that are there at once, but not in the queues at once: what a queue that has grown leaves behind goes when it will.
async fn burst(tasks: usize) {
    let mut all = Vec::with_capacity(tasks);
    while all.len() < tasks {
        all.extend((0..HANDFUL).map(|_| spawn(pending::<()>())));
        yield_now().await;
    }
    for some in all.chunks(HANDFUL) {
        for task in some {
            task.cancel();
        }
        yield_now().await;
    }
    for task in all {
        task.await.unwrap_err();
    }
}

/// Where there is a watchdog nobody else does, and this waits for it however long it takes: the program has nothing more to do that
/// could bring the number down. What was kept for the next burst has to go for that, and the words by which tasks were listed.
#[test]
fn the_watchdog_gives_back_the_memory_of_tasks_when_all_rest() {
    const TASKS: usize = 1 << 20;
    const LEFT: usize = 7 * MIB;
    let _alone = alone();
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let before = in_use();
    let busy = runtime.run(async {
        spawn(burst(TASKS)).await.unwrap();
        in_use()
    });
    assert!(busy.unwrap() > before + LEFT + 4 * MIB);
    while in_use() > before + LEFT {
        thread::yield_now();
    }
}
