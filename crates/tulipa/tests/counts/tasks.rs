//! Spawning, waking, ending, cancelling.

use crate::count::{HANDFUL, allocations, fewest, of_queues, on_each};
use futures::task::AtomicWaker;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use tulipa::{Handle, Task, spawn, yield_now};

const MANY: usize = 1_000;

/// Its cell is a place in a chunk that the thread has. A chunk is an allocation, one for hundreds or thousands of cells, where more
/// tasks are there than before.
#[test]
fn a_task_takes_no_allocation_from_spawn_to_join() {
    on_each(|| async {
        let one_by_one = || async {
            for _ in 0..MANY {
                spawn(async {}).await.unwrap();
            }
        };
        assert_eq!(fewest(|| allocations(one_by_one())).await, 0);
    });
}

#[test]
fn a_handful_of_tasks_at_once_takes_no_allocation() {
    on_each(|| async {
        let at_once = || async {
            let mut tasks = Vec::with_capacity(HANDFUL);
            tasks.extend((0..HANDFUL).map(|_| spawn(async {})));
            join(tasks).await;
        };
        let list = 1;
        assert_eq!(fewest(|| allocations(at_once())).await, list);
    });
}

#[test]
fn a_burst_of_tasks_takes_a_few_allocations_for_the_queue() {
    on_each(|| async {
        let at_once = || async {
            let mut tasks = Vec::with_capacity(MANY);
            tasks.extend((0..MANY).map(|_| spawn(async {})));
            join(tasks).await;
        };
        let (count, list) = (fewest(|| allocations(at_once())).await, 1);
        let most = list + of_queues(MANY);
        assert!((list..=most).contains(&count), "{count} of {most}");
    });
}

/// It does not fit where the others are.
#[test]
fn a_task_with_a_large_future_is_one_allocation() {
    on_each(|| async {
        let large = || async {
            for _ in 0..MANY {
                let state = [1u8; 1024];
                let used = async move {
                    yield_now().await;
                    std::hint::black_box(state);
                };
                spawn(used).await.unwrap();
            }
        };
        assert_eq!(fewest(|| allocations(large())).await, MANY);
    });
}

#[test]
fn a_detached_task_takes_no_allocation() {
    on_each(|| async {
        let detached = || async {
            let left = Arc::new(AtomicUsize::new(HANDFUL));
            let work = async {
                for _ in 0..HANDFUL {
                    let left = Arc::clone(&left);
                    // Relaxed: a count.
                    spawn(async move { left.fetch_sub(1, Ordering::Relaxed) }).detach();
                }
                while left.load(Ordering::Relaxed) > 0 {
                    yield_now().await;
                }
            };
            allocations(work).await
        };
        assert_eq!(fewest(detached).await, 0);
    });
}

/// The queue for what comes from outside is a list of blocks, of 63 places each. The thread is new, and has no chunk yet; and
/// what it leaves in order at its end takes a list, too.
#[test]
fn a_spawn_from_outside_takes_one_allocation_for_63_of_them() {
    on_each(|| async {
        let from_outside = || async {
            let handle = Handle::current().unwrap();
            let outside = std::thread::spawn(move || {
                let mut tasks = Vec::with_capacity(MANY);
                let region = stats_alloc::Region::new(&stats_alloc::INSTRUMENTED_SYSTEM);
                tasks.extend((0..MANY).map(|_| handle.spawn(async {})));
                let change = region.change();
                drop(tasks);
                change.allocations + change.reallocations
            });
            while !outside.is_finished() {
                yield_now().await;
            }
            outside.join().unwrap()
        };
        let count = fewest(from_outside).await;
        let (blocks, at_first) = (MANY / 63, 4);
        assert!((blocks..=blocks + at_first).contains(&count), "{count}");
    });
}

#[test]
fn joining_allocates_nothing() {
    on_each(|| async {
        let joined = || async {
            let tasks: Vec<_> = (0..HANDFUL).map(|_| spawn(yield_now())).collect();
            allocations(join(tasks)).await
        };
        assert_eq!(fewest(joined).await, 0);
    });
}

#[test]
fn giving_way_allocates_nothing() {
    on_each(|| async {
        let giving_way = || async {
            let tasks: Vec<_> = (0..10).map(|_| spawn(give_way_often())).collect();
            allocations(join(tasks)).await
        };
        assert_eq!(fewest(giving_way).await, 0);
    });
}

async fn give_way_often() {
    for _ in 0..MANY {
        yield_now().await;
    }
}

#[test]
fn waking_allocates_nothing() {
    on_each(|| async {
        let relay = || async {
            let baton = Arc::new(Baton::default());
            let runners = [0, 1].map(|side| Arc::clone(&baton).carry(side));
            allocations(async { join(runners.map(spawn).into()).await }).await
        };
        let list = 1;
        assert_eq!(fewest(relay).await, list);
    });
}

/// Goes to and fro between two tasks, each of which wakes the other.
#[derive(Default)]
struct Baton {
    handed_over: AtomicUsize,
    waiting: [AtomicWaker; 2],
}

impl Baton {
    async fn carry(self: Arc<Self>, side: usize) {
        for turn in (side..2 * MANY).step_by(2) {
            poll_fn(|cx| {
                self.waiting[side].register(cx.waker());
                // Relaxed, here and below: registering and waking are what orders the two sides.
                match self.handed_over.load(Ordering::Relaxed) == turn {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
            .await;
            self.handed_over.store(turn + 1, Ordering::Relaxed);
            self.waiting[1 - side].wake();
        }
    }
}

#[test]
fn cancelling_suspended_tasks_allocates_nothing() {
    on_each(|| async {
        let cancelled = || async {
            let tasks: Vec<_> = (0..HANDFUL).map(|_| spawn(pending::<()>())).collect();
            while tasks.iter().any(|task| task.waits_for().is_none()) {
                yield_now().await;
            }
            let work = async {
                for task in &tasks {
                    assert!(task.cancel());
                }
                for task in tasks {
                    assert!(task.await.is_err());
                }
            };
            allocations(work).await
        };
        assert_eq!(fewest(cancelled).await, 0);
    });
}

async fn join(tasks: Vec<Task<()>>) {
    for task in tasks {
        task.await.unwrap();
    }
}
