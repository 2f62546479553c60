//! The plain `gather`, as far as `mixed` needs it here: it looks at every child on every poll.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tulipa_task::{Awaitable, TaskError};

pub fn gather<A: Awaitable>(tasks: Vec<A>) -> Gather<A> {
    let outcomes = tasks.iter().map(|_| None).collect();
    Gather(Outcomes { tasks, outcomes })
}

pub struct Gather<A: Awaitable>(Outcomes<A>);

type Outcome<A> = Result<<A as Awaitable>::Value, TaskError<<A as Awaitable>::Error>>;

pub struct Outcomes<A: Awaitable> {
    tasks: Vec<A>,
    outcomes: Vec<Option<Outcome<A>>>,
}

impl<A: Awaitable> Gather<A> {
    pub fn return_exceptions(self) -> Outcomes<A> {
        self.0
    }
}

impl<A: Awaitable> Unpin for Outcomes<A> {}

impl<A: Awaitable> Future for Outcomes<A> {
    type Output = Vec<Outcome<A>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Outcomes { tasks, outcomes } = &mut *self;
        for (task, outcome) in tasks
            .iter_mut()
            .zip(outcomes.iter_mut())
            .filter(|(_, outcome)| outcome.is_none())
        {
            if let Poll::Ready(ended) = Pin::new(task).poll(cx) {
                *outcome = Some(ended);
            }
        }
        match outcomes.iter().all(Option::is_some) {
            true => Poll::Ready(outcomes.drain(..).flatten().collect()),
            false => Poll::Pending,
        }
    }
}

impl<A: Awaitable> Future for Gather<A> {
    type Output = Result<Vec<A::Value>, TaskError<A::Error>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(Pin::new(&mut self.0).poll(cx)).into_iter().collect())
    }
}
