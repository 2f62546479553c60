#![doc = include_str!("README.md")]

mod counters;
mod sleepers;

use crate::driver::Helm;
use crate::queue::HOME;
use crate::sync::{AtomicBool, Ordering, Unparker, fence, give_way};
pub(crate) use counters::{Count, MAX_WORKERS};
use counters::{Counters, Rouse};
use crossbeam_utils::CachePadded;
use sleepers::Sleepers;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Who sleeps, and how to wake them.
pub(crate) struct Sleep {
    counters: CachePadded<Counters>,
    sleepers: Sleepers,
    unparkers: Box<[Unparker]>,
    helm: Helm,
    /// Which workers have a thread, or somebody else who steps them.
    manned: Box<[AtomicBool]>,
    /// Who has one for the others. Without it all are manned.
    muster: OnceLock<Arc<dyn Muster>>,
}

/// Finds threads for workers that have none: each at its first wake.
pub(crate) trait Muster: Send + Sync {
    /// Starts a thread for a worker that has just been woken, and is [enrolled](Sleep::enrol). Called once for each.
    fn muster(&self, worker: usize);

    /// The executor ends: whoever has no thread by now needs none.
    fn dismiss(&self);
}

/// Held by a worker that is counted as searching.
#[derive(Debug)]
#[must_use = "who searches says when it stops: others rely on it"]
pub(crate) struct Searching(());

/// Held by a worker that is counted as sleeping, and by whoever woke it until it notices.
#[derive(Debug)]
#[must_use = "who sleeps can only be woken"]
pub(crate) struct Sleeping(());

impl Sleep {
    pub(crate) fn new(unparkers: Box<[Unparker]>, helm: Helm) -> Self {
        Self {
            counters: CachePadded::new(Counters::new()),
            sleepers: Sleepers::new(unparkers.len()),
            manned: unparkers.iter().map(|_| AtomicBool::new(true)).collect(),
            unparkers,
            helm,
            muster: OnceLock::new(),
        }
    }

    /// Names who finds threads for the workers that are [enrolled](Self::enrol). They are woken after this.
    pub(crate) fn mustered_by(&self, muster: Arc<dyn Muster>) {
        let is_first = self.muster.set(muster).is_ok();
        debug_assert!(is_first, "one finds threads for all");
    }

    /// Whether a worker that has no thread may be woken.
    pub(crate) fn can_muster(&self) -> bool {
        self.muster.get().is_some()
    }

    /// Counts a worker as asleep that has no thread: who wakes it starts one.
    pub(crate) fn enrol(&self, worker: usize) -> Sleeping {
        // Relaxed: nobody wakes it before it is counted, by the Release in `fall_asleep`.
        self.manned[worker].store(false, Ordering::Relaxed);
        let token = self.search();
        self.fall_asleep(worker, token).0
    }

    /// No thread was found for a worker that was woken. It is counted as searching by that, and does not sleep any more: so it is
    /// never woken again.
    pub(crate) fn strike_off(&self, worker: usize) -> Searching {
        // Relaxed: a moment's guess, as in `is_manned`.
        self.manned[worker].store(false, Ordering::Relaxed);
        Searching(())
    }

    /// Whether this worker has a thread, or is about to.
    pub(crate) fn is_manned(&self, worker: usize) -> bool {
        // Relaxed: who has taken a worker's bit sees what that worker wrote before it slept, and so what was written before its
        // thread began. For others it is a moment's guess.
        self.manned[worker].load(Ordering::Relaxed)
    }

    /// Whether any worker but the one at home has a thread.
    pub(crate) fn has_threads(&self) -> bool {
        (HOME + 1..self.manned.len()).any(|worker| self.is_manned(worker))
    }

    /// Starts no more threads.
    pub(crate) fn dismiss(&self) {
        if let Some(muster) = self.muster.get() {
            muster.dismiss();
        }
    }

    pub(crate) fn helm(&self) -> &Helm {
        &self.helm
    }

    pub(crate) fn count(&self) -> Count {
        self.counters.peek()
    }

    /// Whether a thief would be welcome, as far as can be seen without a fence.
    #[inline]
    pub(crate) fn wants_searcher(&self) -> bool {
        self.counters.peek().wants_searcher()
    }

    pub(crate) fn is_asleep(&self, worker: usize) -> bool {
        self.sleepers.contains(worker)
    }

    pub(crate) fn search(&self) -> Searching {
        self.counters.search();
        Searching(())
    }

    /// Ends a search. The last one to stop answers for all who woke nobody because it searched: if there is `work`, it
    /// wakes another.
    pub(crate) fn stop_searching(&self, _: Searching, work: impl FnOnce() -> bool) {
        let left = self.counters.stop_searching();
        if left.searching() == 0 && left.sleeping() > 0 {
            // S2. Pairs with the fence in `work_queued`.
            fence(Ordering::SeqCst);
            if work() {
                self.wake_one();
            }
        }
    }

    /// Counts `worker` among the sleepers. It has to look once more, after this, at what others may have left for it,
    /// and [wake](Self::wake) itself if it finds something: at its own things always, at the queues of all if nobody
    /// searches any more (the count that is left is the answer).
    pub(crate) fn fall_asleep(&self, worker: usize, _: Searching) -> (Sleeping, Count) {
        self.sleepers.insert(worker);
        let left = self.counters.fall_asleep();
        // S2. Pairs with the fence in `work_queued`, and with that in `wake`.
        fence(Ordering::SeqCst);
        (Sleeping(()), left)
    }

    /// Whether a worker that slept has been woken. It is then counted as searching.
    pub(crate) fn woken(&self, worker: usize, sleeping: Sleeping) -> Result<Searching, Sleeping> {
        if self.is_asleep(worker) {
            Err(sleeping)
        } else {
            Ok(Searching(()))
        }
    }

    /// Says that there is something in a queue that all can reach. Wakes one worker if all who are awake may miss it.
    pub(crate) fn work_queued(&self) {
        // P2. Pairs with the fences of those who stop to search: either they see what was queued, or this thread
        // sees that they have stopped.
        fence(Ordering::SeqCst);
        self.wake_one();
    }

    /// Wakes one worker to search, if nobody searches. Without a fence before it this is for work that the caller
    /// will do itself if nobody comes.
    pub(crate) fn wake_one(&self) {
        if self.counters.rouse(Rouse::Searcher) {
            self.rouse_any();
        }
    }

    /// Wakes this worker if it sleeps, because there is something for it that is in no queue, or a state to look at.
    pub(crate) fn wake(&self, worker: usize) {
        // P2. Pairs with the fence in `fall_asleep`: either the worker sees what was left for it, or this thread its bit.
        fence(Ordering::SeqCst);
        if self.take(worker) {
            self.rouse(worker);
        }
    }

    /// A worker that sleeps has found something for itself. It is awake after this. No need to unpark it, but it is
    /// woken like any other.
    pub(crate) fn rise(&self, worker: usize) {
        self.take(worker);
    }

    /// Takes this worker off the count and its bit away. `false`: it is awake, or another has taken its bit.
    fn take(&self, worker: usize) -> bool {
        while self.is_asleep(worker) {
            if self.counters.rouse(Rouse::Anyway) {
                let taken = self.sleepers.take(worker);
                if !taken {
                    // Another was faster, and this thread has taken a sleeper too many off the count.
                    self.rouse_any();
                }
                return taken;
            }
            // The count is used up by others who have not taken a bit yet, and may not take this one.
            give_way();
        }
        false
    }

    /// Wakes a worker so that the driver does not stay unattended, if it is. Called by one that goes.
    pub(crate) fn man_the_helm(&self) {
        // Pairs with the fence in `fall_asleep`: a worker that found the helm taken, before it slept, is seen to sleep.
        fence(Ordering::SeqCst);
        if self.helm.holder().is_none() && self.counters.rouse(Rouse::Anyway) {
            self.rouse_any();
        }
    }

    /// Wakes one of those who sleep. The caller has taken one off the count, so there is one. The one at the helm
    /// comes last: it is of more use there.
    fn rouse_any(&self) {
        let worker = loop {
            match self.sleepers.take_any(self.helm.holder()) {
                Some(worker) => break worker,
                None => give_way(), // others took and set bits while it looked: next time
            }
        };
        self.rouse(worker);
    }

    /// Unparks a worker whose bit the caller has taken.
    fn rouse(&self, worker: usize) {
        // Pairs with the fence in `Helm::take`: either this thread sees the worker at the helm, or the worker sees, before
        // it parks there, that its bit is gone.
        fence(Ordering::SeqCst);
        match self.helm.holder() {
            Some(holder) if holder == worker || holder == Helm::EVERYBODY => {
                self.helm.driver().unpark()
            }
            _ if self.is_manned(worker) => self.unparkers[worker].unpark(),
            _ => self.muster(worker),
        }
    }

    /// The same for one that has no thread yet. That finds itself woken as it begins.
    #[cold]
    fn muster(&self, worker: usize) {
        // Relaxed: see `is_manned`.
        self.manned[worker].store(true, Ordering::Relaxed);
        if let Some(muster) = self.muster.get() {
            muster.muster(worker);
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("counters", &self.counters)
            .field("sleepers", &self.sleepers)
            .field("helm", &self.helm)
            .finish_non_exhaustive()
    }
}
