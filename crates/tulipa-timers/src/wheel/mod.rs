//! The timer wheel: levels of slots over slab keys, without a clock and without a lock.
//!
//! # How
//!
//! Deadlines are 64-bit numbers of nanoseconds. An entry hangs in the slot that the *highest digit* (of six bits) in
//! which its deadline differs from the wheel's time says: the digit's place is the level, its value the slot. So a slot
//! of the lowest level is one nanosecond wide, one of the next 64, and eleven levels hold every deadline there is:
//! nothing overflows. Deadlines that have passed already hang in a slot of their own.
//!
//! Three things follow, and the wheel rests on them:
//!
//! - *Where* an entry hangs is a function of its deadline and the wheel's time: unlinking needs no search, an entry
//!   does not store its slot, and entries of one deadline always share a slot, in the order in which they were armed.
//! - Every entry of a lower level is due before every entry of a higher one, and so are slots within a level.
//! - When time moves on, all slots that it passes are due whole, and just one slot, the one it enters, is split: its
//!   entries are due or go to lower levels. Time that jumps far skips all levels in between, so an entry is seldom
//!   touched more than three times, whatever its duration.
//!
//! Within a slot entries are in no order, so what is due of one slot is sorted as it leaves: entries that nobody
//! waits for any more were removed by then and are never sorted.

mod slots;

use self::slots::{NONE, Part, Slots};
use slab::Slab;
use std::fmt;
use std::num::NonZeroU32;

/// A hierarchical timer wheel: arms, moves and removes entries in constant time and hands out what is due in order of
/// deadline, entries of one deadline in the order they were armed.
///
/// It is a plain data structure, without a clock or a lock; [`Timers`](crate::Timers) adds both. Deadlines are exact:
/// no entry expires before its own nanosecond, and none stays once the wheel's time has reached it.
///
/// Whoever arms an entry owns its [`Key`] until [`remove`](Self::remove), also after it expired. Removing gives
/// its memory back at once, so the wheel never holds more than the most entries that there were at one time.
///
/// # Examples
///
/// ```
/// use tulipa_timers::Wheel;
///
/// let mut wheel = Wheel::new();
/// let tea = wheel.arm(300, "tea");
/// let eggs = wheel.arm(240, "eggs");
/// let nap = wheel.arm(9_000, "nap");
///
/// assert_eq!(wheel.next_deadline(), Some(240));
/// assert_eq!(wheel.remove(nap), Some("nap"));
///
/// let mut due = Vec::new();
/// wheel.expire(1_000, &mut due);
/// assert_eq!(due, [(240, "eggs"), (300, "tea")]);
/// assert_eq!((wheel.remove(tea), wheel.remove(eggs)), (None, None)); // they have expired
/// ```
pub struct Wheel<T> {
    /// The time up to which entries have expired.
    elapsed: u64,
    slots: Slots,
    entries: Slab<Entry<T>>,
}

/// Names an entry of a [`Wheel`] until it is removed.
///
/// # Examples
///
/// ```
/// use tulipa_timers::{Key, Wheel};
///
/// let mut wheel = Wheel::new();
/// let key: Key = wheel.arm(5, ());
/// assert!(wheel.is_armed(key));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u32);

/// 32 bytes for a waker: the slab's tag fits into what a [`Link`] cannot be.
struct Entry<T> {
    deadline: u64,
    /// `None` once it has expired; it is in no slot then.
    payload: Option<T>,
    prev: Link,
    next: u32,
}

/// The key of a neighbour, or [`NONE`], as a number that is never nought.
#[derive(Clone, Copy)]
struct Link(NonZeroU32);

impl Link {
    fn to(key: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(key))
    }

    fn key(self) -> u32 {
        self.0.get() - 1
    }
}

/// An empty wheel keeps room for so many entries. What a burst took is given back.
const KEPT: usize = 1024;

impl<T> Wheel<T> {
    /// An empty wheel at time zero.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(tulipa_timers::Wheel::<()>::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self {
            elapsed: 0,
            slots: Slots::new(),
            entries: Slab::new(),
        }
    }

    /// Adds an entry. One whose deadline has passed expires at the next [`expire`](Self::expire).
    ///
    /// # Panics
    ///
    /// If the wheel holds 2³² − 2 entries.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut wheel = tulipa_timers::Wheel::new();
    /// wheel.arm(u64::MAX, "the end of time");
    /// assert_eq!(wheel.len(), 1);
    /// ```
    pub fn arm(&mut self, deadline: u64, payload: T) -> Key {
        let vacant = self.entries.vacant_entry();
        let key = u32::try_from(vacant.key())
            .ok()
            .filter(|&key| key < NONE)
            .expect("2^32 - 2 timers in one wheel");
        let last = self.slots.push(self.elapsed, deadline, key);
        vacant.insert(Entry {
            deadline,
            payload: Some(payload),
            prev: Link::to(last),
            next: NONE,
        });
        if last != NONE {
            self.entry(last).next = key;
        }
        Key(key)
    }

    /// Moves an entry to another deadline, behind those which have that deadline already. `false` if it has expired:
    /// then nothing changes.
    ///
    /// # Panics
    ///
    /// If the entry was removed.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut wheel = tulipa_timers::Wheel::new();
    /// let key = wheel.arm(10, ());
    /// assert!(wheel.rearm(key, 20));
    /// assert_eq!(wheel.next_deadline(), Some(20));
    /// ```
    pub fn rearm(&mut self, key: Key, deadline: u64) -> bool {
        if !self.is_armed(key) {
            return false;
        }
        self.unlink(key.0);
        self.entry(key.0).deadline = deadline;
        self.link(key.0, deadline);
        true
    }

    /// Forgets an entry and gives back its payload, unless that was handed out when it expired.
    ///
    /// # Panics
    ///
    /// If the entry was removed before.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut wheel = tulipa_timers::Wheel::new();
    /// let key = wheel.arm(10, "late");
    /// assert_eq!(wheel.remove(key), Some("late"));
    /// assert_eq!(wheel.next_deadline(), None);
    /// ```
    pub fn remove(&mut self, key: Key) -> Option<T> {
        if self.is_armed(key) {
            self.unlink(key.0);
        }
        let payload = self.entries.remove(key.0 as usize).payload;
        if self.entries.is_empty() && self.entries.capacity() > KEPT {
            self.entries = Slab::new(); // no key is left that could name an entry
        }
        payload
    }

    /// The payload of an entry; `None` if it has expired.
    ///
    /// # Panics
    ///
    /// If the entry was removed.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut wheel = tulipa_timers::Wheel::new();
    /// let key = wheel.arm(10, 1);
    /// if let Some(payload) = wheel.payload_mut(key) {
    ///     *payload += 1;
    /// }
    /// assert_eq!(wheel.remove(key), Some(2));
    /// ```
    pub fn payload_mut(&mut self, key: Key) -> Option<&mut T> {
        self.entry(key.0).payload.as_mut()
    }

    /// Whether an entry has not expired yet.
    ///
    /// # Panics
    ///
    /// If the entry was removed.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut wheel = tulipa_timers::Wheel::new();
    /// let key = wheel.arm(10, ());
    /// wheel.expire(10, &mut Vec::new());
    /// assert!(!wheel.is_armed(key));
    /// ```
    pub fn is_armed(&self, key: Key) -> bool {
        self.entries[key.0 as usize].payload.is_some()
    }

    /// Moves the wheel's time to `now` and appends to `due` what has expired: in order of deadline, entries of one
    /// deadline in the order in which they were armed. A `now` before the wheel's time stands for the latter.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut wheel = tulipa_timers::Wheel::new();
    /// wheel.arm(10, 'b');
    /// wheel.arm(10, 'c');
    /// wheel.arm(9, 'a');
    /// wheel.arm(11, 'd');
    ///
    /// let mut due = Vec::new();
    /// wheel.expire(10, &mut due);
    /// assert_eq!(due, [(9, 'a'), (10, 'b'), (10, 'c')]);
    /// ```
    pub fn expire(&mut self, now: u64, due: &mut Vec<(u64, T)>) {
        let passed = Part::passed(self.elapsed, now);
        self.elapsed = self.elapsed.max(now);
        for part in passed {
            while let Some(head) = self.slots.take_first(part) {
                self.empty(head, due); // what is not due yet goes to rows that were passed before
            }
        }
    }

    /// The earliest deadline; `None` without armed entries.
    ///
    /// Looks at every entry of the first slot; [`not_before`](Self::not_before) does not.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut wheel = tulipa_timers::Wheel::new();
    /// let first = wheel.arm(70, ());
    /// wheel.arm(90, ());
    /// wheel.remove(first);
    /// assert_eq!(wheel.next_deadline(), Some(90));
    /// ```
    pub fn next_deadline(&self) -> Option<u64> {
        let mut key = self.slots.first()?.head;
        let mut earliest = u64::MAX;
        while key != NONE {
            let entry = &self.entries[key as usize];
            earliest = earliest.min(entry.deadline);
            key = entry.next;
        }
        Some(earliest)
    }

    /// A time before which nothing is due, in constant time; `None` without armed entries.
    ///
    /// It is the earliest deadline, unless the entry that had it was removed or moved: then it may be too early. Each
    /// slot errs at most once, since [`expire`](Self::expire) at that time sorts its entries into finer slots.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut wheel = tulipa_timers::Wheel::new();
    /// let first = wheel.arm(70, ());
    /// wheel.arm(90, ());
    /// wheel.remove(first);
    /// assert!(wheel.not_before() <= Some(90)); // in the same slot: the removed one is not forgotten yet
    /// wheel.expire(70, &mut Vec::new());
    /// assert_eq!(wheel.not_before(), Some(90));
    /// ```
    pub fn not_before(&self) -> Option<u64> {
        self.slots.first().map(|slot| slot.earliest)
    }

    /// How many entries there are that were not removed, expired ones included.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut wheel = tulipa_timers::Wheel::new();
    /// let key = wheel.arm(1, ());
    /// assert_eq!(wheel.len(), 1);
    /// wheel.remove(key);
    /// assert_eq!(wheel.len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether every entry was removed.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(tulipa_timers::Wheel::<()>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Empties a slot whose list begins with `key`: what is due leaves the wheel, the rest goes to lower levels.
    fn empty(&mut self, mut key: u32, due: &mut Vec<(u64, T)>) {
        let first = due.len();
        while key != NONE {
            let elapsed = self.elapsed;
            let entry = self.entry(key);
            let (deadline, next) = (entry.deadline, entry.next);
            if deadline <= elapsed {
                due.extend(entry.payload.take().map(|payload| (deadline, payload)));
            } else {
                self.link(key, deadline);
            }
            key = next;
        }
        due[first..].sort_by_key(|&(deadline, _)| deadline); // stable: one deadline stays in the order of arming
    }

    /// Puts an entry at the end of its slot's list.
    fn link(&mut self, key: u32, deadline: u64) {
        let last = self.slots.push(self.elapsed, deadline, key);
        if last != NONE {
            self.entry(last).next = key;
        }
        let entry = self.entry(key);
        entry.prev = Link::to(last);
        entry.next = NONE;
    }

    /// Takes an entry out of its slot's list.
    fn unlink(&mut self, key: u32) {
        let entry = self.entry(key);
        let (deadline, prev, next) = (entry.deadline, entry.prev.key(), entry.next);
        if prev != NONE {
            self.entry(prev).next = next;
        }
        if next != NONE {
            self.entry(next).prev = Link::to(prev);
        }
        if prev == NONE || next == NONE {
            self.slots.cut_end(self.elapsed, deadline, prev, next);
        }
    }

    fn entry(&mut self, key: u32) -> &mut Entry<T> {
        &mut self.entries[key as usize]
    }
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Wheel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("elapsed", &self.elapsed)
            .field("entries", &self.len())
            .field("not_before", &self.not_before())
            .finish()
    }
}
