//! A tray and its depot against a naive model, and under load.

use super::chunk::Chunk;
use super::{Class, Depot, Room, Tray, release_memory};
use proptest::prelude::*;
use std::collections::HashSet;
use std::ptr::NonNull;
use std::sync::mpsc;
use std::thread;

const CLASS: Class = Class::holding(512);

/// Threads, in turn: each is a tray.
const TRAYS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    /// So many cells by one thread.
    Take { tray: usize, many: usize },
    /// So many of those that are out, from this one on, by one thread.
    GiveBack {
        tray: usize,
        from: prop::sample::Index,
        many: usize,
    },
    /// A thread ends, and another takes its place.
    Leave { tray: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let many = prop_oneof![1..4usize, 1..900usize];
    let tray = 0..TRAYS;
    prop_oneof![
        4 => (tray.clone(), many.clone()).prop_map(|(tray, many)| Step::Take { tray, many }),
        4 => (tray.clone(), any::<prop::sample::Index>(), many)
            .prop_map(|(tray, from, many)| Step::GiveBack { tray, from, many }),
        1 => tray.prop_map(|tray| Step::Leave { tray }),
    ]
}

/// The cells that are out.
#[derive(Default)]
struct Out {
    cells: Vec<(NonNull<u8>, u8)>,
    places: HashSet<usize>,
}

impl Out {
    fn take(&mut self, tray: &Tray, depot: &Depot, mark: u8) {
        let cell = tray.take(CLASS).unwrap_or_else(|| tray.refill(depot));
        let (_, offset) = Chunk::of(cell);
        let size = CLASS.size();
        assert_eq!(
            (offset - Chunk::FIRST) % size,
            0,
            "so they do not overlap in part"
        );
        assert!(offset + size <= Chunk::BYTES);
        assert!(self.places.insert(cell.addr().get()), "it is out already");
        // SAFETY: it was just taken.
        unsafe { cell.write_bytes(mark, size as usize) };
        self.cells.push((cell, mark));
    }

    fn give_back(&mut self, tray: &Tray, depot: &Depot, index: usize) {
        let (cell, mark) = self.cells.swap_remove(index);
        self.places.remove(&cell.addr().get());
        // SAFETY: it is out.
        let bytes = unsafe { NonNull::slice_from_raw_parts(cell, CLASS.size() as usize).as_ref() };
        assert!(
            bytes.iter().all(|byte| *byte == mark),
            "somebody else wrote there"
        );
        // SAFETY: it was taken, and goes.
        unsafe { tray.give_back(cell, CLASS, || depot) };
    }

    fn chunks(&self) -> usize {
        let chunk = |(cell, _): &(NonNull<u8>, u8)| Chunk::of(*cell).0.addr();
        self.cells.iter().map(chunk).collect::<HashSet<_>>().len()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_cell_is_out_once_and_chunks_in_use_are_filled_first(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let depot = Depot::new(CLASS);
        let trays = [const { Tray::new() }; TRAYS];
        let mut out = Out::default();
        let mut most = 0;
        for (mark, step) in (0..).zip(steps) {
            match step {
                Step::Take { tray, many } => {
                    (0..many).for_each(|_| out.take(&trays[tray], &depot, mark));
                }
                Step::GiveBack { tray, from, many } => {
                    for _ in 0..many.min(out.cells.len()) {
                        let index = from.index(out.cells.len());
                        out.give_back(&trays[tray], &depot, index);
                    }
                }
                Step::Leave { tray } => trays[tray].leave(&depot),
            }
            most = most.max(out.cells.len());
        }
        // When a chunk is begun, all others but those of the trays are three quarters out.
        let in_use = CLASS.capacity() - CLASS.worth();
        prop_assert!(out.chunks() <= TRAYS + 1 + most / in_use as usize);
        while !out.cells.is_empty() {
            out.give_back(&trays[0], &depot, 0);
        }
        for tray in &trays {
            tray.leave(&depot);
        }
        prop_assert!(depot.is_bare(), "with no cell out there is no chunk");
    }
}

#[test]
fn a_chunk_that_is_worth_it_is_taken_before_another_is_begun() {
    let depot = Depot::new(CLASS);
    let [one, other, third] = [const { Tray::new() }; 3];
    let mut out = Out::default();
    for _ in 0..=CLASS.capacity() {
        out.take(&one, &depot, 1); // the last is in a second chunk
    }
    let (first, _) = Chunk::of(out.cells[0].0);
    for n in 1..=CLASS.worth() {
        assert!(depot.is_bare(), "{n} are too few");
        let in_first = |(cell, _): &(NonNull<u8>, u8)| Chunk::of(*cell).0 == first;
        let index = out.cells.iter().position(in_first).expect("some are left");
        out.give_back(&other, &depot, index);
    }
    assert!(!depot.is_bare());
    out.take(&third, &depot, 2);
    assert!(depot.is_bare());
    let (cell, _) = out.cells[out.cells.len() - 1];
    assert_eq!(Chunk::of(cell).0, first);
    while !out.cells.is_empty() {
        out.give_back(&other, &depot, 0);
    }
    [one, third].iter().for_each(|tray| tray.leave(&depot));
    assert!(depot.is_bare());
}

/// A value that shows whether its memory is used twice.
struct Marked<const WORDS: usize>([usize; WORDS]);

impl<const WORDS: usize> Marked<WORDS> {
    fn put(mark: usize) -> NonNull<Self> {
        Room::new().write(Self([mark; WORDS]))
    }

    /// # Safety
    ///
    /// It was put, and is taken once.
    unsafe fn take(value: NonNull<Self>) {
        // SAFETY: the caller's promise.
        unsafe {
            let words = value.as_ref().0;
            assert!(words.iter().all(|word| *word == words[0]));
            drop(Room::of(value));
        }
    }
}

struct Sent<T>(NonNull<T>);

// SAFETY: the memory goes along.
unsafe impl<T> Send for Sent<T> {}

/// Two threads put, each gives a half of it to the other, and keeps a few in between; they end again and again.
fn to_and_fro<const WORDS: usize>() {
    const ROUNDS: usize = 20;
    const EACH: usize = 20_000;
    for _ in 0..ROUNDS {
        let (to_other, from_one) = mpsc::channel();
        let (to_one, from_other) = mpsc::channel();
        let work = |give: mpsc::Sender<Sent<Marked<WORDS>>>, get: mpsc::Receiver<Sent<_>>| {
            let mut kept = Vec::new();
            for mark in 0..EACH {
                let value = Marked::<WORDS>::put(mark);
                match mark % 4 {
                    0 => kept.push(Sent(value)),
                    // SAFETY: just put.
                    1 => unsafe { Marked::take(value) },
                    _ => give.send(Sent(value)).expect("the other is there"),
                }
                // SAFETY: who sent it has it no more.
                get.try_iter()
                    .take(2)
                    .for_each(|sent| unsafe { Marked::take(sent.0) });
            }
            drop(give);
            // SAFETY: as above, and it was put here.
            get.iter()
                .chain(kept)
                .for_each(|sent| unsafe { Marked::take(sent.0) });
        };
        thread::scope(|scope| {
            scope.spawn(move || work(to_other, from_other));
            scope.spawn(move || work(to_one, from_one));
        });
    }
    release_memory();
}

#[test]
fn small_cells_go_to_and_fro_between_threads() {
    to_and_fro::<2>();
}

#[test]
fn large_cells_go_to_and_fro_between_threads() {
    to_and_fro::<60>();
}

#[test]
fn what_is_too_large_or_aligned_to_more_than_a_line_is_no_cell() {
    #[repr(align(128))]
    struct Wide(#[expect(dead_code, reason = "it is about its size")] u8);
    assert!(Class::of::<[u8; 512]>().is_some());
    assert!(Class::of::<[u8; 513]>().is_none());
    assert!(Class::of::<Wide>().is_none());
    let memory = Room::new().write(Wide(1));
    assert!(memory.is_aligned());
    // SAFETY: written above.
    drop(unsafe { Room::of(memory) });
}

/// Spawns as it goes, when its thread has left its chunks already.
#[test]
fn the_destructor_of_a_thread_local_may_take_and_give_back() {
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            for value in [1, 2, 3].map(Marked::<20>::put) {
                // SAFETY: just put.
                unsafe { Marked::take(value) };
            }
        }
    }
    thread_local! {
        static LATE: Late = const { Late };
    }
    thread::spawn(|| {
        LATE.with(|_| ()); // registered before the trays, so dropped after or before them: either must do
        let value = Marked::<20>::put(7);
        // SAFETY: just put.
        unsafe { Marked::take(value) };
    })
    .join()
    .unwrap();
}
