//! The races about a chunk: cells come home from another thread while its owner seals it, leaves it, or takes it off the shelf.
//!
//! Under loom a chunk has three cells of this class, and is worth taking with one of them free; and loom sees whether
//! a chunk is leaked.

use super::{model, thread};
use crate::memory::{Class, Depot, Tray};
use std::ptr::NonNull;
use std::sync::Arc;

const CELL: usize = 240;

/// A cell, on its way to another thread.
struct Sent(NonNull<u8>);

// SAFETY: who has it gives it away.
unsafe impl Send for Sent {}

/// A thread's place: dropped, it leaves its chunk.
struct Desk {
    tray: Tray,
    depot: Arc<Depot>,
}

impl Desk {
    fn at(depot: &Arc<Depot>) -> Self {
        let (tray, depot) = (Tray::new(), Arc::clone(depot));
        Self { tray, depot }
    }

    fn take(&self) -> Sent {
        let cell = self.tray.take(self.depot.class());
        Sent(cell.unwrap_or_else(|| self.tray.refill(&self.depot)))
    }

    fn give_back(&self, cell: Sent) {
        // SAFETY: it was taken, and goes.
        unsafe {
            self.tray
                .give_back(cell.0, self.depot.class(), || &self.depot)
        };
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.tray.leave(&self.depot);
    }
}

fn depot() -> Arc<Depot> {
    Arc::new(Depot::new(Class::holding(CELL)))
}

/// Gives cells back on another thread.
fn elsewhere(depot: &Arc<Depot>, cells: impl IntoIterator<Item = Sent>) -> thread::JoinHandle<()> {
    let (depot, cells) = (Arc::clone(depot), Vec::from_iter(cells));
    thread::spawn(move || {
        let desk = Desk::at(&depot);
        cells.into_iter().for_each(|cell| desk.give_back(cell));
    })
}

#[test]
fn cells_come_home_while_their_owner_seals() {
    model(|| {
        let depot = depot();
        let desk = Desk::at(&depot);
        let [one, two, three] = [(); 3].map(|()| desk.take());
        let other = elsewhere(&depot, [one, two]);
        let [four, five] = [(); 2].map(|()| desk.take()); // of the same chunk, or of another
        assert!(four.0 != five.0 && four.0 != three.0 && five.0 != three.0);
        other.join().unwrap();
        for cell in [three, four, five] {
            desk.give_back(cell);
        }
        drop(desk);
        assert!(depot.is_bare());
    });
}

#[test]
fn the_last_cells_come_home_on_two_threads() {
    model(|| {
        let depot = depot();
        let desk = Desk::at(&depot);
        let [one, two, three, in_the_next] = [(); 4].map(|()| desk.take());
        let other = elsewhere(&depot, [one, two]);
        desk.give_back(three);
        other.join().unwrap();
        desk.give_back(in_the_next);
        drop(desk);
        assert!(depot.is_bare());
    });
}

#[test]
fn a_chunk_is_taken_while_cells_come_home() {
    model(|| {
        let depot = depot();
        let desk = Desk::at(&depot);
        let [one, two, three, four] = [(); 4].map(|()| desk.take());
        desk.give_back(one); // which puts it on the shelf
        let other = elsewhere(&depot, [two, three]);
        let third = Desk::at(&depot);
        let five = third.take();
        assert!(five.0 != four.0);
        third.give_back(five);
        drop(third);
        other.join().unwrap();
        desk.give_back(four);
        drop(desk);
        assert!(depot.is_bare());
    });
}

#[test]
fn a_thread_ends_while_its_cells_come_home() {
    model(|| {
        let depot = depot();
        let desk = Desk::at(&depot);
        let [one, two] = [(); 2].map(|()| desk.take());
        let other = elsewhere(&depot, [one, two]);
        let three = desk.take(); // so that it leaves a list, too
        desk.give_back(three);
        drop(desk);
        other.join().unwrap();
        assert!(depot.is_bare());
    });
}
