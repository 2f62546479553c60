//! All live tasks of one executor, behind `all_tasks()`.
//!
//! # How
//!
//! A task is listed in a slot: one word in a shard. A thread that works for the executor claims a shard of its own
//! and takes free slots from it without a lock; whoever ends the task empties the slot with one exchange and gives it
//! back, to the owner's list if it is the owner, else to the shard's remote list, which the owner takes over whole
//! when his own is used up. Threads that own no shard take slots from one that they share, behind a mutex.
//! A snapshot walks the slots while all this goes on.
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
//! Who only gives slots back never takes any, and the owner takes what was given back all at once: no exchange can mistake a
//! list for an older one (ABA).

use crate::cell::Header;
use crate::handle::TaskRef;
use crate::sync::{AtomicU32, AtomicU64, AtomicUsize, Counter, Mutex, Ordering, thread_local};
use std::cell::Cell;
use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

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
    shards: Box<[Shard]>,
    shared: Mutex<()>,
    visitors: Mutex<()>,
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

/// Where a task is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotId {
    shard: u32,
    slot: u32,
}

impl SlotId {
    /// Of what is not listed: jobs and deferreds.
    pub(crate) const NONE: Self = Self {
        shard: u32::MAX,
        slot: u32::MAX,
    };

    pub(crate) const fn pack(self) -> u64 {
        ((self.shard as u64) << 32) | self.slot as u64
    }

    pub(crate) const fn unpack(word: u64) -> Self {
        Self {
            shard: (word >> 32) as u32,
            slot: word as u32,
        }
    }
}

/// A thread's idea of the shard that it owns. It holds where the shard bears the same token: so a claim that was forgotten,
/// or dropped out of order, or whose registry is gone, gives nobody a shard that is not his.
#[derive(Debug, Clone, Copy)]
struct Own {
    shard: u32,
    token: u64,
}

impl Own {
    const NOTHING: Self = Self {
        shard: u32::MAX,
        token: UNCLAIMED,
    };
}

thread_local! {
    static OWN: Cell<Own> = const { Cell::new(Own::NOTHING) };
}

static NEXT_TOKEN: Counter = Counter::from(UNCLAIMED + 1);

const UNCLAIMED: u64 = 0;
const SHARED: u32 = 0;
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
        let shards = (0..=threads).map(|_| Shard::new()).collect();
        Self {
            shards,
            shared: Mutex::new(()),
            visitors: Mutex::new(()),
        }
    }

    /// Claims a shard for the calling thread.
    pub fn claim(&self) -> Claim<'_> {
        let token = NEXT_TOKEN.take(1);
        let own = (1..)
            .zip(self.shards.iter().skip(1))
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
        for shard in &self.shards {
            shard.visit(|task| tasks.push(task));
        }
        drop(one_at_a_time); // before any reference is dropped: if it is the last, that may run anything
        tasks.retain(|task| !task.is_done());
        tasks
    }

    /// How many tasks are listed at this moment.
    pub fn len(&self) -> usize {
        self.shards.iter().map(Shard::len).sum()
    }

    /// Whether no task is listed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lists a task.
    pub(crate) fn insert(&self, task: NonNull<Header>) -> SlotId {
        if let Some((shard, own)) = self.own_shard() {
            return SlotId {
                shard,
                slot: own.insert(task),
            };
        }
        let _owner = self.shared.lock();
        SlotId {
            shard: SHARED,
            slot: self.shards[SHARED as usize].insert(task),
        }
    }

    /// Empties the slot of a task whose runtime reference the caller owns, before and after.
    pub(crate) fn remove(&self, id: SlotId, task: &Header) {
        let shard = &self.shards[id.shard as usize];
        if !shard.take_out(id.slot, task) {
            return; // a visitor is there, and gives the slot back when he leaves
        }
        match self.own_shard() {
            Some((own, _)) if own == id.shard => shard.give_back_as_owner(id.slot),
            _ => shard.give_back(id.slot),
        }
    }

    /// The shard that this thread owns here.
    fn own_shard(&self) -> Option<(u32, &Shard)> {
        let own = OWN.with(Cell::get);
        let shard = self.shards.get(own.shard as usize)?;
        shard
            .is_claimed_with(own.token)
            .then_some((own.shard, shard))
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        OWN.with(|current| current.set(self.before));
        if self.own.token != UNCLAIMED {
            self.registry.shards[self.own.shard as usize].unclaim();
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

/// Slots, and which of them are free.
struct Shard {
    /// The token of the claim, or [`UNCLAIMED`]. The shared shard is never claimed.
    claimed: AtomicU64,
    /// How many slots have ever been in use. Written by the owner.
    used: AtomicU32,
    /// Those ever listed here and those ever removed: their difference is the number of tasks.
    inserted: AtomicUsize,
    removed_by_owner: AtomicUsize,
    removed_by_others: AtomicUsize,
    /// The owner's free slots, as a list through the slots. Only the owner touches it.
    own_free: AtomicU32,
    /// Slots that others gave back. Anyone pushes, only the owner takes, and takes all: so no slot is seen twice (ABA).
    remote_free: AtomicU32,
    /// Segment n has `FIRST_SEGMENT << n` slots, so that a slot never moves.
    segments: [OnceLock<Box<[Slot]>>; SEGMENTS],
}

/// Free (a link), a task's header, that header while it is visited, or removed while it was visited.
struct Slot(AtomicUsize);

#[cfg(not(loom))]
const FIRST_SEGMENT: usize = 64;
#[cfg(loom)]
const FIRST_SEGMENT: usize = 1;
const SEGMENTS: usize = 26;
/// The end of a list of free slots; slots are counted from 1 in links.
const NO_SLOT: u32 = 0;

/// Low bits of a slot: headers are aligned to more than four bytes.
const VISITED: usize = 0b01;
const FREE: usize = 0b10;
const REMOVED: usize = 0b11;
const TAG: usize = 0b11;

impl Shard {
    fn new() -> Self {
        Self {
            claimed: AtomicU64::new(UNCLAIMED),
            used: AtomicU32::new(0),
            inserted: AtomicUsize::new(0),
            removed_by_owner: AtomicUsize::new(0),
            removed_by_others: AtomicUsize::new(0),
            own_free: AtomicU32::new(NO_SLOT),
            remote_free: AtomicU32::new(NO_SLOT),
            segments: [const { OnceLock::new() }; SEGMENTS],
        }
    }

    fn claim(&self, token: u64) -> bool {
        // Acquire: pairs with the Release in `unclaim`, so that the new owner sees the old one's list.
        self.claimed
            .compare_exchange(UNCLAIMED, token, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    fn is_claimed_with(&self, token: u64) -> bool {
        // Relaxed: a thread that asks with its own token wrote it itself, and nobody else unclaims it.
        token != UNCLAIMED && self.claimed.load(Ordering::Relaxed) == token
    }

    fn unclaim(&self) {
        // Release: pairs with the Acquire in `claim`.
        self.claimed.store(UNCLAIMED, Ordering::Release);
    }

    fn len(&self) -> usize {
        // Relaxed: a count that is right when nothing moves, and a moment's guess otherwise.
        let removed = self.removed_by_owner.load(Ordering::Relaxed)
            + self.removed_by_others.load(Ordering::Acquire);
        self.inserted
            .load(Ordering::Relaxed)
            .saturating_sub(removed)
    }

    fn slot(&self, index: u32) -> &Slot {
        let (segment, offset) = locate(index);
        &self.segments[segment]
            .get()
            .expect("a slot in use lies in a segment")[offset]
    }

    /// The owner lists a task.
    fn insert(&self, task: NonNull<Header>) -> u32 {
        let index = self.take_free().unwrap_or_else(|| self.grow());
        // Release: pairs with the Acquire of a visit, which reads the header.
        self.slot(index)
            .0
            .store(task.as_ptr().expose_provenance(), Ordering::Release);
        bump(&self.inserted);
        index
    }

    fn take_free(&self) -> Option<u32> {
        // Relaxed: only the owner touches `own_free`, and a claim passes it on.
        let mut link = self.own_free.load(Ordering::Relaxed);
        // Relaxed: a slot that comes back just now is for the next time; a burst of spawns need not exchange for each.
        if link == NO_SLOT && self.remote_free.load(Ordering::Relaxed) != NO_SLOT {
            // Acquire: pairs with the Release in `give_back`, which wrote the link.
            link = self.remote_free.swap(NO_SLOT, Ordering::Acquire);
        }
        let index = link.checked_sub(1)?;
        // Relaxed: the link was written by the owner, or made visible by the Acquire above.
        let next = self.slot(index).0.load(Ordering::Relaxed) >> 2;
        self.own_free.store(
            u32::try_from(next).expect("links are slot numbers"),
            Ordering::Relaxed,
        );
        Some(index)
    }

    /// A slot that was never used.
    fn grow(&self) -> u32 {
        // Relaxed: only the owner writes it.
        let index = self.used.load(Ordering::Relaxed);
        let (segment, _) = locate(index);
        self.segments[segment].get_or_init(|| {
            (0..FIRST_SEGMENT << segment)
                .map(|_| Slot(AtomicUsize::new(FREE)))
                .collect()
        });
        // Release: pairs with the Acquire in `visit`, which then finds the segment.
        self.used.store(index + 1, Ordering::Release);
        index
    }

    /// Empties a slot; `false` if a visitor is in it, who then gives it back.
    fn take_out(&self, index: u32, task: &Header) -> bool {
        let slot = &self.slot(index).0;
        let listed = ptr::from_ref(task).expose_provenance();
        // Acquire: pairs with the Release of a visitor who left, so that his reference is counted before this one goes.
        if slot
            .compare_exchange(listed, FREE, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
        {
            return true;
        }
        task.retain(); // for the caller: the runtime's goes to the visitor, if he is still there
        // AcqRel: pairs with the exchange by which a visitor leaves, in `visit`: with its Release if he has left, with the
        // Acquire of its failure if he has not.
        if slot.swap(REMOVED, Ordering::AcqRel) == listed {
            let last = task.release();
            debug_assert!(!last, "the caller owns the runtime's reference");
            return true;
        }
        false
    }

    fn give_back_as_owner(&self, index: u32) {
        // Relaxed, all three: only the owner reads what the owner writes; a visitor reads the tag, which stays FREE.
        let next = self.own_free.load(Ordering::Relaxed);
        self.slot(index).0.store(free(next), Ordering::Relaxed);
        self.own_free.store(index + 1, Ordering::Relaxed);
        bump(&self.removed_by_owner);
    }

    fn give_back(&self, index: u32) {
        // Relaxed: the exchange below decides.
        let mut head = self.remote_free.load(Ordering::Relaxed);
        loop {
            self.slot(index).0.store(free(head), Ordering::Relaxed);
            // Release: pairs with the Acquire in `take_free`, which reads the link.
            match self.remote_free.compare_exchange_weak(
                head,
                index + 1,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(seen) => head = seen,
            }
        }
        // Release: pairs with the Acquire in `len`: who sees a task removed does not miss that it was inserted.
        self.removed_by_others.fetch_add(1, Ordering::Release);
    }

    /// Visits every task. One visitor at a time.
    fn visit(&self, mut each: impl FnMut(TaskRef)) {
        // Acquire: pairs with the Release in `grow`.
        for index in 0..self.used.load(Ordering::Acquire) {
            let slot = &self.slot(index).0;
            // Relaxed: the exchange decides.
            let listed = slot.load(Ordering::Relaxed);
            // Acquire: pairs with the Release in `insert`; the header's fields are then to be seen.
            let entered = listed & TAG == 0
                && slot
                    .compare_exchange(
                        listed,
                        listed | VISITED,
                        Ordering::Acquire,
                        Ordering::Relaxed,
                    )
                    .is_ok();
            if !entered {
                continue; // free, or just removed
            }
            let header = NonNull::new(ptr::with_exposed_provenance_mut::<Header>(listed))
                .expect("a task is listed");
            // SAFETY: rule 5: the slot is marked, so the runtime's reference is not given back before this thread
            // has left it (see the module's docs), and the new reference is counted before that.
            let task = unsafe { TaskRef::retain(header) };
            // Release: pairs with the Acquire in `take_out`: the new reference is counted before the runtime's goes.
            // Acquire, where it fails: pairs with the Release there, so that the remover's own is counted before this one
            // gives the runtime's back.
            if slot
                .compare_exchange(
                    listed | VISITED,
                    listed,
                    Ordering::Release,
                    Ordering::Acquire,
                )
                .is_err()
            {
                self.give_back(index);
                // SAFETY: rule 5: REMOVED says that the runtime's reference was left to this visitor.
                drop(unsafe { TaskRef::adopt(header) });
            }
            each(task);
        }
    }
}

/// A counter with one writer: no read-modify-write needed.
fn bump(counter: &AtomicUsize) {
    // Relaxed: one writer at a time (the owner, or the holder of the shared shard's lock).
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

fn free(next: u32) -> usize {
    ((next as usize) << 2) | FREE
}

/// The segment of a slot, and its place in it.
fn locate(index: u32) -> (usize, usize) {
    let position = index as usize / FIRST_SEGMENT + 1;
    let segment = position.ilog2() as usize;
    (
        segment,
        index as usize - FIRST_SEGMENT * ((1 << segment) - 1),
    )
}

#[cfg(test)]
mod tests {
    use super::{FIRST_SEGMENT, locate};

    #[test]
    fn each_slot_has_one_place_and_segments_have_no_holes() {
        let mut expected = (0, 0);
        for index in 0..100_000 {
            assert_eq!(locate(index), expected);
            expected.1 += 1;
            if expected.1 == FIRST_SEGMENT << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
    }
}
