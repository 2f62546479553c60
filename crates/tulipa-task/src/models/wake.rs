//! The race: a task is woken while it is polled, or by two at once.
//!
//! Lost, the task would sleep with what it waits for already there. Doubled, two threads would poll it at once.

use super::{Bench, Count, model, thread};
use crate::sync::{AtomicUsize, Mutex, Ordering};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// Found: a wake that does nothing while the task runs; updates of the word that are Relaxed.
#[test]
fn what_was_written_before_a_wake_is_seen_by_the_next_poll() {
    model(|| {
        let bench = Bench::new();
        let seen = Arc::new(AtomicUsize::new(0));
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let task = bench.spawn({
            let (seen, waker) = (seen.clone(), waker.clone());
            poll_fn(move |cx| {
                // Relaxed, so that nothing but the word orders it.
                if seen.load(Ordering::Relaxed) == 1 {
                    return Poll::Ready(());
                }
                *waker.lock() = Some(cx.waker().clone());
                Poll::Pending
            })
        });
        bench.step();
        let waker = waker.lock().take().expect("the first poll left it");
        let spurious = waker.clone();
        let other = thread::spawn(move || {
            seen.store(1, Ordering::Relaxed);
            waker.wake();
        });
        spurious.wake();
        bench.step();
        other.join().unwrap();
        bench.run();
        assert!(task.is_done(), "the wake was lost");
        drop(task);
    });
}

/// Found: a wake of a task that is Scheduled already which submits it again.
#[test]
fn two_wakes_at_once_are_one_poll() {
    model(|| {
        let bench = Bench::new();
        let polls = Count::default();
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let task = bench.spawn({
            let (polls, waker) = (polls.clone(), waker.clone());
            poll_fn(move |cx| {
                polls.up();
                *waker.lock() = Some(cx.waker().clone());
                if polls.get() == 1 {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
        });
        bench.step();
        let waker = waker.lock().clone().expect("the first poll left it");
        let other = thread::spawn({
            let waker = waker.clone();
            move || waker.wake()
        });
        waker.wake_by_ref();
        other.join().unwrap();
        let runnable = bench.next().expect("it was woken");
        assert!(bench.next().is_none(), "a second Runnable");
        assert!(runnable.run().is_none());
        assert!(task.is_done());
        assert_eq!(polls.get(), 2);
    });
}

/// Found: an `end_poll` that forgets that the task was woken.
#[test]
fn a_wake_during_a_poll_runs_it_once_more() {
    model(|| {
        let bench = Bench::new();
        let gate = super::Gate::new();
        let task = bench.spawn(gate.clone());
        let other = thread::spawn(move || gate.open());
        bench.step();
        other.join().unwrap();
        bench.run();
        assert!(task.is_done(), "the wake was lost");
        drop(task);
        bench.assert_freed();
    });
}
