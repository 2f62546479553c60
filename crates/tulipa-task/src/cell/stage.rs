//! The future, then its outcome, in one place.

use super::marks::{Holds, Marks};
use super::state::End;
use crate::error::TaskError;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What the cell has behind its header. Which of these it is, the header's [`Marks`] say, where there is room for it: a tag of its
/// own would take eight bytes.
pub(crate) union Place<F, O> {
    future: ManuallyDrop<F>,
    outcome: ManuallyDrop<O>,
    nothing: (),
}

impl<F, O> Place<F, O> {
    #[inline(always)]
    pub(crate) fn of(future: F) -> Self {
        Self {
            future: ManuallyDrop::new(future),
        }
    }

    pub(crate) const fn empty() -> Self {
        Self { nothing: () }
    }

    /// # Safety
    ///
    /// The marks are true of this place, and nobody writes either meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn outcome(&self, marks: &Marks) -> Option<&O> {
        // SAFETY: the caller's promise.
        (marks.holds() == Holds::Outcome).then(|| unsafe { &*self.outcome })
    }
}

/// A place that is the caller's, together with what is in it: the marks are true of it.
pub(crate) struct Stage<'a, F, O> {
    place: &'a mut Place<F, O>,
    marks: &'a Marks,
}

impl<'a, F, O> Stage<'a, F, O> {
    /// # Safety
    ///
    /// The marks are true of the place, and nobody else reads or writes either meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn new(place: &'a mut Place<F, O>, marks: &'a Marks) -> Self {
        Self { place, marks }
    }

    /// Drops what is there, and puts an outcome in its place. If the drop panics, the panic goes on, and the
    /// outcome is there all the same.
    #[inline(always)]
    pub(crate) fn end(&mut self, outcome: O) {
        struct Put<'a, 'b, F, O>(&'a mut Stage<'b, F, O>, ManuallyDrop<O>);
        impl<F, O> Drop for Put<'_, '_, F, O> {
            #[inline(always)]
            fn drop(&mut self) {
                // SAFETY: it is taken once, as this goes.
                let outcome = unsafe { ManuallyDrop::take(&mut self.1) };
                self.0.place.outcome = ManuallyDrop::new(outcome);
                self.0.marks.set_holds(Holds::Outcome);
            }
        }
        let put = Put(self, ManuallyDrop::new(outcome));
        // SAFETY: the marks are true, and will be again when the outcome is put over it.
        unsafe { put.0.drop_held() };
    }

    /// Drops what is there.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        struct Cleared<'a>(&'a Marks);
        impl Drop for Cleared<'_> {
            #[inline(always)]
            fn drop(&mut self) {
                self.0.set_holds(Holds::Nothing);
            }
        }
        let _cleared = Cleared(self.marks); // also if the drop panics
        // SAFETY: the marks are true, and will be again.
        unsafe { self.drop_held() };
    }

    /// Drops what is there, and leaves the marks as they are.
    ///
    /// # Safety
    ///
    /// It is not used again.
    #[inline(always)]
    pub(crate) unsafe fn drop_held(&mut self) {
        // SAFETY: the marks are true; the caller's promise.
        unsafe {
            match self.marks.holds() {
                Holds::Future => ManuallyDrop::drop(&mut self.place.future),
                Holds::Outcome => ManuallyDrop::drop(&mut self.place.outcome),
                Holds::Nothing => {}
            }
        }
    }

    #[inline(always)]
    pub(crate) fn take(&mut self) -> Option<O> {
        match self.marks.holds() {
            Holds::Outcome => {
                self.marks.set_holds(Holds::Nothing);
                // SAFETY: the marks were true, and are so again: this is moved out once.
                Some(unsafe { ManuallyDrop::take(&mut self.place.outcome) })
            }
            Holds::Nothing => None,
            Holds::Future => unreachable!("only what is done is taken"),
        }
    }
}

impl<F, T, E> Stage<'_, F, Result<T, TaskError<E>>>
where
    F: Future<Output = Result<T, E>>,
{
    /// Polls the future where it lies; when it is ready, it is dropped and its outcome takes its place.
    ///
    /// # Safety
    ///
    /// The place is not moved while it holds a future.
    #[inline(always)]
    pub(crate) unsafe fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        assert!(
            self.marks.holds() == Holds::Future,
            "only a task that is not done is polled"
        );
        // SAFETY: the marks say that it is there; the caller's promise, and here it is only ever dropped in place.
        let future = unsafe { Pin::new_unchecked(&mut *self.place.future) };
        let outcome = match future.poll(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(output) => output.map_err(TaskError::Failed),
        };
        let end = if outcome.is_ok() {
            End::Value
        } else {
            End::Failed
        };
        self.end(outcome);
        Poll::Ready(end)
    }
}
