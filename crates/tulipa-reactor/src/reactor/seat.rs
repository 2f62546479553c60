//! The seat of the one who turns: a value that one thread at a time takes away, for as long as it likes.
//!
//! Not a lock held while the thread blocks in the kernel, because whoever waits for a lock cannot be told that it need
//! not wait any more.

use crate::sync::{Condvar, Mutex};
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) struct Seat<T> {
    /// `None` while somebody has it.
    place: Mutex<Option<Box<T>>>,
    freed: Condvar,
}

/// The value, until this is dropped.
#[derive(Debug)]
pub(crate) struct Seated<'a, T> {
    seat: &'a Seat<T>,
    /// `None` only in `drop`.
    value: Option<Box<T>>,
    /// What is left of the time that was given to `take`.
    pub(crate) left: Option<Duration>,
}

impl<T> Seat<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            place: Mutex::new(Some(Box::new(value))),
            freed: Condvar::default(),
        }
    }

    /// Takes the value. If another thread has it, waits until `timeout` has passed (`None`: as long as it takes) or
    /// it is no longer `wanted`, which is looked at again after each [`nudge`](Self::nudge).
    pub(crate) fn take(
        &self,
        timeout: Option<Duration>,
        wanted: impl Fn() -> bool,
    ) -> Option<Seated<'_, T>> {
        let mut place = self.place.lock();
        let mut left = timeout;
        if place.is_none() && left != Some(Duration::ZERO) {
            let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
            while place.is_none() && left != Some(Duration::ZERO) && wanted() {
                place = self.freed.wait(place, until);
                left = until.map(|until| until.saturating_duration_since(Instant::now()));
            }
        }
        let value = place.take()?;
        Some(Seated {
            seat: self,
            value: Some(value),
            left,
        })
    }

    /// Has everybody who waits look again whether that is still wanted.
    pub(crate) fn nudge(&self) {
        // The lock is what makes this certain to arrive: who has looked and not begun to wait has it.
        let _place = self.place.lock();
        self.freed.notify_all();
    }
}

impl<T> Deref for Seated<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect(TAKEN)
    }
}

impl<T> DerefMut for Seated<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect(TAKEN)
    }
}

impl<T> Drop for Seated<'_, T> {
    fn drop(&mut self) {
        *self.seat.place.lock() = self.value.take();
        self.seat.freed.notify_one();
    }
}

const TAKEN: &str = "only drop takes the value out";

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn who_will_not_wait_leaves_without() {
        let seat = Seat::new(());
        let taken = seat.take(None, || true);
        assert!(taken.is_some());
        assert!(seat.take(Some(Duration::ZERO), || true).is_none());
        assert!(seat.take(Some(Duration::from_nanos(1)), || true).is_none());
        assert!(seat.take(None, || false).is_none());
        drop(taken);
        assert!(seat.take(Some(Duration::ZERO), || true).is_some());
    }

    #[test]
    fn a_free_seat_is_taken_whether_or_not_anybody_would_wait() {
        let seat = Seat::new(());
        assert!(seat.take(None, || false).is_some());
    }
}
