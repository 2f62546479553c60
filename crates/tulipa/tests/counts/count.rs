//! Counting allocations, of all threads of this process.

use parking_lot::{Mutex, MutexGuard};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::future::Future;
use tulipa::{Builder, Flavour, spawn};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Until the guard is dropped no other test of this process counts.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock()
}

/// How often a round is repeated. The first ones are a warm-up: queues, wheels and tables grow to the size they need.
const ROUNDS: usize = 12;

/// So many tasks at once do not make a queue grow, which then halves again and again as it empties.
pub(crate) const HANDFUL: usize = 30;

/// The most that the queues of two workers ask for while so many tasks come and go at once: they double and halve, each time by
/// three allocations.
pub(crate) fn of_queues(tasks: usize) -> usize {
    let doublings = tasks.div_ceil(64).next_power_of_two().ilog2() as usize;
    2 * 3 * 2 * doublings
}

/// Runs a test on the thread of `run` alone, and on two workers.
///
/// It is a task among others, not main: that is always woken on its own thread, through a queue that takes memory by the block.
pub(crate) fn on_each<F>(test: fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    on_each_of(&Builder::new(), test);
}

/// The same by a virtual clock.
pub(crate) fn on_each_in_virtual_time<F>(test: fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    on_each_of(&Builder::new().virtual_time(true), test);
}

fn on_each_of<F>(builder: &Builder, test: fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    for (flavour, workers) in [(Flavour::CurrentThread, 1), (Flavour::MultiThread, 2)] {
        let _alone = alone();
        let builder = builder.clone().flavour(flavour).workers(workers);
        let ended = builder.run(async move { spawn(test()).await });
        ended.unwrap().unwrap();
    }
}

/// How often memory is asked for while `work` goes on.
pub(crate) async fn allocations(work: impl Future<Output = ()> + Send) -> usize {
    let region = Region::new(ALLOCATOR);
    work.await;
    let change = region.change();
    change.allocations + change.reallocations
}

/// The bytes that are in use, of those that were asked for.
pub(crate) fn in_use() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// The fewest of several rounds. Other threads of the test harness, when they start or end a test, can only add to a count.
pub(crate) async fn fewest<F>(round: impl Fn() -> F + Send) -> usize
where
    F: Future<Output = usize> + Send,
{
    let mut fewest = usize::MAX;
    for _ in 0..ROUNDS {
        fewest = fewest.min(round().await);
    }
    fewest
}
