//! The future behind `readable` and `writable`.

use super::registration::Registration;
use crate::readiness::{Direction, Ticket};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits for a source to be ready. From [`Async::readable`](crate::Async::readable) and
/// [`Async::writable`](crate::Async::writable).
///
/// Any number of these may wait for one source; all are woken. One that is dropped takes its waker with it.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Ready<'a> {
    registration: &'a Registration,
    direction: Direction,
    ticket: Option<Ticket>,
}

impl<'a> Ready<'a> {
    pub(super) fn new(registration: &'a Registration, direction: Direction) -> Self {
        Self {
            registration,
            direction,
            ticket: None,
        }
    }
}

impl Future for Ready<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self {
            registration,
            direction,
            ticket,
        } = &mut *self;
        registration.poll_ready_with(*direction, |readiness| {
            readiness.poll_ticketed(*direction, ticket, cx.waker())
        })
    }
}

impl Drop for Ready<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.registration.readiness().forget(self.direction, ticket);
        }
    }
}
