//! Slices of time: a task that is never Pending gives way all the same.
//!
//! A socket that always has bytes, a deferred that is set: a task that awaits only such things would keep its worker for
//! good. Leaf futures of tulipa therefore ask, before they are ready, whether the poll's slice of time is over, and if so
//! let the others have a turn. Nothing is counted: somebody with a clock (the watchdog of an executor) says when a poll has
//! taken too long, and a leaf compares two words.
//!
//! Work that never reaches an await is not helped by this; it belongs on a thread of its own (`to_thread`).

use crate::cancel::ambient;
use crate::sync::{Counter, thread_local};
use std::cell::Cell;
use std::marker::PhantomData;
use std::task::{Context, Poll};

/// How many slices have been ended, in the whole process. Who polls remembers the number it began with.
static ENDED: Counter = Counter::from(0);

thread_local! {
    static KEPT: Cell<usize> = const { Cell::new(0) };
}

/// Ends the slices of all polls that are under way, in the whole process. Called by whoever has seen one that takes too long;
/// the others lose a turn by it, and nothing else. The example of [`give_way`] has it.
pub fn end_all() {
    ENDED.take(1);
}

/// Keeps the calling thread to slices, for as long as the guard lives: without it polls never end early, as is right for a
/// simulation. Guards nest. The example of [`give_way`] has one.
pub fn keep() -> Kept {
    KEPT.with(|kept| kept.set(kept.get() + 1));
    Kept(PhantomData)
}

/// Keeps a thread to slices until it is dropped: made by [`keep`].
#[derive(Debug)]
#[must_use = "it lasts as long as this lives"]
pub struct Kept(PhantomData<*const ()>);

impl Drop for Kept {
    fn drop(&mut self) {
        KEPT.with(|kept| kept.set(kept.get() - 1));
    }
}

/// Pending if the slice of this poll is over: the task is woken already, and goes on after the others. For leaf futures that
/// are about to be ready, or to try something that may be: what they have stays where it is.
///
/// A task gives way at most every other time, so that one whose every poll is long comes to its end. It does not while a
/// request to cancel is ambient, which a future that is ready passes over (TC-11).
///
/// # Examples
///
/// ```
/// use std::task::{Poll, ready};
/// use tulipa_task::{slice, spawn};
///
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let _kept = slice::keep();
/// let task = spawn(async {
///     let mut polls = 0;
///     slice::end_all(); // this poll has taken too long
///     std::future::poll_fn(|cx| {
///         polls += 1;
///         ready!(slice::give_way(cx));
///         Poll::Ready(polls)
///     })
///     .await
/// });
/// run();
/// assert_eq!(task.result(), Ok(Ok(&2)));
/// ```
#[inline]
pub fn give_way(cx: &Context<'_>) -> Poll<()> {
    if ambient::top(|frame| frame.is_some_and(|frame| frame.slice() != ended())) {
        return give_way_now(cx);
    }
    Poll::Ready(())
}

#[cold]
fn give_way_now(cx: &Context<'_>) -> Poll<()> {
    if KEPT.with(Cell::get) > 0 && ambient::top(|frame| frame.is_some_and(ambient::Frame::give_way))
    {
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    Poll::Ready(())
}

/// The slice that a poll begins in now.
#[inline]
pub(crate) fn ended() -> u64 {
    ENDED.get()
}
