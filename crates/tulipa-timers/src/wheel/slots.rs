//! The slots of a wheel: which one a deadline belongs to, and which ones a step in time passes.

/// No entry: the end of a list. One more is still a number, for a `Link`.
pub(super) const NONE: u32 = u32::MAX - 1;

/// The bits of one digit, and so 64 slots a level: as many as a word has bits.
const DIGIT: u32 = 6;
const WIDTH: usize = 1 << DIGIT;
/// Eleven digits of six bits, and in front of them a row for what has passed already, of which one slot is used.
const ROWS: usize = 1 + u64::BITS.div_ceil(DIGIT) as usize;
const OVERDUE: Place = Place { row: 0, column: 0 };

/// The lists, in rows. Row 0 is what is overdue, row `n` is level `n - 1`: the first slot that is not empty, by row and
/// then by column, is always the next to expire.
pub(super) struct Slots {
    /// A bit per slot that is not empty. Apart from the slots, so that looking for the first touches two cache lines.
    occupied: [u64; ROWS],
    rows: Box<[[Slot; WIDTH]; ROWS]>,
}

/// The list of the entries of one slot. Its links are in the entries.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// The earliest deadline that came in since the slot was empty last.
    pub(super) earliest: u64,
    pub(super) head: u32,
    tail: u32,
}

#[derive(Clone, Copy)]
struct Place {
    row: usize,
    column: usize,
}

/// Slots of one row.
#[derive(Clone, Copy)]
pub(super) struct Part {
    row: usize,
    columns: u64,
}

impl Slots {
    pub(super) fn new() -> Self {
        let slot = Slot {
            earliest: u64::MAX,
            head: NONE,
            tail: NONE,
        };
        Self {
            occupied: [0; ROWS],
            rows: Box::new([[slot; WIDTH]; ROWS]),
        }
    }

    /// Appends `key` to the list it belongs to and says what was last there.
    pub(super) fn push(&mut self, elapsed: u64, deadline: u64, key: u32) -> u32 {
        let place = Place::of(elapsed, deadline);
        let slot = &mut self.rows[place.row][place.column];
        let last = slot.tail;
        slot.tail = key;
        if last == NONE {
            slot.head = key;
            slot.earliest = deadline;
            self.occupied[place.row] |= 1 << place.column;
        } else {
            slot.earliest = slot.earliest.min(deadline);
        }
        last
    }

    /// Shortens a list by an entry of `deadline` that was at its beginning, its end or both: `prev` and `next` were its
    /// neighbours.
    pub(super) fn cut_end(&mut self, elapsed: u64, deadline: u64, prev: u32, next: u32) {
        let place = Place::of(elapsed, deadline);
        let slot = &mut self.rows[place.row][place.column];
        if prev == NONE {
            slot.head = next;
        }
        if next == NONE {
            slot.tail = prev;
        }
        if slot.head == NONE {
            self.occupied[place.row] &= !(1 << place.column);
        }
    }

    /// The first slot that is not empty.
    pub(super) fn first(&self) -> Option<&Slot> {
        let row = self.occupied.iter().position(|&occupied| occupied != 0)?;
        Some(&self.rows[row][self.occupied[row].trailing_zeros() as usize])
    }

    /// Takes the list out of the first slot of `part` that is not empty, and says where it begins.
    pub(super) fn take_first(&mut self, part: Part) -> Option<u32> {
        let columns = self.occupied[part.row] & part.columns;
        if columns == 0 {
            return None;
        }
        let column = columns.trailing_zeros() as usize;
        self.occupied[part.row] &= !(1 << column);
        let slot = &mut self.rows[part.row][column];
        slot.tail = NONE;
        Some(std::mem::replace(&mut slot.head, NONE))
    }
}

impl Part {
    /// The slots that time passes or enters on its way from `from` to `to`, in order. What is overdue comes first, and
    /// alone where time does not move.
    pub(super) fn passed(from: u64, to: u64) -> impl Iterator<Item = Self> {
        let last = if to > from {
            Place::of(from, to)
        } else {
            OVERDUE
        };
        (0..=last.row).map(move |row| {
            // The last row is passed up to where `to` lies; the rows before it, finer, are passed whole.
            let columns = if row < last.row {
                u64::MAX
            } else {
                u64::MAX >> (WIDTH - 1 - last.column)
            };
            Self { row, columns }
        })
    }
}

impl Place {
    /// Where `deadline` hangs when the wheel's time is `elapsed`.
    #[inline]
    fn of(elapsed: u64, deadline: u64) -> Self {
        if deadline <= elapsed {
            return OVERDUE;
        }
        let highest = u64::BITS - 1 - (elapsed ^ deadline).leading_zeros();
        let level = highest / DIGIT;
        let digit = (deadline >> (level * DIGIT)) as usize & (WIDTH - 1);
        Self {
            row: 1 + level as usize,
            column: digit,
        }
    }
}
