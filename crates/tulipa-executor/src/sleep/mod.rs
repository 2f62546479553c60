#![doc = include_str!("README.md")]

mod counters;
mod sleepers;

use crate::driver::Helm;
use crate::sync::{Ordering, Unparker, fence, give_way};
pub(crate) use counters::{Count, MAX_WORKERS};
use counters::{Counters, Rouse};
use crossbeam_utils::CachePadded;
use sleepers::Sleepers;

/// Who sleeps, and how to wake them.
#[derive(Debug)]
pub(crate) struct Sleep {
    counters: CachePadded<Counters>,
    sleepers: Sleepers,
    unparkers: Box<[Unparker]>,
    helm: Helm,
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
            unparkers,
            helm,
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
            _ => self.unparkers[worker].unpark(),
        }
    }
}
