//! Observers: all hear of an end before anybody is woken because of it.

use parking_lot::Mutex;
use std::sync::Arc;
use std::task::{Wake, Waker};
use tulipa_task::{Awaitable, Deferred, Observer, TaskRef, TaskState, Watch};

/// Ends another deferred when it is woken: what a task on another worker may do before the next observer hears.
struct Hasty(Deferred<()>);

impl Wake for Hasty {
    fn wake(self: Arc<Self>) {
        self.0.set_result(()).expect("it is woken once");
    }
}

struct Wakes(Waker);

impl Observer for Wakes {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        Some(self.0.clone())
    }
}

#[derive(Default)]
struct Order(Mutex<Vec<usize>>);

impl Observer for Order {
    fn done(&self, key: usize, _: TaskState) -> Option<Waker> {
        self.0.lock().push(key);
        None
    }
}

/// AC-01
#[test]
fn an_observer_hears_of_an_end_before_one_that_it_causes() {
    let (first, second) = (Deferred::<()>::new(), Deferred::<()>::new());
    let wakes: Arc<dyn Observer> = Arc::new(Wakes(Waker::from(Arc::new(Hasty(second.clone())))));
    let order = Arc::new(Order::default());
    let hears: Arc<dyn Observer> = order.clone();
    let _places = [
        first.subscribe(&wakes, 0).expect("it has not ended"),
        first.subscribe(&hears, 1).expect("it has not ended"),
        second.subscribe(&hears, 2).expect("it has not ended"),
    ];
    first.set_result(()).expect("it has not ended");
    assert_eq!(*order.0.lock(), [1, 2]);
}

fn refs(doors: &[Deferred<()>]) -> impl ExactSizeIterator<Item = &TaskRef> + DoubleEndedIterator {
    doors.iter().map(Deferred::task_ref)
}

#[test]
fn a_watch_is_told_of_what_has_ended_at_once_and_of_the_others_as_they_end() {
    let doors = [(); 4].map(|()| Deferred::<()>::new());
    doors[2].set_result(()).unwrap();
    let watch = Watch::begin(Order::default(), refs(&doors));
    assert_eq!(*watch.0.lock(), [2]);
    doors[3].set_result(()).unwrap();
    doors[0].set_result(()).unwrap();
    assert_eq!(*watch.0.lock(), [2, 3, 0]);
}

#[test]
fn a_watch_that_has_ended_is_told_of_nothing_more() {
    let doors = [(); 3].map(|()| Deferred::<()>::new());
    let mut watch = Watch::begin(Order::default(), refs(&doors));
    doors[1].set_result(()).unwrap();
    watch.end([Some(doors[0].task_ref()), None, Some(doors[2].task_ref())]);
    doors[2].set_result(()).unwrap();
    assert_eq!(*watch.0.lock(), [1]);
}

/// Nothing but something that its drop shows.
struct Keeps(#[expect(dead_code, reason = "its drop is what is looked at")] Arc<()>);

impl Observer for Keeps {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        None
    }
}

#[test]
fn a_watch_lets_its_observer_go_with_the_last_who_has_it() {
    for (ends, is_shared) in [(false, false), (true, false), (true, true)] {
        let doors = [(); 3].map(|()| Deferred::<()>::new());
        let kept = Arc::new(());
        let is_gone = || Arc::strong_count(&kept) == 1;
        let mut watch = Watch::begin(Keeps(kept.clone()), refs(&doors));
        let watched = is_shared.then(|| watch.watched().clone());
        doors[0].set_result(()).unwrap();
        if ends {
            watch.end(refs(&doors).map(Some));
        }
        drop(watch);
        assert_eq!(is_gone(), ends && !is_shared);
        doors[1].set_result(()).unwrap();
        drop(doors);
        assert_eq!(is_gone(), !is_shared);
        drop(watched);
        assert!(is_gone());
    }
}

#[test]
fn a_watch_that_leaves_the_wrong_tasks_takes_nothing_that_is_not_its_own() {
    let doors = [(); 2].map(|()| Deferred::<()>::new());
    let [one, other] = [(); 2].map(|()| Arc::new(()));
    let mut watch = Watch::begin(Keeps(one.clone()), refs(&doors[..1]));
    let stays = Watch::begin(Keeps(other.clone()), refs(&doors[1..]));
    watch.end(refs(&doors[1..]).map(Some));
    drop((watch, stays));
    assert_eq!(Arc::strong_count(&one), 2, "it is in its place still");
    assert_eq!(
        Arc::strong_count(&other),
        1,
        "its place was given up by mistake"
    );
    drop(doors);
    assert_eq!(Arc::strong_count(&one), 1);
}

/// An iterator over as many as there are, which says that there are none.
struct Modest<'a>(std::slice::Iter<'a, TaskRef>);

impl<'a> Iterator for Modest<'a> {
    type Item = &'a TaskRef;

    fn next(&mut self) -> Option<&'a TaskRef> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(0))
    }
}

impl ExactSizeIterator for Modest<'_> {}

#[test]
#[should_panic(expected = "its `len` is to be exact")]
fn a_watch_does_not_rely_on_what_an_iterator_says_of_its_length() {
    struct Deaf;
    impl tulipa_task::Observer for Deaf {
        fn done(&self, _: usize, _: tulipa_task::TaskState) -> Option<std::task::Waker> {
            None
        }
    }
    let door = tulipa_task::Deferred::<()>::new();
    let tasks = [door.as_ref().clone()];
    let _watch = tulipa_task::Watch::begin(Deaf, Modest(tasks.iter()));
}
