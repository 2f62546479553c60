//! Readiness against a model so naive that it is plainly right: numbered events, flags, and lists of names.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

const DIRECTIONS: [Direction; 2] = [Direction::Read, Direction::Write];
const TASKS: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Step {
    Tell(News),
    /// A task looks, and will try an operation on the strength of it.
    Look(Direction),
    /// That operation would have blocked.
    Refuse(Direction),
    /// That operation was short.
    Exhaust(Direction),
    PollAnonymous(Direction, usize),
    PollFuture(Direction, usize),
    DropFuture(Direction, usize),
    Leave,
}

fn step() -> impl Strategy<Value = Step> {
    let direction = || prop::sample::select(DIRECTIONS.to_vec());
    let said = || prop::sample::select(vec![Said::Nothing, Said::Ready, Said::Ready, Said::Ended]);
    prop_oneof![
        4 => (said(), said()).prop_map(|(read, write)| Step::Tell(News { read, write })),
        4 => direction().prop_map(Step::Look),
        4 => direction().prop_map(Step::Refuse),
        2 => direction().prop_map(Step::Exhaust),
        4 => (direction(), 0..TASKS).prop_map(|(direction, task)| Step::PollAnonymous(direction, task)),
        4 => (direction(), 0..TASKS).prop_map(|(direction, task)| Step::PollFuture(direction, task)),
        2 => (direction(), 0..TASKS).prop_map(|(direction, task)| Step::DropFuture(direction, task)),
        1 => Just(Step::Leave),
    ]
}

/// What the naive model knows of one direction.
#[derive(Default)]
struct Naive {
    events: usize,
    looked_at: usize,
    ready: bool,
    ended: bool,
    gone: bool,
    anonymous: BTreeSet<usize>,
    futures: BTreeSet<usize>,
}

impl Naive {
    fn tell(&mut self, said: Said) -> Vec<usize> {
        if said == Said::Nothing {
            return Vec::new();
        }
        self.events += 1;
        self.ready = true;
        self.ended |= said == Said::Ended;
        self.call()
    }

    fn call(&mut self) -> Vec<usize> {
        let futures = mem::take(&mut self.futures)
            .into_iter()
            .map(|task| TASKS + task);
        mem::take(&mut self.anonymous)
            .into_iter()
            .chain(futures)
            .collect()
    }

    fn poll(&self) -> Poll<Result<(), ReactorGone>> {
        match (self.ready || self.ended, self.gone) {
            (true, _) => Poll::Ready(Ok(())),
            (false, true) => Poll::Ready(Err(ReactorGone)),
            (false, false) => Poll::Pending,
        }
    }

    fn is_up_to_date(&self) -> bool {
        self.looked_at == self.events
    }
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Both, side by side. Waker `n` is that of an anonymous task, waker `TASKS + n` that of a future.
struct Pair {
    real: Readiness,
    naive: [Naive; 2],
    seen: [Seen; 2],
    tickets: BTreeMap<(usize, usize), Ticket>,
    counts: [Arc<Count>; 2 * TASKS],
    expected: [usize; 2 * TASKS],
}

impl Pair {
    fn new() -> Self {
        let real = Readiness::new();
        let seen = DIRECTIONS.map(|direction| real.look().seen(direction));
        Self {
            real,
            naive: Default::default(),
            seen,
            tickets: BTreeMap::new(),
            counts: Default::default(),
            expected: Default::default(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Tell(news) => {
                self.call(|real, called| real.tell(news, called));
                let readers = self.naive[0].tell(news.read);
                self.expect(readers);
                let writers = self.naive[1].tell(news.write);
                self.expect(writers);
            }
            Step::Leave => {
                self.call(|real, called| real.leave(called));
                for direction in DIRECTIONS {
                    self.naive(direction).gone = true;
                    let called = self.naive(direction).call();
                    self.expect(called);
                }
            }
            Step::Look(direction) => {
                self.seen[direction as usize] = self.real.look().seen(direction);
                self.naive(direction).looked_at = self.naive(direction).events;
            }
            Step::Refuse(direction) => {
                self.real.refuse(direction, self.seen[direction as usize]);
                if self.naive(direction).is_up_to_date() {
                    self.naive(direction).ready = false;
                    self.naive(direction).ended = false;
                }
            }
            Step::Exhaust(direction) => {
                self.real.exhaust(direction, self.seen[direction as usize]);
                if self.naive(direction).is_up_to_date() {
                    self.naive(direction).ready = false;
                }
            }
            Step::PollAnonymous(direction, task) => {
                let answer = self.real.poll_anonymous(direction, &self.waker(task));
                if self.compare_answer(direction, answer).is_pending() {
                    self.naive(direction).anonymous.insert(task);
                }
            }
            Step::PollFuture(direction, task) => {
                let key = (direction as usize, task);
                let mut ticket = self.tickets.remove(&key);
                let answer =
                    self.real
                        .poll_ticketed(direction, &mut ticket, &self.waker(TASKS + task));
                self.tickets.extend(ticket.map(|ticket| (key, ticket)));
                if self.compare_answer(direction, answer).is_pending() {
                    self.naive(direction).futures.insert(task);
                }
            }
            Step::DropFuture(direction, task) => {
                if let Some(ticket) = self.tickets.remove(&(direction as usize, task)) {
                    self.real.forget(direction, ticket);
                }
                self.naive(direction).futures.remove(&task);
            }
        }
    }

    fn compare(&self) {
        for direction in DIRECTIONS {
            let naive = &self.naive[direction as usize];
            assert_eq!(
                self.real.look().is_ready(direction),
                naive.poll() == Poll::Ready(Ok(())),
                "{direction:?}"
            );
        }
        let counted = self
            .counts
            .each_ref()
            .map(|count| count.0.load(Ordering::Relaxed));
        assert_eq!(counted, self.expected, "who was woken, and how often");
    }

    fn compare_answer(
        &self,
        direction: Direction,
        answer: Poll<Result<Seen, ReactorGone>>,
    ) -> Poll<()> {
        let answer = answer.map_ok(|seen| assert_eq!(seen, self.real.look().seen(direction)));
        assert_eq!(answer, self.naive[direction as usize].poll());
        answer.map(|_| ())
    }

    fn call(&self, collect: impl FnOnce(&Readiness, &mut Vec<Waker>)) {
        let mut called = Vec::new();
        collect(&self.real, &mut called);
        called.into_iter().for_each(Waker::wake);
    }

    fn expect(&mut self, called: Vec<usize>) {
        for waker in called {
            self.expected[waker] += 1;
        }
    }

    fn naive(&mut self, direction: Direction) -> &mut Naive {
        &mut self.naive[direction as usize]
    }

    fn waker(&self, number: usize) -> Waker {
        self.counts[number].clone().into()
    }
}

proptest! {
    #[test]
    fn readiness_does_what_the_naive_model_does(steps in prop::collection::vec(step(), 0..60)) {
        let mut pair = Pair::new();
        pair.compare();
        for step in steps {
            pair.take(step);
            pair.compare();
        }
    }
}

#[test]
fn a_crowd_of_strangers_is_bounded_and_nobody_is_lost() {
    let readiness = Readiness::new();
    let counts: [Arc<Count>; 1000] = std::array::from_fn(|_| Arc::default());
    for count in &counts {
        let answer = readiness.poll_anonymous(Direction::Read, &count.clone().into());
        assert!(answer.is_pending());
    }
    let kept = counts
        .iter()
        .filter(|count| Arc::strong_count(count) > 1)
        .count();
    assert!(
        kept <= 65,
        "{kept} wakers are kept for tasks that may be long gone"
    );
    let mut called = Vec::new();
    readiness.tell(
        News {
            read: Said::Ready,
            write: Said::Nothing,
        },
        &mut called,
    );
    called.into_iter().for_each(Waker::wake);
    assert!(
        counts
            .iter()
            .all(|count| count.0.load(Ordering::Relaxed) == 1)
    );
}

#[test]
fn a_task_that_polls_again_and_again_is_woken_once() {
    let readiness = Readiness::new();
    let counts: [Arc<Count>; 3] = std::array::from_fn(|_| Arc::default());
    for count in counts.iter().cycle().take(30) {
        assert!(
            readiness
                .poll_anonymous(Direction::Write, &count.clone().into())
                .is_pending()
        );
    }
    let mut called = Vec::new();
    readiness.leave(&mut called);
    assert_eq!(called.len(), 3);
}
