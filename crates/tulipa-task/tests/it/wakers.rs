//! Wakers: how often a task is polled, and how long a waker keeps it.

use crate::support::{Bench, Count, Foreign};
use std::future::{pending, poll_fn};
use std::task::{Context, Poll, Waker};
use tulipa_task::{Deferred, current_task};

#[test]
fn a_task_is_polled_once_however_often_it_is_woken() {
    let bench = Bench::new();
    let (gate, polls) = (Foreign::new(), Count::new());
    let task = bench.spawn({
        let (mut gate, polls) = (gate.clone(), polls.clone());
        poll_fn(move |cx| {
            polls.up();
            std::pin::Pin::new(&mut gate).poll(cx)
        })
    });
    bench.run();
    let waker = gate.waker();
    waker.wake_by_ref();
    let other = waker.clone();
    waker.wake();
    other.wake();
    assert_eq!((bench.run(), polls.get()), (1, 2));
    gate.open();
    bench.run();
    assert!(task.is_done());
}

#[test]
fn a_wake_during_a_poll_runs_the_task_once_more() {
    let bench = Bench::new();
    let polls = Count::new();
    let task = bench.spawn({
        let polls = polls.clone();
        poll_fn(move |cx| {
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
            if polls.next() < 3 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
    });
    assert_eq!(bench.run(), 3);
    assert!(task.is_done());
}

#[test]
fn a_wake_after_the_end_does_nothing() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let task = bench.spawn(gate.clone());
    bench.run();
    let waker = gate.waker();
    gate.open();
    bench.run();
    waker.wake_by_ref();
    drop(task);
    waker.wake(); // the last reference, which frees the cell
    assert_eq!(bench.run(), 0);
}

#[test]
fn a_waker_keeps_the_cell_but_not_the_future() {
    let bench = Bench::new();
    let (gate, dropped) = (Foreign::new(), Count::new());
    let task = bench.spawn({
        let (gate, guard) = (gate.clone(), dropped.guard());
        async move {
            let _guard = guard;
            gate.await;
            pending::<()>().await
        }
    });
    bench.run();
    let waker = gate.waker();
    task.abort();
    drop(task);
    bench.run();
    assert_eq!(dropped.get(), 1);
    drop((waker, gate));
}

#[test]
fn a_task_awaits_with_the_latest_waker() {
    let bloom = Deferred::<u8>::new();
    let mut reader = bloom.clone();
    let wakes: Vec<_> = (0..3).map(|_| futures::task::noop_waker()).collect();
    for waker in &wakes {
        assert!(poll(&mut reader, waker).is_pending());
    }
    let bench = Bench::new();
    let task = bench.spawn(reader); // moves to a task, whose waker takes the place
    bench.run();
    assert_eq!(bloom.as_ref().awaited_by(), [task.task_ref().clone()]);
    bloom.set_result(7).unwrap();
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&Ok(7))));
}

fn poll(reader: &mut Deferred<u8>, waker: &Waker) -> Poll<<Deferred<u8> as Future>::Output> {
    std::pin::Pin::new(reader).poll(&mut Context::from_waker(waker))
}

/// A waker whose clone asks about the very task that it waits for: it must not be cloned while that is locked.
#[test]
fn a_foreign_waker_may_do_anything_when_it_is_cloned_and_dropped() {
    use std::task::{RawWaker, RawWakerVTable};
    fn nosy(data: *const ()) -> RawWaker {
        // SAFETY: the test keeps the deferred alive as long as its wakers.
        let bloom = unsafe { &*data.cast::<Deferred<u8>>() };
        bloom.set_name("cloned");
        RawWaker::new(data, &VTABLE)
    }
    fn ask(data: *const ()) {
        // SAFETY: as above.
        let bloom = unsafe { &*data.cast::<Deferred<u8>>() };
        assert!(!bloom.name().is_empty());
    }
    static VTABLE: RawWakerVTable = RawWakerVTable::new(nosy, ask, ask, ask);

    let bloom = Box::new(Deferred::<u8>::new());
    let data: *const Deferred<u8> = &*bloom;
    // SAFETY: the functions above keep the contract: the data is borrowed and outlives the wakers.
    let waker = unsafe { Waker::from_raw(RawWaker::new(data.cast(), &VTABLE)) };
    let mut reader = (*bloom).clone();
    assert!(poll(&mut reader, futures::task::noop_waker_ref()).is_pending());
    assert!(poll(&mut reader, &waker).is_pending());
    assert!(poll(&mut reader, futures::task::noop_waker_ref()).is_pending());
    assert_eq!(bloom.name(), "cloned");
}

#[test]
fn a_task_can_be_woken_from_any_thread() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let task = bench.spawn({
        let gate = gate.clone();
        async move {
            gate.await;
            current_task().unwrap().id()
        }
    });
    bench.run();
    std::thread::spawn(move || gate.open()).join().unwrap();
    bench.run();
    assert_eq!(task.result(), Ok(Ok(&task.id())));
}

#[test]
fn tasks_await_each_other_under_a_foreign_executor() {
    let bench = Bench::new();
    let gate = Foreign::new();
    let task = bench.spawn({
        let gate = gate.clone();
        async move {
            gate.await;
            1
        }
    });
    bench.run();
    let opener = std::thread::spawn(move || {
        gate.open();
        bench.run();
        bench
    });
    assert_eq!(futures::executor::block_on(task), Ok(1));
    drop(opener.join().unwrap());
}
