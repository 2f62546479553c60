//! A chunk, and the word by which threads agree about it.

use super::{Class, pages};
use crate::sync::{AtomicU64, Ordering, UnsafeCell, dealloc};
use std::alloc::Layout;
use std::fmt;
use std::ptr::NonNull;

/// The head of a chunk; the cells lie behind it.
#[repr(C, align(64))]
pub(crate) struct Chunk {
    freed: AtomicU64,
    /// Rule 3: under the depot's lock; `unused` is the owner's while there is one.
    pub(super) record: UnsafeCell<Record>,
}

/// What a depot knows about a chunk.
#[derive(Debug)]
pub(super) struct Record {
    /// Its neighbours on the shelf.
    pub(super) previous: Option<NonNull<Chunk>>,
    pub(super) next: Option<NonNull<Chunk>>,
    /// The offset of the first cell that was never out; all behind it were not either.
    pub(super) unused: u32,
}

/// The first word of a free cell: the offset of the next one in its list, or [`NO_CELL`].
pub(super) type Link = UnsafeCell<u32>;

/// The end of a list. There is the chunk's head.
pub(super) const NO_CELL: u32 = 0;

/// A snapshot of the word: cells that came home, as a list with its length, and whether the chunk has an owner.
///
/// ```text
///  63     62     32 31     0
/// | owned |  count |  list  |
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Freed(u64);

const OWNED: u64 = 1 << 63;

impl Freed {
    pub(super) const OWNED: Self = Self(OWNED);

    pub(super) fn sealed(list: u32, count: u32) -> Self {
        Self(u64::from(count) << 32 | u64::from(list))
    }

    pub(super) fn is_owned(self) -> bool {
        self.0 & OWNED != 0
    }

    pub(super) fn list(self) -> u32 {
        self.0 as u32
    }

    pub(super) fn count(self) -> u32 {
        ((self.0 & !OWNED) >> 32) as u32
    }

    /// One more cell has come home.
    fn with(self, cell: u32) -> Self {
        let (list, rest) = (u64::from(cell), self.0 >> 32);
        Self((rest + 1) << 32 | list)
    }

    /// Whether the chunk of this word came to be worth taking, or empty, by the last cell.
    fn is_due(self, class: Class) -> bool {
        !self.is_owned() && (self.count() == class.worth() || self.count() == class.capacity())
    }
}

impl fmt::Debug for Freed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Freed")
            .field("owned", &self.is_owned())
            .field("count", &self.count())
            .field("list", &self.list())
            .finish()
    }
}

impl Chunk {
    /// A chunk lies at a multiple of this.
    #[cfg(not(loom))]
    const ALIGNMENT: usize = 256 << 10;
    #[cfg(loom)]
    const ALIGNMENT: usize = 1 << 10;

    /// Two words less, for those that glibc puts before each block: chunks then lie side by side.
    pub(super) const BYTES: u32 = Self::ALIGNMENT as u32 - 16;
    /// The offset of the first cell.
    pub(super) const FIRST: u32 = size_of::<Self>() as u32;

    const LAYOUT: Layout = match Layout::from_size_align(Self::BYTES as usize, Self::ALIGNMENT) {
        Ok(layout) => layout,
        Err(_) => panic!("the alignment is a power of two"),
    };

    /// Memory for a chunk.
    pub(super) fn allocate() -> NonNull<Self> {
        super::allocate(Self::LAYOUT).cast()
    }

    /// Gives the memory of a chunk back, its pages first: many allocators would keep them.
    ///
    /// # Safety
    ///
    /// It came from `allocate`, and there is no chunk in it.
    pub(super) unsafe fn free(memory: NonNull<Self>) {
        // SAFETY: the caller's promise.
        unsafe {
            pages::release(memory.cast(), Self::BYTES as usize);
            dealloc(memory.as_ptr().cast(), Self::LAYOUT);
        }
    }

    /// Makes a chunk with no cell out. The caller is its owner.
    ///
    /// # Safety
    ///
    /// The memory came from `allocate`, and there is no chunk in it.
    pub(super) unsafe fn begin(memory: NonNull<Self>) {
        let head = Self {
            freed: AtomicU64::new(Freed::OWNED.0),
            record: UnsafeCell::new(Record {
                previous: None,
                next: None,
                unused: Self::FIRST,
            }),
        };
        // SAFETY: the caller's promise.
        unsafe { memory.write(head) };
    }

    /// Leaves the memory of a chunk that is empty.
    ///
    /// # Safety
    ///
    /// Rule 4: none of its cells is out, and nobody owns it.
    pub(super) unsafe fn end(chunk: NonNull<Self>, class: Class) -> NonNull<Self> {
        if cfg!(test) {
            // SAFETY: the caller's promise: all cells are in the word's list or unused, and both are his.
            unsafe { Self::assert_empty(chunk, class) };
        }
        // SAFETY: the caller's promise.
        unsafe { chunk.drop_in_place() };
        chunk
    }

    /// The chunk of a cell, and its offset there. Rule 5.
    #[inline(always)]
    pub(super) fn of(cell: NonNull<u8>) -> (NonNull<Self>, u32) {
        let offset = cell.addr().get() % Self::ALIGNMENT;
        // SAFETY: rule 5: the cell lies so far behind the head, in one allocation.
        let chunk = unsafe { cell.sub(offset) };
        (chunk.cast(), offset as u32)
    }

    /// # Safety
    ///
    /// Rule 4: the chunk is there, and has a cell at this offset.
    #[inline(always)]
    pub(super) unsafe fn cell(chunk: NonNull<Self>, offset: u32) -> NonNull<u8> {
        // SAFETY: the caller's promise.
        unsafe { chunk.cast::<u8>().add(offset as usize) }
    }

    /// Puts a cell before a list.
    ///
    /// # Safety
    ///
    /// Rule 1: the cell is the caller's.
    #[inline(always)]
    pub(super) unsafe fn link(chunk: NonNull<Self>, cell: u32, next: u32) {
        // SAFETY: the caller's promise; every cell has room for a link.
        unsafe {
            Self::cell(chunk, cell)
                .cast::<Link>()
                .write(Link::new(next))
        };
    }

    /// The next of a list.
    ///
    /// # Safety
    ///
    /// Rule 1: the list is the caller's, and the cell in it.
    #[inline(always)]
    pub(super) unsafe fn next(chunk: NonNull<Self>, cell: u32) -> u32 {
        // SAFETY: the caller's promise: `link` has written it.
        let link = unsafe { Self::cell(chunk, cell).cast::<Link>().as_ref() };
        // SAFETY: as above.
        link.with(|next| unsafe { *next })
    }

    /// Gives a cell back to a chunk that another thread owns, or nobody. `false`: nothing was done, because the chunk is due by
    /// it, and the depot has to know.
    ///
    /// # Safety
    ///
    /// Rule 1: the cell is the caller's, and goes if this is `true`.
    #[inline]
    pub(super) unsafe fn push(chunk: NonNull<Self>, cell: u32, class: Class) -> bool {
        let push = |was: Freed| {
            let now = was.with(cell);
            if now.is_due(class) {
                return None;
            }
            // SAFETY: rule 1: the cell is the caller's until the exchange.
            unsafe { Self::link(chunk, cell, was.list()) };
            Some(now)
        };
        // SAFETY: rule 4: this cell is out until the exchange.
        unsafe { Self::update(chunk, push) }.is_some()
    }

    /// The same, come what may. The word as it is then.
    ///
    /// # Safety
    ///
    /// Rule 1: the cell is the caller's, and goes. Rule 3: he holds the depot's lock.
    pub(super) unsafe fn push_locked(chunk: NonNull<Self>, cell: u32) -> Freed {
        let push = |was: Freed| {
            // SAFETY: rule 1: the cell is the caller's until the exchange.
            unsafe { Self::link(chunk, cell, was.list()) };
            Some(was.with(cell))
        };
        // SAFETY: rule 4: this cell is out until the exchange.
        let (_, now) = unsafe { Self::update(chunk, push) }.expect("it is always pushed");
        now
    }

    /// The owner has no cell left: he takes those that came home; if there are none, the chunk is sealed, and no longer his.
    ///
    /// # Safety
    ///
    /// Rule 2: the caller is the owner, his list is empty and no cell unused.
    pub(super) unsafe fn collect_or_seal(chunk: NonNull<Self>, class: Class) -> Option<u32> {
        // SAFETY: rule 2. Before the exchange: after it the chunk may have a new owner.
        unsafe { Self::set_unused(chunk, class.end()) };
        let collect = |was: Freed| {
            Some(match was.list() {
                NO_CELL => Freed::sealed(NO_CELL, 0),
                _ => Freed::OWNED,
            })
        };
        // SAFETY: rule 4: it has an owner until the exchange.
        let (was, _) = unsafe { Self::update(chunk, collect) }.expect("it is always exchanged");
        let list = was.list();
        (list != NO_CELL).then_some(list)
    }

    /// The owner leaves, with a list of his own and cells that are unused. The word as it is then.
    ///
    /// # Safety
    ///
    /// Rule 2: the caller is the owner, and the list his. Rule 3: he holds the depot's lock.
    pub(super) unsafe fn seal(chunk: NonNull<Self>, list: u32, unused: u32, class: Class) -> Freed {
        // SAFETY: rule 2.
        unsafe { Self::set_unused(chunk, unused) };
        let of_unused = (class.end() - unused) / class.size();
        // SAFETY: rule 1: the list is the owner's.
        let (of_list, last) = unsafe { Self::walk(chunk, list) };
        let seal = |was: Freed| {
            let count = was.count() + of_list + of_unused;
            let Some(last) = last else {
                return Some(Freed::sealed(was.list(), count));
            };
            // SAFETY: rule 1: the list is the owner's until the exchange, and so is its last cell.
            unsafe { Self::link(chunk, last, was.list()) };
            Some(Freed::sealed(list, count))
        };
        // SAFETY: rule 4: it has an owner until the exchange.
        let (_, now) = unsafe { Self::update(chunk, seal) }.expect("it is always exchanged");
        now
    }

    /// Makes the caller the owner of a chunk on the shelf. The list and the offset of the first unused cell.
    ///
    /// # Safety
    ///
    /// Rule 3: the caller holds the depot's lock, and has taken the chunk off the shelf.
    pub(super) unsafe fn own(chunk: NonNull<Self>) -> (u32, u32) {
        // SAFETY: rule 4: it is sealed and not empty, which only a holder of the lock can change.
        let owned = unsafe { Self::update(chunk, |_| Some(Freed::OWNED)) };
        let (was, _) = owned.expect("it is always exchanged");
        // SAFETY: rule 2.
        let unused = unsafe { (*chunk.as_ptr()).record.with(|record| (*record).unused) };
        (was.list(), unused)
    }

    /// # Safety
    ///
    /// As `end`.
    unsafe fn assert_empty(chunk: NonNull<Self>, class: Class) {
        // SAFETY: the caller's promise, for all.
        let (freed, listed, unused) = unsafe {
            // Relaxed: nobody else has the chunk any more.
            let freed = Freed((*chunk.as_ptr()).freed.load(Ordering::Relaxed));
            let unused = (*chunk.as_ptr()).record.with(|record| (*record).unused);
            (freed, Self::walk(chunk, freed.list()).0, unused)
        };
        let found = listed + (class.end() - unused) / class.size();
        assert!(!freed.is_owned() && freed.count() == class.capacity() && freed.count() == found);
    }

    /// # Safety
    ///
    /// Rule 2: the caller is the owner.
    unsafe fn set_unused(chunk: NonNull<Self>, unused: u32) {
        // SAFETY: the caller's promise.
        unsafe {
            (*chunk.as_ptr())
                .record
                .with_mut(|record| (*record).unused = unused);
        }
    }

    /// The length of a list, and its last cell.
    ///
    /// # Safety
    ///
    /// Rule 1: the list is the caller's.
    unsafe fn walk(chunk: NonNull<Self>, list: u32) -> (u32, Option<u32>) {
        let some = |cell: u32| (cell != NO_CELL).then_some(cell);
        // SAFETY: the caller's promise.
        let next = |cell: &u32| some(unsafe { Self::next(chunk, *cell) });
        std::iter::successors(some(list), next)
            .fold((0, None), |(length, _), cell| (length + 1, Some(cell)))
    }

    /// One exchange of the word: what it was, and is. None, if `step` says so.
    ///
    /// # Safety
    ///
    /// Rule 4: the chunk is there until the exchange.
    #[inline(always)]
    unsafe fn update(
        chunk: NonNull<Self>,
        step: impl Fn(Freed) -> Option<Freed>,
    ) -> Option<(Freed, Freed)> {
        // SAFETY: the caller's promise; after the exchange nothing is read through it.
        let freed = unsafe { &(*chunk.as_ptr()).freed };
        // Relaxed: the exchange below decides.
        let mut was = freed.load(Ordering::Relaxed);
        loop {
            let now = step(Freed(was))?;
            // AcqRel: each step pairs with all others. Release: what was done with a cell, its link, and what the owner wrote come before
            // what the next holder does. Acquire: who takes a list, or finds the chunk empty, comes after all that.
            match freed.compare_exchange_weak(was, now.0, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Some((Freed(was), now)),
                Err(word) => was = word,
            }
        }
    }
}
