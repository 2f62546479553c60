//! Timers that are armed, and a thread that goes to wait for the next deadline.

use crate::clock::Clock;
use crate::due::Due;
use crate::instant::Instant;
use crate::park::Park;
use crate::shard::Shard;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::sync::Arc;
use std::task::Waker;

/// Some shards, a thread that may be parked on them, and what interrupts it: a flag that stays up until it is seen.
struct Scene {
    shards: Vec<Shard>,
    clock: Clock,
    park: Arc<Park>,
    token: Arc<Token>,
}

#[derive(Default)]
struct Token {
    is_up: Mutex<bool>,
    raised: Condvar,
    interruptions: AtomicUsize,
}

impl Scene {
    fn new(shards: usize) -> Arc<Self> {
        let (clock, park) = (Clock::virtual_(), Arc::new(Park::new()));
        let shard = || Shard::new(clock.clone(), Arc::clone(&park));
        let shards = std::iter::repeat_with(shard).take(shards).collect();
        let token = Arc::new(Token::default());
        let raise = Arc::clone(&token);
        park.on_earlier(Arc::new(move || raise.raise()));
        Arc::new(Self {
            shards,
            clock,
            park,
            token,
        })
    }

    /// Arms a timer on a thread of its own.
    fn arms(self: &Arc<Self>, shard: usize, deadline: u64) -> thread::JoinHandle<()> {
        let scene = Arc::clone(self);
        thread::spawn(move || scene.arm(shard, deadline))
    }

    fn arm(&self, shard: usize, deadline: u64) {
        self.shards[shard].arm(Instant::from_nanos(deadline), Waker::noop().clone());
    }

    fn begin_park(&self) -> u64 {
        let hint = || {
            self.shards
                .iter()
                .map(Shard::hint)
                .min()
                .expect("there is a shard")
        };
        self.park.begin(hint).expect("one thread parks")
    }

    fn fire(&self) -> usize {
        let mut due = Due::new();
        for shard in &self.shards {
            shard.expire(self.clock.now(), &mut due);
        }
        due.wake()
    }

    /// What must hold of a thread that parks until `until`, when a timer of `deadline` is armed.
    fn assert_wakes(&self, until: u64, deadline: u64) {
        let interruptions = self.token.interruptions.load(Ordering::Relaxed);
        assert!(
            until <= deadline || interruptions > 0,
            "sleeps until {until}, through {deadline}"
        );
        assert!(
            interruptions <= 1,
            "one park, {interruptions} interruptions"
        );
    }
}

impl Token {
    fn raise(&self) {
        self.interruptions.fetch_add(1, Ordering::Relaxed);
        *self.is_up.lock().expect("no model panics") = true;
        self.raised.notify_one();
    }

    fn wait(&self) {
        let mut is_up = self.is_up.lock().expect("no model panics");
        while !*is_up {
            is_up = self.raised.wait(is_up).expect("no model panics");
        }
        *is_up = false;
    }
}

/// The hint and the parked thread's word: each side writes one and reads the other.
#[test]
fn a_timer_armed_as_a_thread_parks_is_not_slept_through() {
    loom::model(|| {
        let scene = Scene::new(1);
        let armer = scene.arms(0, 5);
        let until = scene.begin_park();
        armer.join().expect("it arms");
        scene.assert_wakes(until, 5);
    });
}

/// Both armers are earlier than the park, in two shards: only one of them interrupts.
#[test]
fn two_earlier_timers_interrupt_once() {
    loom::model(|| {
        let scene = Scene::new(2);
        let armers = [scene.arms(0, 5), scene.arms(1, 7)];
        let until = scene.begin_park();
        for armer in armers {
            armer.join().expect("it arms");
        }
        scene.assert_wakes(until, 5);
    });
}

/// The later armer may find the hint lowered and look at nothing: it relies on the earlier one, whose timer is gone by
/// the time the thread sleeps.
#[test]
fn a_timer_armed_behind_one_that_is_cancelled_is_not_slept_through() {
    loom::model(|| {
        let scene = Scene::new(1);
        let other = Arc::clone(&scene);
        let canceller = thread::spawn(move || {
            let shard = &other.shards[0];
            shard.cancel(shard.arm(Instant::from_nanos(5), Waker::noop().clone()));
        });
        let armer = scene.arms(0, 7);
        let until = scene.begin_park();
        canceller.join().expect("it cancels");
        armer.join().expect("it arms");
        scene.assert_wakes(until, 7);
    });
}

/// Expiry raises the hint while the armer lowers it and the parker reads it.
#[test]
fn a_timer_armed_as_another_thread_fires_is_not_slept_through() {
    loom::model(|| {
        let scene = Scene::new(1);
        scene.arm(0, 1);
        scene.clock.advance_to(Instant::from_nanos(1));
        let other = Arc::clone(&scene);
        let firer = thread::spawn(move || other.fire());
        let armer = scene.arms(0, 5);
        let until = scene.begin_park();
        firer.join().expect("it fires");
        armer.join().expect("it arms");
        scene.assert_wakes(until, 5);
    });
}

/// An interruption that comes when its park is over ends the next one early and is not waited for in vain; a park that
/// begins anew is announced anew. A wake that is lost shows as a deadlock.
#[test]
fn a_thread_that_parks_until_all_have_fired_comes_to_an_end() {
    loom::model(|| {
        let scene = Scene::new(1);
        let armer = {
            let scene = Arc::clone(&scene);
            thread::spawn(move || {
                scene.arm(0, 7);
                scene.arm(0, 5);
            })
        };
        let mut fired = scene.fire();
        while fired < 2 {
            match scene.begin_park() {
                u64::MAX => scene.token.wait(),
                until => scene.clock.advance_to(Instant::from_nanos(until)),
            }
            scene.park.end();
            fired += scene.fire();
        }
        armer.join().expect("it arms");
    });
}
