//! Those who wait for a task: one inline slot for the usual single awaiter, a linked slab for more.
//!
//! Entries are told in the order in which they came (F-09, DC-01), and leave in O(1), so that a loop of waits over
//! one long-lived task neither leaks nor slows down. Whoever holds the task's side data may touch the list; nobody
//! is told while it is held.

use crate::builder::Job;
use crate::context::Slot;
use crate::handle::{TaskRef, TaskState};
use crate::schedule::Scheduler;
use crate::watch::Watched;
use slab::Slab;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::task::Waker;

/// Told when a task ends. What `gather`, `wait` and their like are woken by: one observer for all its tasks,
/// which then wakes its awaiter once, when its own condition holds.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
/// use std::task::Waker;
/// use tulipa_task::{Deferred, Observer, TaskState};
///
/// #[derive(Default)]
/// struct Last(AtomicUsize);
/// impl Observer for Last {
///     fn done(&self, key: usize, _: TaskState) -> Option<Waker> {
///         self.0.store(key, Ordering::Relaxed);
///         None // nobody sleeps until then
///     }
/// }
///
/// let last = Arc::new(Last::default());
/// let observer: Arc<dyn Observer> = last.clone();
/// let deferred = Deferred::<u8>::new();
/// let _place = deferred.subscribe(&observer, 7).expect("it has not ended");
/// deferred.set_result(1).unwrap();
/// assert_eq!(last.0.load(Ordering::Relaxed), 7);
/// ```
pub trait Observer: Send + Sync {
    /// The task that was subscribed to with `key` has ended, and how. Called once for each subscription, with no lock of
    /// this crate held. It should be brief; a panic in it is reported, and costs nobody else.
    ///
    /// It is called by whoever ended the task; or, if the task ended just while somebody subscribed to it, unsubscribed
    /// from it, named or cancelled it, from inside that call.
    ///
    /// Whoever it wants woken comes back, and is woken when all observers of that task have heard of its end: what the woken do
    /// then comes after it in every observer's eyes, on any number of workers (AC-01).
    fn done(&self, key: usize, state: TaskState) -> Option<Waker>;

    /// The task that waits here, for those who draw who waits for whom.
    fn awaiter(&self) -> Option<TaskRef> {
        None
    }
}

/// A place in a task's list of those who wait. Given back to [`TaskRef::unsubscribe`].
///
/// It does not leave the list when it is dropped: its owner has the task at hand, and this is four bytes.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an observer that loses interest unsubscribes"]
pub struct Subscription(NonZeroU32);

impl Subscription {
    /// A key that is never nought leaves a place for `None` in an `Option`.
    fn new(key: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(key))
    }

    fn key(&self) -> u32 {
        self.0.get() - 1
    }

    /// To be kept where four bytes are left, at any address.
    pub(crate) fn to_bytes(this: Option<Self>) -> [u8; 4] {
        this.map_or(0, |this| this.0.get()).to_ne_bytes()
    }

    /// From what `to_bytes` gave.
    pub(crate) fn from_bytes(bytes: [u8; 4]) -> Option<Self> {
        NonZeroU32::new(u32::from_ne_bytes(bytes)).map(Self)
    }
}

/// Whoever wants to be told.
pub(crate) enum Waiter {
    /// The waker of a join.
    Waker(Waker),
    /// An observer of several tasks, and which one this is. 32 bits keep a slot at 24 bytes.
    Observer(Arc<dyn Observer>, u32),
    /// The observer of a [`Watch`](crate::Watch), and which one this is to it.
    Watch(Watched<dyn Observer>, u32),
    /// A done callback.
    Callback(Box<Callback>),
}

/// A done callback, to be run by the executor of whoever added it, never inline (DC-01).
pub(crate) struct Callback {
    pub(crate) scheduler: Scheduler,
    /// Of the moment when it was added (DC-10, CV-11).
    pub(crate) context: Slot,
    pub(crate) call: Box<dyn FnOnce(&TaskRef) + Send>,
}

impl Callback {
    /// Hands it to the executor.
    pub(crate) fn submit(self, task: TaskRef) {
        let Self {
            scheduler,
            context,
            call,
        } = self;
        Job::new(move || call(&task)).submit(&scheduler, context);
    }
}

/// The list.
#[derive(Default)]
pub(crate) enum Waiters {
    #[default]
    None,
    /// The inline slot. Its key is [`FIRST`].
    One(Waiter),
    Many(Box<List>),
}

/// The key of the inline slot, which is also the first key that an empty slab gives.
const FIRST: u32 = 0;

/// Entries of a slab, linked in the order they came.
pub(crate) struct List {
    entries: Slab<Entry>,
    head: u32,
    tail: u32,
}

struct Entry {
    waiter: Waiter,
    previous: u32,
    next: u32,
}

const NIL: u32 = u32::MAX;

impl Waiters {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::One(_) => false,
            Self::Many(list) => list.entries.is_empty(),
        }
    }

    /// Adds one at the end.
    #[inline]
    pub(crate) fn push(&mut self, waiter: Waiter) -> Subscription {
        match self {
            Self::None => {
                // Not an assignment, which would look for something to drop.
                std::mem::forget(std::mem::replace(self, Self::One(waiter)));
                Subscription::new(FIRST)
            }
            Self::One(_) => {
                let Self::One(first) = std::mem::take(self) else {
                    unreachable!("matched above")
                };
                let mut list = Box::new(List {
                    entries: Slab::with_capacity(4),
                    head: NIL,
                    tail: NIL,
                });
                let _first_key = list.push(first);
                let subscription = list.push(waiter);
                *self = Self::Many(list);
                subscription
            }
            Self::Many(list) => list.push(waiter),
        }
    }

    /// Takes one out. The caller drops it after it has given the side data up: it may hold the last
    /// reference to anything.
    pub(crate) fn remove(&mut self, subscription: &Subscription) -> Option<Waiter> {
        let key = subscription.key();
        match self {
            Self::Many(list) => list.remove(key),
            Self::One(_) if key == FIRST => {
                let Self::One(waiter) = std::mem::take(self) else {
                    unreachable!("matched above")
                };
                Some(waiter)
            }
            Self::None | Self::One(_) => None,
        }
    }

    /// The waker that an awaiter has left here.
    pub(crate) fn waker(&mut self, subscription: &Subscription) -> Option<&mut Waker> {
        let key = subscription.key();
        let waiter = match self {
            Self::Many(list) => &mut list.entries.get_mut(key as usize)?.waiter,
            Self::One(waiter) if key == FIRST => waiter,
            Self::None | Self::One(_) => return None,
        };
        match waiter {
            Waiter::Waker(waker) => Some(waker),
            Waiter::Observer(..) | Waiter::Watch(..) | Waiter::Callback(_) => None,
        }
    }

    /// Hands each to `tell`, in the order in which they came.
    pub(crate) fn drain(self, mut tell: impl FnMut(Waiter)) {
        match self {
            Self::None => {}
            Self::One(waiter) => tell(waiter),
            Self::Many(mut list) => {
                while list.head != NIL {
                    let first = list.head;
                    tell(list.remove(first).expect("the head is an entry"));
                }
            }
        }
    }

    /// Looks at each, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waiter> {
        let (one, list) = match self {
            Self::None => (None, None),
            Self::One(waiter) => (Some(waiter), None),
            Self::Many(list) => (None, Some(list)),
        };
        let mut at = list.map_or(NIL, |list| list.head);
        let many = std::iter::from_fn(move || {
            let entry = list?.entries.get(at as usize)?;
            at = entry.next;
            Some(&entry.waiter)
        });
        one.into_iter().chain(many)
    }
}

impl List {
    fn push(&mut self, waiter: Waiter) -> Subscription {
        let entry = Entry {
            waiter,
            previous: self.tail,
            next: NIL,
        };
        let key = u32::try_from(self.entries.insert(entry))
            .expect("fewer than four billion wait for one task");
        match self.tail {
            NIL => self.head = key,
            last => self.entries[last as usize].next = key,
        }
        self.tail = key;
        Subscription::new(key)
    }

    fn remove(&mut self, key: u32) -> Option<Waiter> {
        let Entry {
            waiter,
            previous,
            next,
        } = self.entries.try_remove(key as usize)?;
        match previous {
            NIL => self.head = next,
            other => self.entries[other as usize].next = next,
        }
        match next {
            NIL => self.tail = previous,
            other => self.entries[other as usize].previous = previous,
        }
        Some(waiter)
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waiting", self.iter().count())
    }
}

#[cfg(test)]
mod tests;
