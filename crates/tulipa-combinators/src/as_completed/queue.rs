//! What `as_completed` is fed from: the tasks that have ended, in that order, and those who wait for the next, in the order in
//! which they came.
//!
//! A completion is given to the first in the line there and then, so each is given out once however many wait in
//! however many tasks. There is a line only while nothing is ready.

use crate::Elapsed;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use tulipa_task::{Leaf, Observer, TaskState, Watch, Watched, waits};
use tulipa_timers::Sleep;

/// The position of a task that has ended, or that time ran out for one that has not.
pub(super) type Given = Result<usize, Elapsed>;

/// A place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

pub(super) struct Queue {
    state: Mutex<State>,
    /// Its waker is an [`Alarm`].
    timer: Mutex<Option<Sleep>>,
}

struct State {
    /// Nobody was given these yet.
    ended: VecDeque<usize>,
    line: Line,
    unfinished: usize,
    is_time_up: bool,
}

impl Queue {
    pub(super) fn new(tasks: usize) -> Self {
        Self {
            state: Mutex::new(State {
                ended: VecDeque::new(),
                line: Line::default(),
                unfinished: tasks,
                is_time_up: false,
            }),
            timer: Mutex::new(None),
        }
    }

    /// The next completion, for whoever has or gets a place in the line.
    pub(super) fn poll(&self, ticket: &mut Option<Ticket>, waker: &Waker) -> Poll<Given> {
        let mut state = self.state.lock();
        if let Some(place) = *ticket {
            let given = state.line.poll(place, waker);
            match given {
                Poll::Ready(_) => *ticket = None,
                Poll::Pending => waits::note(Leaf::Tasks(state.unfinished)),
            }
            return given;
        }
        if let Some(key) = state.ended.pop_front() {
            return Poll::Ready(Ok(key));
        }
        if state.is_time_up {
            return Poll::Ready(Err(Elapsed));
        }
        *ticket = Some(state.line.join(waker.clone()));
        waits::note(Leaf::Tasks(state.unfinished));
        Poll::Pending
    }

    /// Somebody waits no more. What he was given goes to the next.
    pub(super) fn leave(&self, ticket: Ticket) {
        let mut state = self.state.lock();
        let place = state.line.leave(ticket);
        let next = match place {
            Place::Served(Ok(key)) => state.give_back(key),
            _ => None,
        };
        drop(state);
        drop(place);
        next.into_iter().for_each(Waker::wake);
    }

    /// Nobody will be told that time is up.
    pub(super) fn disarm(&self) {
        let timer = self.timer.lock().take();
        drop(timer);
    }

    fn time_is_up(&self) {
        let mut state = self.state.lock();
        if state.unfinished == 0 {
            return;
        }
        state.is_time_up = true;
        let waiting: Vec<Waker> = std::iter::from_fn(|| state.line.serve(Err(Elapsed))).collect();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Gives the tasks that have not ended until `timer` fires. It is armed at once (AC-11).
pub(super) fn limit(queue: &Watch<Queue>, mut timer: Sleep) {
    if queue.state.lock().unfinished == 0 {
        return;
    }
    let waker = Waker::from(Arc::new(Alarm(queue.watched())));
    let mut cx = Context::from_waker(&waker);
    let armed = waits::quietly(|| Pin::new(&mut timer).poll(&mut cx));
    debug_assert!(armed.is_pending(), "the first poll of a sleep is Pending");
    *queue.timer.lock() = Some(timer);
    if queue.state.lock().unfinished == 0 {
        queue.disarm(); // the last ended meanwhile
    }
}

impl State {
    fn give_back(&mut self, key: usize) -> Option<Waker> {
        let next = self.line.serve(Ok(key));
        if next.is_none() {
            self.ended.push_front(key);
        }
        next
    }
}

impl Observer for Queue {
    fn done(&self, key: usize, _: TaskState) -> Option<Waker> {
        let mut state = self.state.lock();
        if state.is_time_up {
            return None; // it was given up (AC-10)
        }
        state.unfinished -= 1;
        let is_last = state.unfinished == 0;
        let next = state.line.serve(Ok(key));
        if next.is_none() {
            state.ended.push_back(key);
        }
        drop(state);
        if is_last {
            self.disarm(); // AC-13
        }
        next
    }
}

/// What the timer wakes.
struct Alarm(Watched<Queue>);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.time_is_up();
    }
}

/// Those who wait. Tickets are numbered, and the front one has the number `first`; so a ticket finds its place at
/// once.
#[derive(Default)]
struct Line {
    places: VecDeque<Place>,
    first: u64,
    /// No place before this one waits.
    next: usize,
}

enum Place {
    Waiting(Waker),
    Served(Given),
    Left,
}

impl Line {
    fn join(&mut self, waker: Waker) -> Ticket {
        let ticket = Ticket(self.first + self.places.len() as u64);
        self.places.push_back(Place::Waiting(waker));
        ticket
    }

    fn poll(&mut self, ticket: Ticket, waker: &Waker) -> Poll<Given> {
        let place = &mut self.places[(ticket.0 - self.first) as usize];
        match place {
            Place::Waiting(known) => {
                known.clone_from(waker);
                Poll::Pending
            }
            Place::Served(given) => {
                let given = *given;
                self.leave(ticket);
                Poll::Ready(given)
            }
            Place::Left => unreachable!("a ticket is given up once"),
        }
    }

    /// Gives `given` to the first who waits. His waker is to be woken outside the lock.
    fn serve(&mut self, given: Given) -> Option<Waker> {
        while let Some(place) = self.places.get_mut(self.next) {
            self.next += 1;
            if matches!(place, Place::Waiting(_))
                && let Place::Waiting(waker) = std::mem::replace(place, Place::Served(given))
            {
                return Some(waker);
            }
        }
        None
    }

    fn leave(&mut self, ticket: Ticket) -> Place {
        let index = (ticket.0 - self.first) as usize;
        let place = std::mem::replace(&mut self.places[index], Place::Left);
        while let Some(Place::Left) = self.places.front() {
            self.places.pop_front();
            self.first += 1;
            self.next = self.next.saturating_sub(1);
        }
        place
    }
}
