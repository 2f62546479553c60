//! All live tasks of one executor, behind `all_tasks()`.
//!
//! # How
//!
//! A task is listed in a slot: one word in a shard. A thread that works for the executor claims a shard of its own
//! and takes free slots from its lists without a lock; whoever ends the task empties the slot with one exchange and keeps it,
//! in the lists of his own shard, wherever the slot lies. Where tasks begin on one thread and end on another, slots would
//! gather there; so of more than a few a whole batch is returned at once, to a list that all share, and who has none left
//! takes all of that. Threads that own no shard take slots from one that they share, behind a mutex, and return each by itself.
//! A snapshot walks the slots while all this goes on.
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
//! neither waits for the other. Visitors exclude each other by a mutex that nobody else takes.
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
//! What was returned is always taken all at once: no exchange can mistake a list for an older one (ABA).

mod shard;
mod slot;

use crate::cell::Header;
use crate::handle::TaskRef;
use crate::sync::{Counter, Mutex, thread_local};
use crossbeam_utils::CachePadded;
use shard::{Shard, UNCLAIMED};
use slot::Returned;
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
    returned: CachePadded<Returned>,
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
            returned: CachePadded::new(Returned::new()),
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
        let mut tasks = Vec::new();
        let one_at_a_time = self.visitors.lock();
        for slot in self.shards.iter().flat_map(|shard| shard.used_slots()) {
            let Some(visited) = slot.visit() else {
                continue; // free, or just removed
            };
            if let Some(left_to_us) = visited.leave() {
                self.give_back(slot);
                drop(left_to_us);
            }
            tasks.push(visited.into_task());
        }
        drop(one_at_a_time); // before any reference is dropped: if it is the last, that may run anything
        tasks.retain(|task| !task.is_done());
        tasks
    }

    /// How many tasks are listed at this moment.
    pub fn len(&self) -> usize {
        // Removed ones first: who sees a task removed does not miss that it was inserted.
        let of_shards: usize = self.shards.iter().map(|shard| shard.removed()).sum();
        let removed = of_shards + self.returned.removed();
        let inserted: usize = self.shards.iter().map(|shard| shard.inserted()).sum();
        inserted.saturating_sub(removed)
    }

    /// Whether no task is listed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lists a task.
    #[inline]
    pub(crate) fn insert(&self, task: NonNull<Header>) -> &Slot {
        match self.own_shard() {
            Some(own) => own.insert(task, &self.returned),
            None => self.insert_shared(task),
        }
    }

    #[cold]
    fn insert_shared(&self, task: NonNull<Header>) -> &Slot {
        let _owner = self.shared.lock();
        self.shards[SHARED].insert(task, &self.returned)
    }

    /// Empties the slot of a task whose runtime reference the caller owns, before and after.
    ///
    /// # Safety
    ///
    /// `slot` came from `insert` of this registry, for this task, and is used for this once.
    #[inline]
    pub(crate) unsafe fn remove(&self, slot: NonNull<Slot>, task: &Header) {
        // SAFETY: the caller's promise; slots live as long as their registry.
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
            Some(own) => own.keep(slot, &self.returned),
            None => self.returned.put_one(slot),
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
    use super::{Registry, Shard};
    use crate::schedule::{Runnable, Schedule, Scheduler, Why};
    use crate::sync::Mutex;
    use crate::{Builder, spawn};
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

    fn used(registry: &Registry) -> usize {
        registry
            .shards
            .iter()
            .map(|shard: &_| Shard::used_slots(shard).count())
            .sum()
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
        assert!(used(&kept.0) < 400, "{} for 10,000 tasks", used(&kept.0));
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
