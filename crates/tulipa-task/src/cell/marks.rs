//! A byte of the header: what kind of cell it is, what its stage holds, and whether it gave way.

use super::Kind;
use crate::sync::Byte;
use std::fmt;

/// The kind never changes, and anyone may ask for it. The rest is rule 2's: who may write the stage. So there is one writer at a
/// time, and to change a part of the byte takes no exchange.
///
/// Each question is about one bit, which is one instruction.
///
/// ```text
///     4         3          2        1       0
/// | nothing | outcome | gave way | job | deferred |
/// ```
pub(crate) struct Marks(Byte);

/// What is in the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Future,
    Outcome,
    /// The outcome was moved out or dropped; or there was never a future (a deferred that is not set).
    Nothing,
}

const DEFERRED: u8 = 1 << 0;
const JOB: u8 = 1 << 1;
const GAVE_WAY: u8 = 1 << 2;
const OUTCOME: u8 = 1 << 3;
const NOTHING: u8 = 1 << 4;

impl Marks {
    #[inline(always)]
    pub(super) const fn new(kind: Kind, holds: Holds) -> Self {
        let kind = match kind {
            Kind::Task => 0,
            Kind::Deferred => DEFERRED,
            Kind::Job => JOB,
        };
        Self(Byte::new(kind | bit(holds)))
    }

    #[inline(always)]
    pub(super) fn kind(&self) -> Kind {
        if self.is_deferred() {
            Kind::Deferred
        } else if self.0.get() & JOB != 0 {
            Kind::Job
        } else {
            Kind::Task
        }
    }

    #[inline(always)]
    pub(super) fn is_deferred(&self) -> bool {
        self.0.get() & DEFERRED != 0
    }

    #[inline(always)]
    pub(super) fn is_task(&self) -> bool {
        self.0.get() & (DEFERRED | JOB) == 0
    }

    #[inline(always)]
    pub(super) fn holds(&self) -> Holds {
        let byte = self.0.get();
        if byte & OUTCOME != 0 {
            Holds::Outcome
        } else if byte & NOTHING != 0 {
            Holds::Nothing
        } else {
            Holds::Future
        }
    }

    #[inline(always)]
    pub(super) fn set_holds(&self, holds: Holds) {
        self.0.set(self.0.get() & !(OUTCOME | NOTHING) | bit(holds));
    }

    pub(super) fn gave_way(&self) -> bool {
        self.0.get() & GAVE_WAY != 0
    }

    pub(super) fn set_gave_way(&self, gave_way: bool) {
        let bit = if gave_way { GAVE_WAY } else { 0 };
        self.0.set(self.0.get() & !GAVE_WAY | bit);
    }
}

const fn bit(holds: Holds) -> u8 {
    match holds {
        Holds::Future => 0,
        Holds::Outcome => OUTCOME,
        Holds::Nothing => NOTHING,
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marks")
            .field("kind", &self.kind())
            .field("holds", &self.holds())
            .field("gave_way", &self.gave_way())
            .finish()
    }
}
