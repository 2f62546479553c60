//! The list of waiters against a plain vector.

use super::{Observer, Subscription, Waiter, Waiters};
use crate::handle::TaskState;
use proptest::prelude::*;
use std::sync::Arc;
use std::task::Waker;

struct Nobody;

impl Observer for Nobody {
    fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
        None
    }
}

#[derive(Debug, Clone)]
enum Action {
    PushObserver,
    PushWaker,
    Remove(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => Just(Action::PushObserver),
        1 => Just(Action::PushWaker),
        3 => any::<usize>().prop_map(Action::Remove),
    ]
}

/// What tells an entry from others: an observer's number. Wakers are all alike.
fn number(waiter: &Waiter) -> Option<u32> {
    match waiter {
        Waiter::Observer(_, number) => Some(*number),
        Waiter::Waker(_) => None,
        Waiter::Watch(..) | Waiter::Callback(_) => unreachable!("none was pushed"),
    }
}

proptest! {
    #[test]
    fn the_list_is_a_vector_that_forgets_in_constant_time(actions in proptest::collection::vec(action(), 0..200)) {
        let observer: Arc<dyn Observer> = Arc::new(Nobody);
        let mut list = Waiters::default();
        let mut model: Vec<(Option<u32>, Subscription)> = Vec::new();
        for (count, action) in (0..).zip(actions) {
            match action {
                Action::PushObserver => {
                    let place = list.push(Waiter::Observer(observer.clone(), count));
                    model.push((Some(count), place));
                }
                Action::PushWaker => {
                    let place = list.push(Waiter::Waker(Waker::noop().clone()));
                    prop_assert!(list.waker(&place).is_some());
                    model.push((None, place));
                }
                Action::Remove(which) if !model.is_empty() => {
                    let (expected, place) = model.remove(which % model.len());
                    let removed = list.remove(&place).expect("it is there");
                    prop_assert_eq!(number(&removed), expected);
                    prop_assert!(list.remove(&place).is_none(), "it leaves once");
                    prop_assert!(list.waker(&place).is_none());
                }
                Action::Remove(_) => {
                    prop_assert!(list.remove(&Subscription::new(0)).is_none());
                }
            }
            let order: Vec<_> = list.iter().map(number).collect();
            let expected: Vec<_> = model.iter().map(|(number, _)| *number).collect();
            prop_assert_eq!(order, expected);
            prop_assert_eq!(list.is_empty(), model.is_empty());
        }
        let mut told = Vec::new();
        list.drain(|waiter| told.push(number(&waiter)));
        let expected: Vec<_> = model.iter().map(|(number, _)| *number).collect();
        prop_assert_eq!(told, expected);
        prop_assert_eq!(Arc::strong_count(&observer), 1);
    }
}

#[test]
fn two_places_of_one_list_differ() {
    let mut list = Waiters::default();
    let places = [0; 3].map(|_| list.push(Waiter::Waker(Waker::noop().clone())));
    assert!(places[0] != places[1] && places[1] != places[2] && places[0] != places[2]);
}
