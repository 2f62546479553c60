//! The walk over every word that can be reached: each transition, applied by everyone who may, in every order.
//!
//! A [`Place`] of the walk is a word together with who has what of the task. Each [`Step`] is one update of the word by
//! somebody who has what he needs for it, and the rules that the rest of the crate relies on are asserted at every place.
//! Counts that would make the walk endless are bounded.
//!
//! What it does not see: anything within one update (loom's models do), and code that has no right to its step.

mod place;

use super::{AWAITED, BUSY, CANCEL, HANDLE, Phase, Snapshot, WAITERS};
use crate::cell::Kind;
use place::{Handle, Outcome, Place, Poller, Side, Step};
use std::collections::{HashMap, VecDeque};

#[test]
fn a_task_keeps_the_rules_at_every_word() {
    let places = walk(Place::new(Kind::Task, Snapshot::SPAWNED));
    assert!(places > 10_000, "the walk is short: {places} places");
}

#[test]
fn a_job_keeps_the_rules_at_every_word() {
    let places = walk(Place::new(Kind::Job, Snapshot::JOB));
    assert!(places > 1_000, "the walk is short: {places} places");
}

#[test]
fn a_deferred_keeps_the_rules_at_every_word() {
    let places = walk(Place::new(Kind::Deferred, Snapshot::DEFERRED));
    assert!(places > 100, "the walk is short: {places} places");
}

/// Goes everywhere from `start`, and answers with how many places there are.
fn walk(start: Place) -> usize {
    let mut came_from: HashMap<Place, Option<(Place, Step)>> = HashMap::from([(start, None)]);
    let mut ahead = VecDeque::from([start]);
    while let Some(place) = ahead.pop_front() {
        let mut is_end = true;
        for step in Step::all() {
            let taken = std::panic::catch_unwind(|| place.take(step));
            let next =
                taken.unwrap_or_else(|_| panic!("{step:?} at\n{}", trail(place, &came_from)));
            let Some(next) = next else { continue };
            is_end = false;
            if came_from.contains_key(&next) {
                continue;
            }
            came_from.insert(next, Some((place, step)));
            if let Some(broken) = next.broken_rule().or_else(|| broken_between(place, next)) {
                panic!("{broken}\n{}", trail(next, &came_from));
            }
            ahead.push_back(next);
        }
        assert!(
            !is_end || place.freed,
            "stuck, and never freed\n{}",
            trail(place, &came_from)
        );
    }
    came_from.len()
}

fn trail(mut place: Place, came_from: &HashMap<Place, Option<(Place, Step)>>) -> String {
    let mut lines = vec![format!("{place:?}")];
    while let Some((before, step)) = came_from[&place] {
        lines.push(format!("{:?} -> {step:?}", before.word));
        place = before;
    }
    lines.reverse();
    lines.join("\n")
}

/// What must hold at every place.
impl Place {
    fn broken_rule(&self) -> Option<&'static str> {
        let word = self.word;
        let busy = self.side != Side::Free;
        let polled = matches!(
            self.poller,
            Poller::MustTake { .. } | Poller::Polling | Poller::MustEnd
        );
        let rules = [
            (
                self.freed == (word.references() == 0),
                "freed, and only then, when nobody has it",
            ),
            (
                word.references() == self.references(),
                "each reference is somebody's",
            ),
            (
                self.runnable == (word.phase() == Phase::Scheduled),
                "one Runnable while Scheduled",
            ),
            (
                polled == (word.phase() == Phase::Running),
                "one poller while Running",
            ),
            (
                word.has(BUSY) == busy,
                "the side data is held by one, who has BUSY",
            ),
            (
                word.has(HANDLE) == (self.handle == Handle::Held),
                "HANDLE while there is one",
            ),
            (
                word.is_done() || self.runtime || self.kind.deferred,
                "the runtime keeps its task",
            ),
            (
                word.is_done() || word.has(CANCEL) == self.asked,
                "a request is stored until met",
            ),
            (
                word.is_done() || !self.asked || self.message,
                "a stored request has its message",
            ),
            (
                !word.has(AWAITED) || word.has(CANCEL),
                "a message stands as long as its request is stored",
            ),
            (
                word.phase() != Phase::Idle || !self.woken,
                "a wake is not lost",
            ),
            (
                word.is_done() == (self.outcome != Outcome::Unset),
                "done with an outcome",
            ),
            (
                !word.is_done() || busy || self.waiters == 0 && !word.has(WAITERS),
                "no waiter is forgotten",
            ),
            (
                busy || word.has(WAITERS) == (self.waiters > 0),
                "WAITERS says whether somebody waits",
            ),
            (
                !self.freed || self.is_left_clean(),
                "freed with nothing left to do",
            ),
        ];
        rules
            .into_iter()
            .find(|(holds, _)| !holds)
            .map(|(_, rule)| rule)
    }

    fn references(&self) -> u64 {
        self.refs + u64::from(self.handle != Handle::Gone) + u64::from(self.runtime)
    }

    fn is_left_clean(&self) -> bool {
        let outcome_gone = self.outcome != Outcome::Stored || self.kind.deferred;
        let is_over = self.word.is_done() && self.waiters == 0 || self.kind.deferred;
        outcome_gone && is_over && self.poller == Poller::Nobody && !self.runnable
    }
}

/// What must hold from one place to the next.
fn broken_between(before: Place, after: Place) -> Option<&'static str> {
    if !before.word.is_done() {
        return None;
    }
    if after.word.end() != before.word.end() {
        return Some("an end is stored once, and stays");
    }
    (after.runtime && !before.runtime).then_some("the runtime's reference goes once")
}
