//! The race: a worker fills its next slot by a plain store, since it takes it to be empty, while thieves empty it.
//!
//! Lost, a task would be overwritten, or run twice, or run by a thief that does not see what is in it.

use super::{assemble, model};
use crate::choice::Fast;
use crate::crew::Crew;
use crate::debug::Debug;
use crate::driver::ThreadDriver;
use crate::queue::{Local, Run};
use loom::cell::UnsafeCell;
use loom::thread::JoinHandle;
use std::sync::Arc;
use tulipa_task::Why;

/// The worker whose slot it is. Not the one at home, which looks into its mail as well.
const OWNER: usize = 1;

/// A task with something in it, of which loom knows who has written it, and so who may read it.
struct Letter {
    number: usize,
    contents: UnsafeCell<()>,
}

impl Letter {
    fn new(number: usize) -> Self {
        let contents = UnsafeCell::new(());
        contents.with_mut(|_| {});
        Self { number, contents }
    }

    /// Its number. loom fails where the writing of the contents is not known to be over.
    fn read(self) -> usize {
        self.contents.with(|_| self.number)
    }
}

impl Run for Letter {
    fn run(self) -> Option<Self> {
        self.read();
        None
    }

    fn run_in_debug(self, _: &Debug) -> Option<Self> {
        self.run()
    }

    fn is_homed(&self) -> bool {
        false
    }
}

/// What somebody has come by.
type Loot = Vec<usize>;

/// The owner of a slot, which nobody looks at but the model.
fn owner() -> (Arc<Crew<Letter>>, Owner) {
    let (crew, mut workers) = assemble(2, Arc::new(ThreadDriver::default()), None);
    let (local, _) = workers.remove(OWNER);
    let owner = Owner { local, written: 0 };
    (crew, owner)
}

struct Owner {
    local: Local<Letter>,
    written: usize,
}

impl Owner {
    /// Puts the next letter into the slot: the one that was there goes to the queue.
    fn put(&mut self) {
        self.written += 1;
        self.local.accept(Letter::new(self.written), Why::Woken);
    }

    fn take(&self) -> Loot {
        let letter = self.local.pop(&mut Fast::new(OWNER));
        letter.map(Letter::read).into_iter().collect()
    }

    /// Takes what is left, and counts all: each letter came out once, whoever has it.
    fn finish(self, mut loot: Loot, thieves: Vec<JoinHandle<Loot>>) {
        for thief in thieves {
            loot.extend(thief.join().unwrap());
        }
        while let [letter] = self.take()[..] {
            loot.push(letter);
        }
        loot.sort_unstable();
        assert_eq!(loot, Vec::from_iter(1..=self.written));
    }
}

/// Looks into the slot that many times.
fn thief(crew: &Arc<Crew<Letter>>, looks: usize) -> JoinHandle<Loot> {
    let crew = Arc::clone(crew);
    loom::thread::spawn(move || {
        let looks = (0..looks).filter_map(|_| crew.queues().steal_next_slot(OWNER));
        looks.map(Letter::read).collect()
    })
}

#[test]
fn what_is_put_into_the_slot_as_a_thief_empties_it_comes_out_once() {
    model(3, || {
        let (crew, mut owner) = owner();
        let thieves = vec![thief(&crew, 2)];
        owner.put();
        owner.put();
        let loot = owner.take();
        owner.put();
        owner.finish(loot, thieves);
    });
}

#[test]
fn a_slot_that_its_worker_has_emptied_is_filled_again_while_two_thieves_look_into_it() {
    model(3, || {
        let (crew, mut owner) = owner();
        owner.put();
        let thieves = vec![thief(&crew, 2), thief(&crew, 2)];
        let loot = owner.take();
        owner.put();
        owner.put();
        owner.finish(loot, thieves);
    });
}
