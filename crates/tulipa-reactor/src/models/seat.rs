//! The seat of the one who turns: handed over, or no longer wanted.

use super::model;
use crate::reactor::seat::Seat;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

/// The seat is freed while another thread makes up its mind to wait for it: that thread gets it.
#[test]
fn a_seat_that_is_freed_goes_to_who_waits() {
    model(|| {
        let seat = Arc::new(Seat::new(0));
        let mut taken = seat.take(None, || true).unwrap();
        let other = seat.clone();
        let other = thread::spawn(move || *other.take(None, || true).unwrap());
        *taken = 1;
        drop(taken);
        assert_eq!(other.join().unwrap(), 1);
    });
}

/// Someone who waits is told that it need not, while the seat stays taken: it leaves. This is the end of a background
/// thread beside another one that goes on turning.
#[test]
fn who_need_not_wait_any_more_leaves() {
    model(|| {
        let shared = Arc::new((Seat::new(()), AtomicBool::new(true)));
        let taken = shared.0.take(None, || true).unwrap();
        let other = shared.clone();
        let other = thread::spawn(move || {
            let (seat, wanted) = &*other;
            seat.take(None, || wanted.load(Ordering::Acquire)).is_none()
        });
        shared.1.store(false, Ordering::Release);
        shared.0.nudge();
        assert!(other.join().unwrap());
        drop(taken);
    });
}
