//! What the tests share: executors of every flavour, futures that wait for nothing but the test, a clock that it moves.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tulipa_executor::{Driver, Executor, Stats, ThreadDriver};

/// Every flavour, with a name for messages.
pub(crate) fn flavours() -> Vec<(&'static str, Executor)> {
    let builders = [
        ("1 worker", Executor::builder().workers(1)),
        ("2 workers", Executor::builder().workers(2)),
        ("8 workers", Executor::builder().workers(8)),
        ("current thread", Executor::builder().current_thread()),
        (
            "deterministic",
            Executor::builder().deterministic(42).workers(3),
        ),
        (
            "deterministic in order",
            Executor::builder().deterministic(42).in_order(),
        ),
    ];
    builders
        .into_iter()
        .map(|(name, builder)| (name, builder.build().unwrap()))
        .collect()
}

/// Gives way to others once.
pub(crate) fn yield_now() -> impl Future<Output = ()> + Send {
    let mut yielded = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// A shared list, to see in which order things happened.
#[derive(Clone)]
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Log<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn add(&self, entry: T) {
        self.0.lock().unwrap().push(entry);
    }

    pub(crate) fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Open once, for all who wait.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Gate {
    pub(crate) fn open(&self) {
        let mut gate = self.0.lock().unwrap();
        gate.0 = true;
        let wakers = std::mem::take(&mut gate.1);
        drop(gate);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn passed(&self) -> impl Future<Output = ()> + Send + 'static {
        let gate = self.clone();
        poll_fn(move |cx| gate.poll(cx))
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut gate = self.0.lock().unwrap();
        if gate.0 {
            return Poll::Ready(());
        }
        gate.1.push(cx.waker().clone());
        Poll::Pending
    }
}

/// Counts its drops.
#[derive(Clone, Default)]
pub(crate) struct Drops(Arc<AtomicUsize>);

impl Drops {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Something that is counted when it is dropped.
    pub(crate) fn one(&self) -> impl Send + use<> {
        struct One(Arc<AtomicUsize>);
        impl Drop for One {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        One(self.0.clone())
    }
}

/// Waits, by giving the processor away, for something that other threads are about to do.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let mut turns = 0_u64;
    while !done() {
        turns += 1;
        assert!(turns < 50_000_000, "never happened: {what}");
        std::thread::yield_now();
    }
}

/// How many workers sleep.
pub(crate) fn asleep(stats: &Stats) -> u64 {
    stats.sleeps() - stats.wakes()
}

/// Waits until that many workers sleep.
pub(crate) fn wait_until_asleep(executor: &Executor, workers: u64) {
    wait_until("the workers fall asleep", || {
        asleep(&executor.handle().stats()) == workers
    });
}

/// A driver with a virtual clock: time moves when all is quiet.
#[derive(Default)]
pub(crate) struct VirtualTime {
    thread: ThreadDriver,
    state: Mutex<Timers>,
}

#[derive(Default)]
struct Timers {
    now: u64,
    /// By deadline, then in the order in which they were set.
    waiting: BTreeMap<(u64, u64), Waker>,
    set: u64,
}

impl VirtualTime {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn now(&self) -> u64 {
        self.state.lock().unwrap().now
    }

    pub(crate) fn sleep(self: &Arc<Self>, duration: u64) -> Sleep {
        Sleep {
            time: self.clone(),
            deadline: self.now() + duration,
            armed: None,
        }
    }
}

pub(crate) struct Sleep {
    time: Arc<VirtualTime>,
    deadline: u64,
    armed: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (time, deadline) = (self.time.clone(), self.deadline);
        let mut timers = time.state.lock().unwrap();
        if timers.now >= deadline {
            return Poll::Ready(());
        }
        let number = self.armed.unwrap_or_else(|| {
            timers.set += 1;
            timers.set
        });
        timers
            .waiting
            .insert((deadline, number), cx.waker().clone());
        self.armed = Some(number);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.armed {
            self.time
                .state
                .lock()
                .unwrap()
                .waiting
                .remove(&(self.deadline, number));
        }
    }
}

impl Driver for VirtualTime {
    fn park(&self) {
        self.thread.park();
    }

    fn poll(&self) {}

    fn unpark(&self) {
        self.thread.unpark();
    }

    fn quiescent(&self) -> bool {
        let mut timers = self.state.lock().unwrap();
        let Some(((deadline, _), _)) = timers.waiting.first_key_value() else {
            return false;
        };
        let deadline = *deadline;
        timers.now = deadline;
        let later = timers.waiting.split_off(&(deadline + 1, 0));
        let due = std::mem::replace(&mut timers.waiting, later);
        drop(timers);
        due.into_values().for_each(Waker::wake);
        true
    }
}

/// A driver with one event: who next goes there opens the gate.
#[derive(Default)]
pub(crate) struct Event {
    thread: ThreadDriver,
    is_due: AtomicBool,
    pub(crate) gate: Gate,
}

impl Event {
    pub(crate) fn happen(&self) {
        self.is_due.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }

    pub(crate) fn is_over(&self) -> bool {
        !self.is_due.load(Ordering::SeqCst)
    }
}

impl Driver for Event {
    fn park(&self) {
        self.thread.park();
        self.poll();
    }

    fn poll(&self) {
        if self.is_due.swap(false, Ordering::SeqCst) {
            self.gate.open();
        }
    }

    fn unpark(&self) {
        self.thread.unpark();
    }
}
