//! The two ambient slots: what the task that this thread polls has been asked, and what is unwinding in it.
//!
//! A poll puts a frame on the thread's stack and leaves its address in a thread-local; nested polls (an eager first
//! step) put theirs above it. Frames are the thread's own: nothing here is shared.

use crate::cell::Header;
use crate::error::Cancelled;
use crate::slice;
use crate::sync::thread_local;
use crate::waits::Word;
use std::cell::Cell;
use std::ptr;

/// One poll of a task.
pub(crate) struct Frame<'a> {
    task: &'a Header,
    /// One byte that answers what leaf futures ask.
    flags: Cell<u8>,
    request: Cell<Option<Cancelled>>,
    unwinding: Cell<Option<Cancelled>>,
    /// How often the task has asked itself, in this poll.
    own_requests: Cell<usize>,
    /// What leaf futures have noted, in this poll.
    waits: Cell<Word>,
    /// The slice of time that it began in.
    slice: Cell<u64>,
    below: Cell<*const Frame<'static>>,
}

const REQUEST: u8 = 1 << 0;
const UNWINDING: u8 = 1 << 1;
const DROPPING: u8 = 1 << 2;
const GIVES_WAY: u8 = 1 << 3;

thread_local! {
    static TOP: Cell<*const Frame<'static>> = const { Cell::new(ptr::null()) };
}

impl<'a> Frame<'a> {
    pub(crate) fn new(task: &'a Header) -> Self {
        Self {
            task,
            flags: Cell::new(0),
            request: Cell::new(None),
            unwinding: Cell::new(None),
            own_requests: Cell::new(0),
            waits: Cell::new(Word::NOTHING),
            slice: Cell::new(slice::ended()),
            below: Cell::new(ptr::null()),
        }
    }

    /// Runs `inside` with this frame on top.
    #[inline]
    pub(crate) fn enter<R>(&self, inside: impl FnOnce() -> R) -> R {
        struct Leave<'a>(&'a Cell<*const Frame<'static>>, *const Frame<'static>);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        TOP.with(|top| {
            let below = top.replace(ptr::from_ref(self).cast());
            self.below.set(below);
            let _leave = Leave(top, below); // also when `inside` unwinds
            inside()
        })
    }

    #[inline]
    pub(crate) fn waits(&self) -> Word {
        self.waits.get()
    }

    #[inline]
    pub(crate) fn set_waits(&self, word: Word) {
        self.waits.set(word);
    }

    #[inline]
    pub(crate) fn slice(&self) -> u64 {
        self.slice.get()
    }

    /// Its slice is over: whether it gives way. Not twice in a row, for it might never do anything else.
    pub(crate) fn give_way(&self) -> bool {
        if self.has(GIVES_WAY) || self.has(REQUEST) {
            return self.has(GIVES_WAY);
        }
        let gives_way = !self.task.gave_way();
        self.task.set_gave_way(gives_way);
        self.set(GIVES_WAY, gives_way);
        if !gives_way {
            self.slice.set(slice::ended()); // and has another
        }
        gives_way
    }

    #[inline]
    fn has(&self, flag: u8) -> bool {
        self.flags.get() & flag != 0
    }

    fn set(&self, flag: u8, on: bool) {
        let flags = self.flags.get();
        self.flags
            .set(if on { flags | flag } else { flags & !flag });
    }

    #[inline]
    pub(crate) fn put_request(&self, request: Option<Cancelled>) -> Option<Cancelled> {
        self.set(REQUEST, request.is_some());
        self.request.replace(request)
    }

    #[inline]
    pub(crate) fn take_request(&self) -> Option<Cancelled> {
        if self.has(REQUEST) {
            self.put_request(None)
        } else {
            None
        }
    }

    pub(crate) fn put_unwinding(&self, cancelled: Option<Cancelled>) -> Option<Cancelled> {
        self.set(UNWINDING, cancelled.is_some());
        self.unwinding.replace(cancelled)
    }

    pub(crate) fn take_unwinding(&self) -> Option<Cancelled> {
        if self.has(UNWINDING) {
            self.put_unwinding(None)
        } else {
            None
        }
    }

    /// What a scope acts on when its inside is Pending: rule 3.
    pub(crate) fn take_cancellation(&self) -> Option<Cancelled> {
        if self.flags.get() & (REQUEST | UNWINDING) == 0 {
            return None;
        }
        self.take_unwinding().or_else(|| self.take_request())
    }

    /// Runs `drop_it`, in which futures are dropped by a cancellation of this task: rule 9.
    pub(crate) fn dropping<R>(&self, drop_it: impl FnOnce() -> R) -> R {
        struct Restore<'a, 'b>(&'a Frame<'b>, bool);
        impl Drop for Restore<'_, '_> {
            fn drop(&mut self) {
                self.0.set(DROPPING, self.1);
            }
        }
        let _restore = Restore(self, self.has(DROPPING)); // also when a destructor unwinds
        self.set(DROPPING, true);
        drop_it()
    }
}

/// Gives `f` the top frame, if this thread polls a task (or runs a job).
#[inline]
pub(crate) fn top<R>(f: impl FnOnce(Option<&Frame<'_>>) -> R) -> R {
    let top = TOP.with(Cell::get);
    // SAFETY: no rule of the cell, but the same kind of argument: TOP is null or the address of a frame whose `enter` is
    // still running further down this very stack (`Leave` takes it off, even when unwinding), and it is not let out of `f`.
    f(unsafe { top.as_ref() })
}

/// The header of the task or job that is being polled.
pub(crate) fn current_header<R>(f: impl FnOnce(Option<&Header>) -> R) -> R {
    top(|frame| f(frame.map(|frame| frame.task)))
}

/// The header of the task that is being polled: a job is none (DC-12, CU-03).
pub(crate) fn current_task<R>(f: impl FnOnce(Option<&Header>) -> R) -> R {
    current_header(|header| f(header.filter(|header| header.is_task())))
}

/// A request of the current task to itself is ambient at once; the last message counts (TC-10, TC-23). `false`: `task` is
/// not the one that is polled.
pub(crate) fn request_of_current(task: &Header, request: &Cancelled) -> bool {
    top(|frame| match frame {
        Some(frame) if ptr::eq(frame.task, task) => {
            frame.put_request(Some(request.clone()));
            frame.own_requests.set(frame.own_requests.get() + 1);
            true
        }
        _ => false,
    })
}

/// How often the task that is polled has asked itself to be cancelled, since the poll began.
pub(crate) fn own_requests() -> usize {
    top(|frame| frame.map_or(0, |frame| frame.own_requests.get()))
}

/// Whether a request is ambient.
pub(crate) fn requested() -> bool {
    top(|frame| frame.is_some_and(|frame| frame.has(REQUEST)))
}

/// Whether futures are being dropped by a cancellation of the task that is polled.
pub(crate) fn is_dropping() -> bool {
    top(|frame| frame.is_some_and(|frame| frame.has(DROPPING)))
}

/// Takes back the request that is ambient for `task`, if this thread polls it, perhaps below the eager first step of
/// another (TC-15, TC-38). `true`: there was one.
pub(crate) fn withdraw_request(task: &Header) -> bool {
    top(|mut at| {
        while let Some(frame) = at {
            if ptr::eq(frame.task, task) {
                return frame.take_request().is_some();
            }
            // SAFETY: as for `top`: it was on top when `enter` put this frame above it, and its own `enter` still runs.
            at = unsafe { frame.below.get().as_ref() };
        }
        false
    })
}
