//! Erasure, and nothing else: what depends on a task's types, as a table of functions.

use super::stage::Stage;
use super::state::End;
use super::{Cell, Header, Outcome};
use crate::error::{Cancelled, TaskError};
use crate::memory::Room;
use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::ptr::NonNull;
use std::task::{Context, Poll};

/// Each function takes a header that is the first field of the `Cell` the table was made for (rule 6).
pub(crate) struct VTable {
    /// Whether the task's value has no destructor: it can be left to the cell.
    pub(crate) value_is_plain: bool,
    /// Polls the future. Rule 2.
    pub(crate) poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> Poll<End>,
    /// Drops what is in the stage and ends the task so. Rule 2.
    pub(crate) end: unsafe fn(NonNull<Header>, TaskError<Infallible>),
    /// Where the outcome is, as a pointer to `Option<&Outcome<T, E>>` to be written. Rule 3.
    pub(crate) peek: unsafe fn(NonNull<Header>, *mut ()),
    /// Moves the outcome to a pointer to `Option<Outcome<T, E>>`. Rule 3, as a writer.
    pub(crate) take: unsafe fn(NonNull<Header>, *mut ()),
    /// The cancellation the task ended with, if it did. Rule 3.
    pub(crate) cancelled: unsafe fn(NonNull<Header>) -> Option<Cancelled>,
    /// Shows the error or panic the task ended with. Rule 3.
    pub(crate) failure: unsafe fn(NonNull<Header>, &mut Show<'_>),
    /// Drops the outcome. Rule 3, as a writer.
    pub(crate) clear: unsafe fn(NonNull<Header>),
    /// Frees the cell. Rule 1: the last reference is gone.
    pub(crate) free: unsafe fn(NonNull<Header>),
}

/// Is shown an error or a panic.
pub(crate) type Show<'a> = dyn FnMut(&dyn Debug) + 'a;

impl VTable {
    /// The one table for these types.
    pub(crate) fn of<F, T, E>() -> &'static Self
    where
        F: Future<Output = Result<T, E>>,
        E: Debug,
    {
        const {
            &Self {
                value_is_plain: !std::mem::needs_drop::<T>(),
                poll: poll::<F, T, E>,
                end: end::<F, T, E>,
                peek: peek::<F, T, E>,
                take: take::<F, T, E>,
                cancelled: cancelled::<F, T, E>,
                failure: failure::<F, T, E>,
                clear: clear::<F, T, E>,
                free: free::<F, T, E>,
            }
        }
    }
}

/// Gives `f` the stage, to read and write.
///
/// # Safety
///
/// Rule 6, and rule 2 or 3 as a writer.
unsafe fn stage_mut<F, T, E, R>(
    header: NonNull<Header>,
    f: impl FnOnce(&mut Stage<'_, F, Outcome<T, E>>) -> R,
) -> R {
    let cell = header.cast::<Cell<F, T, E>>();
    // SAFETY: rule 6 makes the cast right; the caller is the only one to touch the stage.
    unsafe {
        let marks = &(*cell.as_ptr()).header.marks;
        (*cell.as_ptr())
            .place
            .with_mut(|place| f(&mut Stage::new(&mut *place, marks)))
    }
}

/// Gives `f` the outcome, if it is there.
///
/// # Safety
///
/// Rule 6, and rule 3.
unsafe fn outcome<'a, F, T, E, R>(
    header: NonNull<Header>,
    f: impl FnOnce(Option<&'a Outcome<T, E>>) -> R,
) -> R
where
    F: 'a,
    T: 'a,
    E: 'a,
{
    let cell = header.cast::<Cell<F, T, E>>();
    // SAFETY: rule 6 makes the cast right; nobody writes the stage meanwhile.
    unsafe {
        let marks = &(*cell.as_ptr()).header.marks;
        (*cell.as_ptr())
            .place
            .with(|place| f((*place).outcome(marks)))
    }
}

/// # Safety
///
/// See the table.
unsafe fn poll<F, T, E>(header: NonNull<Header>, cx: &mut Context<'_>) -> Poll<End>
where
    F: Future<Output = Result<T, E>>,
{
    // SAFETY: rule 2; the cell is on the heap and its stage never moves.
    unsafe { stage_mut::<F, T, E, _>(header, |stage| stage.poll(cx)) }
}

/// # Safety
///
/// See the table.
unsafe fn end<F, T, E>(header: NonNull<Header>, error: TaskError<Infallible>)
where
    F: Future<Output = Result<T, E>>,
{
    // SAFETY: rule 2.
    unsafe { stage_mut::<F, T, E, _>(header, |stage| stage.end(Err(error.widen()))) }
}

/// # Safety
///
/// See the table; `into` points to an `Option<&Outcome<T, E>>`.
unsafe fn peek<F, T, E>(header: NonNull<Header>, into: *mut ())
where
    F: Future<Output = Result<T, E>>,
{
    // SAFETY: rule 3; rule 6 says what `into` points to.
    unsafe {
        outcome::<F, T, E, _>(header, |outcome| {
            into.cast::<Option<&Outcome<T, E>>>().write(outcome)
        })
    }
}

/// # Safety
///
/// See the table; `into` points to an `Option<Outcome<T, E>>`.
unsafe fn take<F, T, E>(header: NonNull<Header>, into: *mut ())
where
    F: Future<Output = Result<T, E>>,
{
    // SAFETY: rule 3, as a writer; rule 6 says what `into` points to.
    unsafe {
        stage_mut::<F, T, E, _>(header, |stage| {
            into.cast::<Option<Outcome<T, E>>>().write(stage.take())
        })
    }
}

/// # Safety
///
/// See the table.
unsafe fn cancelled<F, T, E>(header: NonNull<Header>) -> Option<Cancelled>
where
    F: Future<Output = Result<T, E>>,
{
    // SAFETY: rule 3.
    unsafe {
        outcome::<F, T, E, _>(header, |outcome| match outcome {
            Some(Err(TaskError::Cancelled(cancelled))) => Some(cancelled.clone()),
            _ => None,
        })
    }
}

/// # Safety
///
/// See the table.
unsafe fn failure<F, T, E>(header: NonNull<Header>, show: &mut Show<'_>)
where
    F: Future<Output = Result<T, E>>,
    E: Debug,
{
    // SAFETY: rule 3.
    unsafe {
        outcome::<F, T, E, _>(header, |outcome| match outcome {
            Some(Err(TaskError::Failed(error))) => show(error),
            Some(Err(TaskError::Panicked(panic))) => show(panic),
            _ => {}
        });
    }
}

/// # Safety
///
/// See the table.
unsafe fn clear<F, T, E>(header: NonNull<Header>)
where
    F: Future<Output = Result<T, E>>,
{
    // SAFETY: rule 3, as a writer.
    unsafe { stage_mut::<F, T, E, _>(header, |stage| stage.clear()) }
}

/// # Safety
///
/// See the table.
unsafe fn free<F, T, E>(header: NonNull<Header>) {
    let cell = header.cast::<Cell<F, T, E>>();
    // SAFETY: rule 1; the cell is of this type (rule 6), and was put into a room. It is given back even if a destructor panics.
    // What else of the header has a destructor has been taken out of it (`drop_contents`).
    unsafe {
        let _room = Room::of(cell);
        (&raw mut (*cell.as_ptr()).header.scheduler).drop_in_place();
        let marks = &(*cell.as_ptr()).header.marks;
        (*cell.as_ptr())
            .place
            .with_mut(|place| Stage::new(&mut *place, marks).drop_held());
    }
}
