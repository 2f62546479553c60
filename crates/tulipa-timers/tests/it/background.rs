//! The thread that drives timers.

use crate::support::{Log, armed, poll_idly, secs, timers};
use futures::executor::block_on;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Wake, Waker};
use std::time::Duration;
use tulipa_timers::{Background, Clock, Timers};

#[test]
fn sleeps_of_many_threads_end() {
    let timers = Timers::new(Clock::real(), 2);
    let _driver = timers.background().unwrap();
    let threads: Vec<_> = (0..8)
        .map(|shard| {
            let timers = timers.clone();
            std::thread::spawn(move || {
                let _entered = timers.enter(shard);
                for micros in [500, 0, 30, 1_000, 1] {
                    let start = timers.now();
                    let duration = Duration::from_micros(micros);
                    block_on(tulipa_timers::sleep(duration));
                    assert!(timers.now() >= start + duration, "never early");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(timers.count(), 0);
}

#[test]
fn an_earlier_timer_interrupts_the_thread() {
    let timers = Timers::new(Clock::real(), 1);
    let _driver = timers.background().unwrap();
    let mut long = timers.sleep(secs(1_000_000));
    assert!(poll_idly(&mut long).is_pending());
    block_on(timers.sleep(Duration::from_millis(1))); // would hang until the other is over
}

#[test]
fn dropping_it_ends_the_thread() {
    let timers = Timers::new(Clock::real(), 1);
    for _ in 0..20 {
        let driver = timers.background().unwrap();
        let _long = armed(&timers, 1_000_000, &Log::default(), 0);
        drop(driver);
    }
    let _not_taken = timers.begin_park();
}

#[test]
fn by_a_virtual_clock_it_fires_what_is_overdue() {
    let timers = timers();
    let _driver = timers.background().unwrap();
    timers.advance(secs(10));
    block_on(timers.sleep_until(timers.now() - secs(1)));
}

/// Drops the driver on its own thread.
struct EndsDriver(Mutex<Option<Background>>, mpsc::Sender<()>);

impl Wake for EndsDriver {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().take());
        self.1.send(()).unwrap();
    }
}

#[test]
fn it_may_be_dropped_by_a_waker_on_its_own_thread() {
    let timers = Timers::new(Clock::real(), 1);
    let (sender, ended) = mpsc::channel();
    let waker = Arc::new(EndsDriver(Mutex::new(None), sender));
    let mut sleep = timers.sleep(Duration::from_millis(1));
    assert!(crate::support::poll(&mut sleep, &Waker::from(Arc::clone(&waker))).is_pending());
    {
        let mut driver = waker.0.lock().unwrap();
        *driver = Some(timers.background().unwrap());
    }
    ended.recv().unwrap();
}
