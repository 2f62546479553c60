//! The race: a snapshot visits a slot while its task ends, and while the slot is used again.

use super::{Bench, Count, model, thread};

/// Found: a remover that takes no reference of his own before he leaves the runtime's to a visitor; one that does not look
/// whether the visitor has left.
#[test]
fn a_task_that_ends_while_it_is_visited_is_freed_once() {
    model(|| {
        let bench = Bench::new();
        let bodies = Count::default();
        let _claim = bench.claim();
        bench
            .spawn({
                let body = bodies.guard();
                async move { drop(body) }
            })
            .detach();
        let other = thread::spawn({
            let bench = bench.share();
            move || bench.queue.tasks.snapshot().len()
        });
        bench.run();
        assert!(other.join().unwrap() <= 1);
        assert_eq!(bodies.get(), 1);
        drop(_claim);
        bench.assert_freed();
    });
}

/// Found: a list of freed slots that is taken over without an Acquire.
#[test]
fn a_slot_is_used_again_while_it_is_visited() {
    model(|| {
        let bench = Bench::new();
        let claim = bench.claim();
        bench.spawn(async {}).detach();
        let first = bench.next().expect("it was spawned");
        let other = thread::spawn({
            let bench = bench.share();
            move || {
                assert!(first.run().is_none()); // gives the slot back from afar
                drop(bench);
            }
        });
        let second = bench.spawn(async {}); // in the same slot, if it is free by now
        let listed = bench.queue.tasks.snapshot();
        assert!(
            listed.contains(&second),
            "what is listed and lives is found"
        );
        drop(listed);
        other.join().unwrap();
        bench.run();
        assert!(bench.queue.tasks.snapshot().is_empty());
        drop((second, claim));
        bench.assert_freed();
    });
}

/// Found: a batch that is returned without a Release, or taken without an Acquire.
#[test]
fn slots_that_another_owner_returns_are_used_again() {
    model(|| {
        let bench = Bench::with_shards(2);
        let claim = bench.claim();
        let ready = [(); 3].map(|()| {
            bench.spawn(async {}).detach();
            bench.next().expect("it was spawned")
        });
        let other = thread::spawn({
            let bench = bench.share();
            move || {
                let _claim = bench.claim();
                // It keeps two batches of one slot each, and returns one.
                ready
                    .into_iter()
                    .for_each(|runnable| assert!(runnable.run().is_none()));
            }
        });
        bench.spawn(async {}).detach(); // in that one, if it is there by now
        other.join().unwrap();
        bench.run();
        drop(claim);
        bench.assert_freed();
    });
}

/// Found: marks on slots that were not taken out of the list.
#[test]
fn memory_is_released_while_slots_are_taken_and_returned() {
    model(|| {
        let bench = Bench::with_shards(2);
        let claim = bench.claim();
        let ready = [(); 4].map(|()| {
            bench.spawn(async {}).detach();
            bench.next().expect("it was spawned")
        });
        let other = thread::spawn({
            let bench = bench.share();
            move || {
                let _claim = bench.claim();
                // It keeps two batches of one slot each, and returns two.
                ready
                    .into_iter()
                    .for_each(|runnable| assert!(runnable.run().is_none()));
                bench.queue.tasks.release_memory();
            }
        });
        // In slots that came back, if they are there by now.
        let tasks = [(); 2].map(|()| bench.spawn(async {}));
        other.join().unwrap();
        let listed = bench.queue.tasks.snapshot();
        assert_eq!(listed.len(), 2);
        assert!(tasks.iter().all(|task| listed.contains(task)));
        drop(listed);
        bench.run();
        drop((tasks, claim));
        bench.assert_freed();
    });
}

/// Found: a shared shard without its lock.
#[test]
fn threads_without_a_shard_list_their_tasks_in_one() {
    model(|| {
        let bench = Bench::new();
        let other = thread::spawn({
            let bench = bench.share();
            move || {
                bench.spawn(async {}).detach();
                bench.run();
            }
        });
        bench.spawn(async {}).detach();
        bench.run();
        other.join().unwrap();
        bench.run();
        bench.assert_freed();
    });
}

/// Found: a thread that takes a shard for its own by where it was, not by the token of its claim.
#[test]
fn claims_left_out_of_order_give_nobody_a_shard_twice() {
    model(|| {
        let bench = Bench::new();
        let first = bench.claim();
        let second = bench.claim();
        drop(first);
        drop(second); // what was current before it is gone
        let other = thread::spawn({
            let bench = bench.share();
            move || {
                let _claim = bench.claim();
                bench.spawn(async {}).task_ref().clone()
            }
        });
        let ours = bench.spawn(async {});
        let theirs = other.join().unwrap();
        let listed = bench.queue.tasks.snapshot();
        assert!(listed.contains(&ours) && listed.contains(&theirs));
        drop(listed);
        bench.run();
        drop((ours, theirs));
        bench.assert_freed();
    });
}
