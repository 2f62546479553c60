//! Every free choice of the scheduler, in one trait.
//!
//! Where several next steps are all correct, the worker asks. In production [`Fast`] answers, with constants and a cheap
//! generator that the compiler inlines; in the simulator [`Seeded`] answers, so that a seed is a schedule.

/// What a worker is free to decide.
pub(crate) trait Choice {
    /// Whether it is time to look at the driver and at what came from outside, before the worker's own queue. Often
    /// enough that nobody there starves.
    fn look_outside(&mut self) -> bool;

    /// The worker has just come from outside: there is no need to look for a while.
    fn has_looked(&mut self);

    /// Which of `workers` a thief looks at first.
    fn victim(&mut self, workers: usize) -> usize;

    /// Whether the task in the next slot goes before the queue. If not, it waits at the queue's end.
    fn next_slot_first(&mut self) -> bool;

    /// How many of the `ready` tasks in the queue are passed over, to its end. Asked only if
    /// [`REORDERS`](Self::REORDERS).
    fn pass_over(&mut self, ready: usize) -> usize;

    /// Whether ready tasks may be taken in another order than that in which they came.
    const REORDERS: bool;
}

/// The choices of a worker in production.
#[derive(Debug)]
pub(crate) struct Fast {
    steps: u32,
    random: Random,
}

/// A worker looks outside once in so many tasks. A prime, so that it does not fall into step with a program's own cycles.
const LOOK_OUTSIDE_EVERY: u32 = 61;

impl Fast {
    /// `worker` only has to differ from worker to worker, so that thieves spread.
    pub(crate) fn new(worker: usize) -> Self {
        Self {
            steps: 0,
            random: Random::new(worker as u64),
        }
    }
}

impl Choice for Fast {
    #[inline]
    fn look_outside(&mut self) -> bool {
        self.steps += 1;
        let now = self.steps == LOOK_OUTSIDE_EVERY;
        if now {
            self.steps = 0;
        }
        now
    }

    fn has_looked(&mut self) {
        self.steps = 0;
    }

    fn victim(&mut self, workers: usize) -> usize {
        self.random.below(workers)
    }

    #[inline]
    fn next_slot_first(&mut self) -> bool {
        true
    }

    #[inline]
    fn pass_over(&mut self, _: usize) -> usize {
        0
    }

    const REORDERS: bool = false;
}

/// The choices of a simulated worker: all from one seed.
#[derive(Debug)]
pub(crate) struct Seeded {
    random: Random,
    reorder: bool,
}

impl Seeded {
    /// `reorder`: ready tasks are taken in any order, else in their own.
    pub(crate) fn new(seed: u64, reorder: bool) -> Self {
        Self {
            random: Random::new(seed),
            reorder,
        }
    }
}

impl Choice for Seeded {
    fn look_outside(&mut self) -> bool {
        self.random.below(8) == 0
    }

    fn has_looked(&mut self) {}

    fn victim(&mut self, workers: usize) -> usize {
        self.random.below(workers)
    }

    fn next_slot_first(&mut self) -> bool {
        !self.reorder || self.random.below(2) == 0
    }

    fn pass_over(&mut self, ready: usize) -> usize {
        if self.reorder && ready > 1 {
            self.random.below(ready)
        } else {
            0
        }
    }

    const REORDERS: bool = true;
}

/// Numbers that look random, from a seed: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `limit`. Slightly uneven for huge limits, which nobody here has.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        debug_assert!(limit > 0);
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Choice, Fast, LOOK_OUTSIDE_EVERY, Random, Seeded};

    #[test]
    fn random_numbers_stay_below_their_limit_and_reach_all_of_it() {
        let mut random = Random::new(7);
        let mut seen = [0_u32; 5];
        for _ in 0..1_000 {
            seen[random.below(5)] += 1;
        }
        assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
    }

    #[test]
    fn a_seed_is_a_schedule() {
        let draw = |seed| {
            let mut choice = Seeded::new(seed, true);
            (0..100)
                .map(|_| (choice.victim(8), choice.pass_over(9), choice.look_outside()))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn a_worker_looks_outside_once_a_round() {
        let mut choice = Fast::new(0);
        let looks = (0..10 * LOOK_OUTSIDE_EVERY)
            .filter(|_| choice.look_outside())
            .count();
        assert_eq!(looks, 10);
    }

    #[test]
    fn a_worker_that_has_looked_begins_a_new_round() {
        let mut choice = Fast::new(0);
        assert!((1..LOOK_OUTSIDE_EVERY).all(|_| !choice.look_outside()));
        choice.has_looked();
        assert!((1..LOOK_OUTSIDE_EVERY).all(|_| !choice.look_outside()));
        assert!(choice.look_outside());
    }
}
