//! All live tasks of one executor, behind `all_tasks()`.
//!
//! # How
//!
//! A task is listed in a slot, which is one word. A thread that works for the executor claims a shard of its own
//! and takes free slots from its lists without a lock; whoever ends the task empties the slot with one exchange and keeps it,
//! in the lists of his own shard, wherever the slot lies. Where tasks begin on one thread and end on another, slots would
//! gather there; so of more than a few a whole batch is returned at once, to a list that all share (the [`Pool`]), and who has
//! none left takes a batch of that. Threads that own no shard take slots by one that they share, behind a mutex, and return each
//! by itself. A snapshot walks the slots while all this goes on.
//!
//! So a task that begins and ends costs one exchange, of its slot; what threads share is come to once in a batch.
//!
//! ```text
//!   free ──insert──▶ pointer ──visit──▶ pointer|VISITED ──leave──▶ pointer
//!    ▲                  │ remove              │ remove
//!    └──────────────────┘                     ▼
//!    ▲                                     REMOVED
//!    └──────────────leave─────────────────────┘
//! ```
//!
//! # Why a visitor never touches a task that is gone
//!
//! The slot stands for the runtime's reference to the task, which is given back only after the slot was emptied.
//! A visitor marks the slot before it counts its own reference up. Who removes a marked slot first takes a reference
//! of his own, and leaves the runtime's to the visitor, who finds REMOVED when he leaves and gives it back. So
//! neither waits for the other. Visitors exclude each other by a mutex that nobody else takes but who releases memory.
//!
//! The race is the visitor's leaving against the removal of the marked slot, and both are exchanges of the slot:
//!
//! - The visitor leaves first: the exchange of the remover finds the plain pointer, so he gives back the reference that he
//!   has just taken, and the slot is his to free.
//! - The remover comes first: the visitor finds REMOVED, frees the slot, and gives back the runtime's reference.
//!
//! # Why a shard has one owner
//!
//! A claim marks its shard with a token that no other claim ever has, and leaves token and shard with its thread. A thread owns
//! a shard as long as the two agree; so nothing that safe code does with its guards makes two threads owners of one.
//! What was returned is always taken all at once, and put back where there is nothing: no exchange can mistake a list for an older
//! one (ABA).
//!
//! # What goes back to the system
//!
//! Slots lie in segments. When the executor has nothing to do ([`release_memory`](crate::release_memory)), and many tasks have ended
//! since, it takes all that was returned and marks it. A segment all of whose slots are marked can be reached by nobody: a slot
//! that a task is in, that a shard's lists have, or that was never used, bears no mark, and visitors are kept out by their mutex. So it
//! is freed, and the rest of the marked slots returned. What races with that are those who take and return slots meanwhile:
//!
//! - They take first: their slots are not in the list, and so not marked.
//! - The list is taken first: they find it empty, or what came since, and else use slots that are new.

mod pool;
mod shard;
mod slot;

use crate::cell::Header;
use crate::handle::TaskRef;
use crate::sync::{AtomicUsize, Counter, Mutex, Ordering, thread_local};
use crossbeam_utils::CachePadded;
use pool::Pool;
use shard::{Shard, UNCLAIMED};
pub(crate) use slot::Slot;
use std::cell::Cell;
use std::fmt;
use std::ptr::NonNull;

/// All live tasks of one executor. See the module's docs for how it works.
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// use tulipa_task::Builder;
///
/// let _task = Builder::new().name("listed").on(&scheduler).spawn(async {});
/// let names: Vec<_> = scheduler.registry().snapshot().iter().map(|task| task.name()).collect();
/// assert_eq!(names, ["listed"]);
/// run();
/// assert!(scheduler.registry().is_empty());
/// ```
pub struct Registry {
    /// The first is the shared one; the others belong to whoever claimed them.
    shards: Box<[CachePadded<Shard>]>,
    shared: Mutex<()>,
    visitors: Mutex<()>,
    pool: Pool,
    /// How many tasks had been removed when the pool was last trimmed.
    trimmed_at: AtomicUsize,
}

/// Held by a thread while it works for an executor: new tasks of that executor are listed in a shard of its own.
///
/// Where all shards are claimed, the thread uses the shared one, behind its lock.
#[derive(Debug)]
#[must_use = "the shard is the thread's for as long as this lives"]
pub struct Claim<'a> {
    registry: &'a Registry,
    own: Own,
    before: Own,
    _this_thread_only: std::marker::PhantomData<*const ()>,
}

/// A thread's idea of the shard that it owns. It holds where the shard bears the same token: so a claim that was forgotten,
/// or dropped out of order, or whose registry is gone, gives nobody a shard that is not his.
#[derive(Debug, Clone, Copy)]
struct Own {
    shard: usize,
    token: u64,
}

impl Own {
    const NOTHING: Self = Self {
        shard: usize::MAX,
        token: UNCLAIMED,
    };
}

thread_local! {
    static OWN: Cell<Own> = const { Cell::new(Own::NOTHING) };
}

static NEXT_TOKEN: Counter = Counter::from(UNCLAIMED + 1);

const SHARED: usize = 0;
const DEFAULT_SHARDS: usize = 64;

/// So few slots are not worth looking through.
const KEPT: usize = if cfg!(loom) { 0 } else { 1 << 14 };
/// All slots are looked through when a task was removed for each so many of them.
const SHARE: usize = 8;

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// A registry for up to 63 threads that own a shard each; more share one.
    pub fn new() -> Self {
        Self::with_shards(DEFAULT_SHARDS - 1)
    }

    /// A registry for `threads` that own a shard each.
    pub fn with_shards(threads: usize) -> Self {
        let shards = (0..=threads).map(|_| CachePadded::new(Shard::new()));
        Self {
            shards: shards.collect(),
            shared: Mutex::new(()),
            visitors: Mutex::new(()),
            pool: Pool::new(),
            trimmed_at: AtomicUsize::new(0),
        }
    }

    /// Claims a shard for the calling thread.
    pub fn claim(&self) -> Claim<'_> {
        let token = NEXT_TOKEN.take(1);
        let own = self
            .shards
            .iter()
            .enumerate()
            .skip(1)
            .find_map(|(index, shard)| shard.claim(token).then_some(index))
            .map_or(Own::NOTHING, |shard| Own { shard, token });
        Claim {
            registry: self,
            own,
            before: OWN.with(|current| current.replace(own)),
            _this_thread_only: std::marker::PhantomData,
        }
    }

    /// Every task that is not done, in no particular order. Nothing stops while it is taken: tasks that begin or end
    /// meanwhile may or may not be in it (AL-01 to AL-03).
    pub fn snapshot(&self) -> Vec<TaskRef> {
        let (mut tasks, mut ended) = (Vec::new(), Vec::new());
        let one_at_a_time = self.visitors.lock();
        // SAFETY: segments stay as long as this thread has the lock.
        let segments =
            (0..).map_while(|n| self.pool.segment(n).map(|slots| unsafe { slots.as_ref() }));
        for slot in segments.flatten() {
            let Some(visited) = slot.visit() else {
                continue; // free, or just removed
            };
            if let Some(left_to_us) = visited.leave() {
                self.give_back(slot);
                ended.push(left_to_us);
            }
            // Asked here, while the cell is at hand: of a million tasks each would have to be fetched again.
            let task = visited.into_task();
            match task.is_done() {
                true => ended.push(task),
                false => tasks.push(task),
            }
        }
        drop(one_at_a_time); // before any reference is dropped: if it is the last, that may run anything
        tasks
    }

    /// How many tasks are listed at this moment.
    pub fn len(&self) -> usize {
        // Removed ones first: who sees a task removed does not miss that it was inserted.
        let removed = self.removed();
        let inserted: usize = self.shards.iter().map(|shard| shard.inserted()).sum();
        inserted.saturating_sub(removed)
    }

    /// How many tasks were ever removed.
    fn removed(&self) -> usize {
        let of_shards: usize = self.shards.iter().map(|shard| shard.removed()).sum();
        of_shards + self.pool.removed()
    }

    /// Gives back the memory of slots that a burst of tasks has left. It looks at each slot, and so only if that many were
    /// emptied since it did so last that it is little beside that.
    pub(crate) fn release_memory(&self) {
        let slots = self.pool.slots();
        if slots <= KEPT {
            return;
        }
        let removed = self.removed();
        // Relaxed: two who both find that it is time do it one after the other.
        let since = removed.wrapping_sub(self.trimmed_at.load(Ordering::Relaxed));
        if since < slots / SHARE {
            return;
        }
        self.trimmed_at.store(removed, Ordering::Relaxed);
        let _nobody_visits = self.visitors.lock();
        // SAFETY: who visits or trims has the lock.
        unsafe { self.pool.trim() };
    }

    /// Whether no task is listed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lists a task.
    #[inline]
    pub(crate) fn insert(&self, task: NonNull<Header>) -> NonNull<Slot> {
        match self.own_shard() {
            Some(own) => own.insert(task, &self.pool),
            None => self.insert_shared(task),
        }
    }

    #[cold]
    fn insert_shared(&self, task: NonNull<Header>) -> NonNull<Slot> {
        let _owner = self.shared.lock();
        self.shards[SHARED].insert(task, &self.pool)
    }

    /// Empties the slot of a task whose runtime reference the caller owns, before and after.
    ///
    /// # Safety
    ///
    /// `slot` came from `insert` of this registry, for this task, and is used for this once.
    #[inline]
    pub(crate) unsafe fn remove(&self, slot: NonNull<Slot>, task: &Header) {
        // SAFETY: the caller's promise; a slot stays while a task is in it.
        let slot = unsafe { slot.as_ref() };
        // Else a visitor is there, and gives the slot back when he leaves.
        if slot.take_out(task) {
            self.give_back(slot);
        }
    }

    /// Takes a slot that was emptied.
    #[inline]
    fn give_back(&self, slot: &Slot) {
        match self.own_shard() {
            Some(own) => own.keep(slot, &self.pool),
            None => self.pool.put_one(slot),
        }
    }

    /// The shard that this thread owns here.
    #[inline]
    fn own_shard(&self) -> Option<&Shard> {
        let own = OWN.with(Cell::get);
        let shard = self.shards.get(own.shard)?;
        shard.is_claimed_with(own.token).then_some(&**shard)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        OWN.with(|current| current.set(self.before));
        if self.own.token != UNCLAIMED {
            self.registry.shards[self.own.shard].unclaim();
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("tasks", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Registry;
    use crate::schedule::{Runnable, Schedule, Scheduler, Why};
    use crate::sync::Mutex;
    use crate::{Builder, spawn};
    use std::collections::HashSet;
    use std::sync::Arc;

    struct Kept(Registry, Mutex<Vec<Runnable>>);

    impl Schedule for Kept {
        fn schedule(&self, runnable: Runnable, _: Why) {
            self.1.lock().push(runnable);
        }

        fn registry(&self) -> &Registry {
            &self.0
        }
    }

    #[test]
    fn slots_do_not_gather_where_the_tasks_of_another_thread_end() {
        let kept = Arc::new(Kept(Registry::with_shards(2), Mutex::new(Vec::new())));
        let scheduler = Scheduler::new(kept.clone());
        let _claim = kept.0.claim();
        for _ in 0..100 {
            for _ in 0..100 {
                Builder::new().on(&scheduler).spawn(async {}).detach();
            }
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let _claim = kept.0.claim();
                    let ready = std::mem::take(&mut *kept.1.lock());
                    assert!(ready.into_iter().all(|runnable| runnable.run().is_none()));
                });
            });
        }
        assert!(kept.0.is_empty());
        let slots = kept.0.pool.slots();
        assert!(slots < 1_000, "{slots} for 10,000 tasks");
    }

    #[test]
    fn what_a_burst_has_left_goes_but_not_where_a_task_is() {
        const BURST: usize = 100_000;
        let kept = Arc::new(Kept(Registry::new(), Mutex::new(Vec::new())));
        let scheduler = Scheduler::new(kept.clone());
        let _claim = kept.0.claim();
        let spawn = || Builder::new().on(&scheduler).spawn(async {});
        let run = |runnables: Vec<Runnable>| {
            assert!(
                runnables
                    .into_iter()
                    .all(|runnable| runnable.run().is_none())
            );
        };
        let tasks: Vec<_> = (0..BURST).map(|_| spawn()).collect();
        kept.0.release_memory();
        assert!(kept.0.pool.slots() >= BURST, "all of them are in use");
        // A few are left, of those that were listed first.
        let ready = kept.1.lock().split_off(100);
        run(ready);
        kept.0.release_memory();
        let slots = kept.0.pool.slots();
        assert!(slots < BURST / 2, "{slots} for 100 tasks");
        let listed = kept.0.snapshot();
        assert_eq!(listed.len(), 100);
        assert!(tasks[..100].iter().all(|task| listed.contains(task)));
        drop(listed);
        // The others are used again, once each.
        let more: Vec<_> = (0..BURST).map(|_| spawn()).collect();
        let listed = kept.0.snapshot();
        assert_eq!((listed.len(), kept.0.len()), (BURST + 100, BURST + 100));
        drop((listed, more, tasks));
        let ready = std::mem::take(&mut *kept.1.lock());
        run(ready);
        assert!(kept.0.is_empty());
    }

    #[test]
    fn tasks_begin_and_end_while_memory_is_released() {
        const ROUNDS: usize = 20;
        const BURST: usize = 20_000;
        let kept = Arc::new(Kept(Registry::with_shards(2), Mutex::new(Vec::new())));
        let scheduler = Scheduler::new(kept.clone());
        let work = || {
            let _claim = kept.0.claim();
            for round in 0..ROUNDS {
                for _ in 0..BURST {
                    Builder::new().on(&scheduler).spawn(async {}).detach();
                }
                let ready = kept.1.lock().split_off(round);
                assert!(ready.into_iter().all(|runnable| runnable.run().is_none()));
                let listed = kept.0.snapshot();
                let ids: HashSet<_> = listed.iter().map(|task| task.id()).collect();
                assert_eq!(ids.len(), listed.len(), "each is in one slot");
                kept.0.release_memory();
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(work); // one of them without a shard
            }
        });
        kept.1.lock().drain(..).for_each(drop);
        assert!(kept.0.is_empty() && kept.0.snapshot().is_empty());
    }

    #[test]
    fn a_thread_that_enters_counts_for_all_that_it_spawns() {
        let kept = Arc::new(Kept(Registry::new(), Mutex::new(Vec::new())));
        let scheduler = Scheduler::new(kept.clone());
        let (outer, inner) = (scheduler.enter(), scheduler.enter());
        let tasks: Vec<_> = (0..5_000).map(|_| spawn(async {})).collect();
        drop(outer); // out of order
        drop(tasks);
        kept.1.lock().drain(..).for_each(drop);
        drop((inner, scheduler));
        assert_eq!(Arc::strong_count(&kept), 2, "one is entered for good");
    }
}
