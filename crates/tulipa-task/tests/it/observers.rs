//! Observers: all hear of an end before anybody is woken because of it.

use parking_lot::Mutex;
use std::sync::Arc;
use std::task::{Wake, Waker};
use tulipa_task::{Deferred, Observer, TaskState};

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
