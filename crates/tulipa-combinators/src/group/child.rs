//! A child's future, which tells the group of a panic before its task ends.

use super::shared::Reporter;
use crate::unwind;
use pin_project_lite::pin_project;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll};
use tulipa_task::{Panic, TaskError};

pin_project! {
    /// Runs `future` and passes its panics on, as those of its destructor.
    pub(super) struct Child<F, E> {
        #[pin]
        future: Option<F>,
        reporter: Reporter<E>,
    }

    impl<F, E> PinnedDrop for Child<F, E> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Err(panic) = unwind::catch(|| this.future.set(None)) {
                report(this.reporter, panic);
            }
        }
    }
}

impl<F, E> Child<F, E> {
    pub(super) fn new(future: F, reporter: Reporter<E>) -> Self {
        Self {
            future: Some(future),
            reporter,
        }
    }
}

impl<F: Future, E> Future for Child<F, E> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this.future.as_pin_mut();
        let future = future.expect("it is there until this is dropped");
        unwind::catch(|| future.poll(cx)).unwrap_or_else(|panic| report(this.reporter, panic))
    }
}

/// Tells the group, and goes on panicking: the task has the same panic.
fn report<E>(reporter: &Reporter<E>, panic: Panic) -> ! {
    reporter.fail(TaskError::Panicked(panic.clone()));
    resume_unwind(Box::new(panic))
}
