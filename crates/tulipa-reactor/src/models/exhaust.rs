//! Bytes that arrive while a reader finds that there are no more.

use super::{READABLE, dispatch, model, readable};
use crate::readiness::{Direction, Readiness};
use crate::sync::Arc;
use loom::future::block_on;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// How a reader learns that a descriptor is empty.
#[derive(Clone, Copy)]
enum Lesson {
    /// By a read that is refused.
    Refused,
    /// By a read that brings less than it could have.
    Short,
}

/// Reads until `wanted` bytes have come. Each read takes what is there.
async fn read(readiness: &Readiness, descriptor: &AtomicUsize, wanted: usize, lesson: Lesson) {
    let mut got = 0;
    while got < wanted {
        let known = readiness.look();
        if !known.may_try(Direction::Read) {
            readable(readiness).await.expect("nothing ends here");
            continue;
        }
        let seen = known.seen(Direction::Read);
        let moved = descriptor.swap(0, Ordering::SeqCst);
        got += moved;
        match (moved, lesson) {
            (0, _) => readiness.refuse(Direction::Read, seen),
            (_, Lesson::Short) => readiness.exhaust(Direction::Read, seen),
            (_, Lesson::Refused) => {}
        }
    }
}

/// A byte, and the event that tells of it, between a reader's operation and its recording that nothing is left:
/// the record must not undo the event, or the reader waits for a byte that is there.
fn no_byte_is_overlooked(lesson: Lesson) {
    model(move || {
        let readiness = Arc::new(Readiness::new());
        let descriptor = Arc::new(AtomicUsize::new(0));
        let reader = {
            let (readiness, descriptor) = (readiness.clone(), descriptor.clone());
            thread::spawn(move || block_on(read(&readiness, &descriptor, 2, lesson)))
        };
        for _ in 0..2 {
            descriptor.fetch_add(1, Ordering::SeqCst);
            dispatch(&readiness, READABLE);
        }
        reader.join().expect("the reader does not panic");
    });
}

#[test]
fn a_refused_read_does_not_undo_a_later_event() {
    no_byte_is_overlooked(Lesson::Refused);
}

#[test]
fn a_short_read_does_not_undo_a_later_event() {
    no_byte_is_overlooked(Lesson::Short);
}
