//! The wheel against a sorted map.

use proptest::prelude::*;
use std::collections::BTreeMap;
use tulipa_timers::{Key, Wheel};

/// A wheel that anybody can see is right: what waits, by deadline and then by the order of arming.
#[derive(Default)]
struct Model {
    elapsed: u64,
    armings: usize,
    waiting: BTreeMap<(u64, usize), usize>,
}

impl Model {
    fn arm(&mut self, deadline: u64, id: usize) {
        self.armings += 1;
        self.waiting.insert((deadline, self.armings), id);
    }

    /// Whether it was waiting.
    fn disarm(&mut self, id: usize) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|_, waiting| *waiting != id);
        self.waiting.len() < before
    }

    fn expire(&mut self, now: u64) -> Vec<(u64, usize)> {
        self.elapsed = self.elapsed.max(now);
        let mut due = Vec::new();
        while let Some(first) = self
            .waiting
            .first_entry()
            .filter(|first| first.key().0 <= self.elapsed)
        {
            due.push((first.key().0, first.remove()));
        }
        due
    }

    fn next_deadline(&self) -> Option<u64> {
        self.waiting.keys().next().map(|&(deadline, _)| deadline)
    }
}

/// A deadline, seen from the wheel's time.
#[derive(Clone, Copy, Debug)]
enum When {
    After(u64),
    Before(u64),
    At(u64),
}

impl When {
    fn deadline(self, elapsed: u64) -> u64 {
        match self {
            Self::After(by) => elapsed.saturating_add(by),
            Self::Before(by) => elapsed.saturating_sub(by),
            Self::At(deadline) => deadline,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Arm(When),
    Rearm(usize, When),
    Remove(usize),
    Expire(When),
    ExpireNext,
}

/// Distances of every magnitude, around the edges of slots and levels.
fn distance() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..4_u64,
        (0..64_u32, 0..5_u64)
            .prop_map(|(bit, off)| (1_u64 << bit).saturating_add(off).saturating_sub(2)),
        (0..64_u32, any::<u64>()).prop_map(|(bits, random)| random >> bits),
    ]
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        8 => distance().prop_map(When::After),
        2 => distance().prop_map(When::Before),
        1 => distance().prop_map(|before| When::At(u64::MAX - before)),
        1 => Just(When::At(u64::MAX)),
        1 => any::<u64>().prop_map(When::At),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => when().prop_map(Step::Arm),
        2 => (any::<usize>(), when()).prop_map(|(which, when)| Step::Rearm(which, when)),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => (0..40_u32, any::<u64>()).prop_map(|(bits, random)| Step::Expire(When::After(random >> (24 + bits)))),
        1 => distance().prop_map(|by| Step::Expire(When::Before(by))),
        3 => Just(Step::ExpireNext),
    ]
}

/// The wheel and the model, taking the same steps.
#[derive(Default)]
struct Pair {
    wheel: Wheel<usize>,
    model: Model,
    /// Those that were not removed, with their identity.
    held: Vec<(Key, usize)>,
    next_id: usize,
}

impl Pair {
    fn take(&mut self, step: Step) {
        match step {
            Step::Arm(when) => self.arm(when.deadline(self.model.elapsed)),
            Step::Rearm(which, when) => self.rearm(which, when.deadline(self.model.elapsed)),
            Step::Remove(which) => self.remove(which),
            Step::Expire(when) => self.expire(when.deadline(self.model.elapsed)),
            Step::ExpireNext => self.expire(self.model.next_deadline().unwrap_or(0)),
        }
    }

    fn arm(&mut self, deadline: u64) {
        let id = self.next_id;
        self.next_id += 1;
        self.model.arm(deadline, id);
        self.held.push((self.wheel.arm(deadline, id), id));
    }

    fn rearm(&mut self, which: usize, deadline: u64) {
        let Some(&(key, id)) = self.pick(which) else {
            return;
        };
        let was_waiting = self.model.disarm(id);
        assert_eq!(self.wheel.rearm(key, deadline), was_waiting);
        if was_waiting {
            self.model.arm(deadline, id);
        }
    }

    fn remove(&mut self, which: usize) {
        let Some(&(key, id)) = self.pick(which) else {
            return;
        };
        self.held.retain(|&(held, _)| held != key);
        let was_waiting = self.model.disarm(id);
        assert_eq!(self.wheel.remove(key), was_waiting.then_some(id));
    }

    fn expire(&mut self, now: u64) {
        let mut due = Vec::new();
        self.wheel.expire(now, &mut due);
        assert_eq!(due, self.model.expire(now));
    }

    fn pick(&self, which: usize) -> Option<&(Key, usize)> {
        self.held.get(which.checked_rem(self.held.len())?)
    }

    fn check(&mut self) {
        assert_eq!(self.wheel.len(), self.held.len());
        assert_eq!(self.wheel.next_deadline(), self.model.next_deadline());
        assert_eq!(
            self.wheel.not_before().is_some(),
            self.model.next_deadline().is_some()
        );
        assert!(self.wheel.not_before() <= self.model.next_deadline());
        for &(key, id) in &self.held {
            let is_waiting = self.model.waiting.values().any(|&waiting| waiting == id);
            assert_eq!(
                self.wheel.payload_mut(key).copied(),
                is_waiting.then_some(id)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn wheel_does_what_a_sorted_map_does(steps in prop::collection::vec(step(), 1..80)) {
        let mut pair = Pair::default();
        for step in steps {
            pair.take(step);
            pair.check();
        }
        pair.expire(u64::MAX);
        assert_eq!(pair.wheel.next_deadline(), None);
    }

    /// What the parked thread relies on: going by `not_before` alone, nothing is missed and every stop makes progress.
    #[test]
    fn going_by_not_before_reaches_every_deadline_at_its_time(deadlines in prop::collection::vec(distance(), 1..60), removed in 0..60_usize) {
        let mut wheel = Wheel::new();
        let mut keys: Vec<_> = deadlines.iter().map(|&deadline| wheel.arm(deadline, deadline)).collect();
        keys.truncate(removed);
        for key in keys {
            wheel.remove(key);
        }
        let (mut due, mut stops) = (Vec::new(), 0);
        while let Some(now) = wheel.not_before() {
            let before = due.len();
            wheel.expire(now, &mut due);
            assert!(due[before..].iter().all(|&(deadline, _)| deadline <= now), "never early");
            assert!(due[before..].iter().all(|&(deadline, _)| deadline == now), "never late");
            stops += 1;
            assert!(stops <= deadlines.len() * 11, "a slot errs once: at most one stop for each entry and level");
        }
        assert_eq!(due.len(), deadlines.len().saturating_sub(removed));
    }
}

#[test]
fn entries_of_one_deadline_expire_in_the_order_they_were_armed_from_any_distance() {
    let mut wheel = Wheel::new();
    let deadline = 1 << 40;
    wheel.arm(deadline, 0); // from seven levels up
    wheel.expire(deadline - 5_000, &mut Vec::new());
    wheel.arm(deadline, 1);
    wheel.expire(deadline - 3, &mut Vec::new());
    wheel.arm(deadline, 2);
    let moved = wheel.arm(deadline + 1, 3);
    wheel.rearm(moved, deadline);
    let mut due = Vec::new();
    wheel.expire(deadline, &mut due);
    assert_eq!(due, [0, 1, 2, 3].map(|id| (deadline, id)));
}

#[test]
fn overdue_entries_expire_earliest_first_and_before_all_others() {
    let mut wheel = Wheel::new();
    wheel.expire(1_000, &mut Vec::new());
    for (deadline, id) in [(900, 'c'), (1_001, 'e'), (1, 'a'), (900, 'd'), (2, 'b')] {
        wheel.arm(deadline, id);
    }
    assert_eq!(wheel.next_deadline(), Some(1));
    let mut due = Vec::new();
    wheel.expire(1_001, &mut due);
    assert_eq!(
        due,
        [(1, 'a'), (2, 'b'), (900, 'c'), (900, 'd'), (1_001, 'e')]
    );
}

#[test]
fn time_that_seems_to_go_back_expires_only_what_is_overdue() {
    let mut wheel = Wheel::new();
    wheel.expire(1_000, &mut Vec::new());
    wheel.arm(500, "overdue");
    wheel.arm(1_001, "not yet");
    let mut due = Vec::new();
    wheel.expire(7, &mut due);
    assert_eq!(due, [(500, "overdue")]);
}

#[test]
fn the_last_deadline_there_is_expires_at_the_last_instant_there_is() {
    let mut wheel = Wheel::new();
    wheel.arm(u64::MAX, ());
    let mut due = Vec::new();
    wheel.expire(u64::MAX - 1, &mut due);
    assert_eq!(due, []);
    wheel.expire(u64::MAX, &mut due);
    assert_eq!(due, [(u64::MAX, ())]);
}

#[test]
fn removed_entries_leave_no_memory_behind() {
    let mut wheel = Wheel::new();
    let first = wheel.arm(u64::MAX, 0);
    for round in 0..100_000 {
        let key = wheel.arm(1_000_000 + round, 1);
        wheel.remove(key);
        assert_eq!(wheel.len(), 1);
    }
    wheel.remove(first);
    assert!(wheel.is_empty());
    assert_eq!(
        wheel.arm(5, 2),
        first,
        "the slab begins with what it had at first"
    );
}

#[test]
#[should_panic(expected = "invalid key")]
fn removing_twice_panics() {
    let mut wheel = Wheel::new();
    let key = wheel.arm(1, ());
    wheel.remove(key);
    wheel.remove(key);
}
