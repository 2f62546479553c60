//! The race: the worker at the helm goes away (to work, or for good) while others fall asleep.
//!
//! Lost, all would sleep on their own parkers with nobody in the driver, and an event would reach nobody.

use super::{Item, Ran, crew, model};
use crate::crew::Crew;
use crate::driver::Driver;
use crate::step::Step;
use crate::sync::{Condvar, Mutex};
use loom::thread::yield_now;
use std::sync::{Arc, OnceLock, Weak};
use tulipa_task::Why;

/// A driver with one event, which queues one item.
struct Bell {
    state: Mutex<State>,
    changed: Condvar,
    crew: OnceLock<Weak<Crew<Item>>>,
}

#[derive(Default)]
struct State {
    unparked: bool,
    event: Option<Item>,
}

impl Bell {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            crew: OnceLock::new(),
        })
    }

    /// Has events of the driver queue their items with this crew.
    fn hang(&self, crew: &Arc<Crew<Item>>) {
        self.crew
            .set(Arc::downgrade(crew))
            .expect("one crew a bell");
    }

    fn ring(&self, item: Item) {
        self.state.lock().event = Some(item);
        self.changed.notify_one();
    }
}

impl Driver for Bell {
    fn park(&self) {
        let mut state = self.state.lock();
        while !state.unparked && state.event.is_none() {
            self.changed.wait(&mut state);
        }
        state.unparked = false;
        drop(state);
        self.poll();
    }

    fn poll(&self) {
        let event = self.state.lock().event.take();
        if let (Some(item), Some(crew)) = (event, self.crew.get().and_then(Weak::upgrade)) {
            crew.inject(item);
        }
    }

    fn unpark(&self) {
        self.state.lock().unparked = true;
        self.changed.notify_one();
    }
}

#[test]
fn an_event_reaches_a_worker_while_all_fall_asleep() {
    model(1, || {
        let (ran, bell) = (Ran::new(1), Bell::new());
        let (crew, hired) = crew(2, Arc::clone(&bell) as Arc<dyn Driver>, &ran);
        bell.hang(&crew);
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        bell.ring(ran.item());
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 1);
    });
}

#[test]
fn an_event_reaches_a_worker_after_the_one_at_the_helm_was_called_to_work() {
    model(1, || {
        let (ran, bell) = (Ran::new(2), Bell::new());
        let (crew, hired) = crew(2, Arc::clone(&bell) as Arc<dyn Driver>, &ran);
        bell.hang(&crew);
        let threads: Vec<_> = hired.into_iter().map(super::Hired::serve).collect();
        crew.inject(ran.item());
        bell.ring(ran.item());
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(ran.count(), 2);
    });
}

#[test]
fn an_event_reaches_those_who_stay_after_one_has_left() {
    model(3, || {
        let (ran, bell) = (Ran::new(1), Bell::new());
        let (crew, mut hired) = crew(2, Arc::clone(&bell) as Arc<dyn Driver>, &ran);
        bell.hang(&crew);
        let stays = hired.pop().unwrap().serve();
        let (mut guest, _parker) = hired.pop().unwrap().begin();
        // It may have the helm for a moment, as a busy worker has that looks outside; then it goes.
        if let Some(helm) = crew.sleep().helm().take(guest.local().worker()) {
            helm.poll();
        }
        assert_ne!(guest.step(), Step::Ran);
        guest.retire();
        crew.hand_over();
        bell.ring(ran.item());
        stays.join().unwrap();
        assert_eq!(ran.count(), 1);
    });
}

#[test]
fn a_worker_that_is_called_as_it_leaves_the_helm_to_the_one_at_home_comes() {
    model(2, || {
        let (ran, bell) = (Ran::new(2), Bell::new());
        let (crew, mut hired) = crew(2, Arc::clone(&bell) as Arc<dyn Driver>, &ran);
        bell.hang(&crew);
        let (mut worker, parker) = hired.pop().unwrap().begin();
        while worker.step() != Step::Park {}
        let helm = crew.sleep().helm().take(1).expect("nobody else is there");
        let home = hired.pop().unwrap().serve();
        while !crew.sleep().is_asleep(0) {
            yield_now();
        }
        // An event of the driver that is for home, which takes it off the count with this worker's bit in place of its own, if
        // both wake home at once. Then this one is called too, while it leaves.
        worker
            .local()
            .in_driver(|| worker.local().accept(ran.homed(), Why::Woken));
        drop(helm);
        bell.ring(ran.item());
        worker.serve(&parker);
        home.join().unwrap();
        assert_eq!(ran.count(), 2);
    });
}
