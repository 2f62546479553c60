//! What a suspended task waits for, as its leaf futures have said.
//!
//! A leaf that returns Pending [`note`]s what it waits for. The poll's frame keeps the last note and counts the others; when
//! the poll ends Pending, that is left in the task as one word, which anybody may read, from any thread. So each suspension
//! costs a plain store, and a task eight bytes; nothing is gathered before somebody asks.
//!
//! The word says what was noted in the last poll. A future that polls only those of its parts that were woken (a
//! `FuturesUnordered`) has only their notes there.

use crate::cancel::ambient;
use crate::handle::TaskRef;
use crate::id::TaskId;
use std::fmt;
use std::time::Duration;

/// What a leaf future waits for.
///
/// # Examples
///
/// ```
/// use tulipa_task::{Deferred, Leaf, spawn};
///
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let rain = Deferred::<()>::new();
/// let bulb = spawn({ let rain = rain.clone(); async { rain.await.unwrap() } });
/// run();
/// let waits = bulb.waits_for().unwrap();
/// assert_eq!(waits.leaf(), Leaf::Deferred(rain.id()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Leaf {
    /// Something that is not tulipa's: a future of another crate.
    Foreign,
    /// The end of a task.
    Task(TaskId),
    /// A deferred to be set.
    Deferred(TaskId),
    /// Several tasks, by `gather`, `wait` or `as_completed`: how many had not ended when it was suspended.
    Tasks(usize),
    /// The children of a task group, whose body is through: how many had not ended when it was suspended.
    Group(usize),
    /// A timer with this deadline, counted from the start of the runtime's clock, in microseconds rounded up.
    Timer(Duration),
    /// A source to be readable: its descriptor, where that is known.
    Readable(Option<i32>),
    /// A source to be writable: its descriptor, where that is known.
    Writable(Option<i32>),
    /// A job on a thread of the blocking pool.
    Job,
}

/// What a suspended task waits for: see [`TaskRef::waits_for`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Waits {
    leaf: Leaf,
    others: usize,
}

/// Notes that the leaf future that calls this is Pending, and what it waits for. For those who write leaf futures; outside
/// of a task it does nothing.
///
/// # Examples
///
/// A leaf that is opened by somebody else.
///
/// ```
/// use std::task::Poll;
/// use tulipa_task::{Leaf, spawn, waits};
///
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let task = spawn(std::future::poll_fn(|_| {
///     waits::note(Leaf::Readable(Some(7)));
///     Poll::<()>::Pending
/// }));
/// run();
/// assert_eq!(task.waits_for().unwrap().to_string(), "descriptor 7 to be readable");
/// ```
#[inline]
pub fn note(leaf: Leaf) {
    let word = Word::pack(leaf);
    ambient::top(|frame| {
        if let Some(frame) = frame {
            frame.set_waits(word.after(frame.waits()));
        }
    });
}

/// Runs `poll`, whose notes are not to count: for a future that polls a leaf as a part of itself (the timer of a `timeout`),
/// and notes something that says more, or nothing.
///
/// # Examples
///
/// ```
/// use std::task::Poll;
/// use tulipa_task::{Leaf, spawn, waits};
///
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let task = spawn(std::future::poll_fn(|_| {
///     waits::quietly(|| waits::note(Leaf::Job)); // as a part of it might
///     waits::note(Leaf::Tasks(2));
///     Poll::<()>::Pending
/// }));
/// run();
/// assert_eq!(task.waits_for().unwrap().to_string(), "2 tasks");
/// ```
#[inline]
pub fn quietly<R>(poll: impl FnOnce() -> R) -> R {
    let before = ambient::top(|frame| frame.map(|frame| frame.waits()));
    let polled = poll();
    ambient::top(|frame| {
        if let (Some(frame), Some(before)) = (frame, before) {
            frame.set_waits(before);
        }
    });
    polled
}

impl Leaf {
    /// The end of `task`, which may be a deferred.
    pub fn end_of(task: &TaskRef) -> Self {
        if task.is_deferred() {
            Self::Deferred(task.id())
        } else {
            Self::Task(task.id())
        }
    }

    /// The task or deferred, if it is the end of one that is waited for.
    pub fn awaited(self) -> Option<TaskId> {
        match self {
            Self::Task(id) | Self::Deferred(id) => Some(id),
            _ => None,
        }
    }
}

impl Waits {
    /// What its leaf future waits for; of several (in a `select`), the last that was polled.
    pub fn leaf(&self) -> Leaf {
        self.leaf
    }

    /// How many other leaf futures wait in the same task. More than 15 are not counted.
    pub fn others(&self) -> usize {
        self.others
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = |f: &mut fmt::Formatter<'_>, descriptor, what| match descriptor {
            Some(descriptor) => write!(f, "descriptor {descriptor} to be {what}"),
            None => write!(f, "a source to be {what}"),
        };
        match *self {
            Self::Foreign => f.write_str("something that is not tulipa's"),
            Self::Task(id) => write!(f, "task {id}"),
            Self::Deferred(id) => write!(f, "deferred {id}"),
            Self::Tasks(1) => f.write_str("a task"),
            Self::Tasks(tasks) => write!(f, "{tasks} tasks"),
            Self::Group(1) => f.write_str("the last child of its group"),
            Self::Group(children) => write!(f, "{children} children of its group"),
            Self::Timer(NEVER) => f.write_str("a timer that never fires"),
            Self::Timer(deadline) => write!(f, "a timer, due at {deadline:?}"),
            Self::Readable(descriptor) => source(f, descriptor, "readable"),
            Self::Writable(descriptor) => source(f, descriptor, "writable"),
            Self::Job => f.write_str("a job on a thread"),
        }
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.leaf.fmt(f)?;
        match self.others {
            0 => Ok(()),
            1 => f.write_str(", or one other thing"),
            MOST_OTHERS => write!(f, ", or {MOST_OTHERS} or more other things"),
            others => write!(f, ", or {others} other things"),
        }
    }
}

/// The deadline of a clock of 64 bits of nanoseconds that is never reached.
const NEVER: Duration = Duration::from_micros(u64::MAX.div_ceil(1000));

/// A [`Waits`] in a word: four bits of kind, four of others, the rest for what the kind needs. Nought is nothing that was
/// noted, and so [`Leaf::Foreign`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u64);

const KIND: u64 = 0xF;
const OTHERS_SHIFT: u32 = 4;
const MOST_OTHERS: usize = 0xF;
const PAYLOAD_SHIFT: u32 = 8;
const PAYLOAD_MAX: u64 = u64::MAX >> PAYLOAD_SHIFT;

impl Word {
    pub(crate) const NOTHING: Self = Self(0);

    #[inline]
    fn pack(leaf: Leaf) -> Self {
        let (kind, payload) = match leaf {
            Leaf::Foreign => (0, 0),
            Leaf::Task(id) => (1, id.get()),
            Leaf::Deferred(id) => (2, id.get()),
            Leaf::Tasks(tasks) => (3, tasks as u64),
            Leaf::Group(children) => (4, children as u64),
            Leaf::Timer(deadline) => (5, micros(deadline)),
            Leaf::Readable(descriptor) => (6, pack_descriptor(descriptor)),
            Leaf::Writable(descriptor) => (7, pack_descriptor(descriptor)),
            Leaf::Job => (8, 0),
        };
        Self(kind | payload.min(PAYLOAD_MAX) << PAYLOAD_SHIFT)
    }

    pub(crate) fn unpack(self) -> Waits {
        let payload = self.0 >> PAYLOAD_SHIFT;
        let leaf = match self.0 & KIND {
            1 => Leaf::Task(TaskId::of(payload)),
            2 => Leaf::Deferred(TaskId::of(payload)),
            3 => Leaf::Tasks(payload as usize),
            4 => Leaf::Group(payload as usize),
            5 => Leaf::Timer(Duration::from_micros(payload)),
            6 => Leaf::Readable(unpack_descriptor(payload)),
            7 => Leaf::Writable(unpack_descriptor(payload)),
            8 => Leaf::Job,
            _ => Leaf::Foreign,
        };
        Waits {
            leaf,
            others: self.others(),
        }
    }

    fn others(self) -> usize {
        (self.0 >> OTHERS_SHIFT) as usize & MOST_OTHERS
    }

    /// This note, made when `before` was there.
    #[inline]
    fn after(self, before: Self) -> Self {
        if before == Self::NOTHING {
            return self;
        }
        let others = (before.others() + 1).min(MOST_OTHERS);
        Self(self.0 | (others as u64) << OTHERS_SHIFT)
    }
}

/// Rounded up: a deadline is not shown as one that has passed.
#[inline]
fn micros(deadline: Duration) -> u64 {
    u64::try_from(deadline.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// Descriptors are not negative.
fn pack_descriptor(descriptor: Option<i32>) -> u64 {
    descriptor.map_or(0, |descriptor| u64::from(descriptor.unsigned_abs()) + 1)
}

fn unpack_descriptor(payload: u64) -> Option<i32> {
    i32::try_from(payload.checked_sub(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaf() -> impl Strategy<Value = Leaf> {
        let id = (0..PAYLOAD_MAX).prop_map(TaskId::of);
        let count = 0..PAYLOAD_MAX as usize;
        let descriptor = proptest::option::of(0..i32::MAX);
        prop_oneof![
            id.clone().prop_map(Leaf::Task),
            id.prop_map(Leaf::Deferred),
            count.clone().prop_map(Leaf::Tasks),
            count.prop_map(Leaf::Group),
            (0..=NEVER.as_micros() as u64).prop_map(|at| Leaf::Timer(Duration::from_micros(at))),
            descriptor.clone().prop_map(Leaf::Readable),
            descriptor.prop_map(Leaf::Writable),
            Just(Leaf::Job),
            Just(Leaf::Foreign),
        ]
    }

    proptest! {
        #[test]
        fn a_word_keeps_the_last_note_and_counts_the_others(
            notes in proptest::collection::vec(leaf(), 1..40),
        ) {
            let word = notes
                .iter()
                .fold(Word::NOTHING, |before, leaf| Word::pack(*leaf).after(before));
            let waits = word.unpack();
            prop_assert_eq!(waits.leaf(), *notes.last().unwrap());
            let first_said = notes.iter().position(|leaf| *leaf != Leaf::Foreign);
            let others = notes.len() - 1 - first_said.unwrap_or(notes.len() - 1);
            prop_assert_eq!(waits.others(), others.min(MOST_OTHERS));
        }
    }

    #[test]
    fn a_deadline_is_rounded_up_and_never_is_never() {
        let shown = |nanos| {
            Word::pack(Leaf::Timer(Duration::from_nanos(nanos)))
                .unpack()
                .to_string()
        };
        assert_eq!(shown(1_000), "a timer, due at 1µs");
        assert_eq!(shown(1_001), "a timer, due at 2µs");
        assert_eq!(shown(u64::MAX), "a timer that never fires");
    }
}
