//! One observer on many tasks: getting into each task's list, and out again.

use std::sync::Arc;
use tulipa_task::{Observer, Subscription, TaskRef, current_task};

/// The places that an observer has in the lists of the tasks it watches, in the order of the tasks.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    places: Vec<Option<Subscription>>,
}

impl Watch {
    /// Has `observer` told of the end of each task, with its position as the key. Those that have ended are told of at
    /// once, in order (G-06).
    ///
    /// # Panics
    ///
    /// If one of them is the task that calls this.
    #[track_caller]
    pub(crate) fn begin<'a>(
        call: &str,
        tasks: impl ExactSizeIterator<Item = &'a TaskRef> + Clone,
        observer: &Arc<dyn Observer>,
    ) -> Self {
        if let Some(current) = current_task() {
            for task in tasks.clone() {
                refuse_itself(call, task, Some(&current));
            }
        }
        let mut places = Vec::with_capacity(tasks.len());
        for (key, task) in tasks.enumerate() {
            let place = task.subscribe(observer, key);
            if place.is_none()
                && let Some(waker) = observer.done(key, task.state())
            {
                waker.wake();
            }
            places.push(place);
        }
        Self { places }
    }

    /// Leaves the lists of those that have not ended, each at constant cost (W-21).
    /// Those that the owner has given away had ended.
    pub(crate) fn end<'a>(&mut self, tasks: impl Iterator<Item = Option<&'a TaskRef>>) {
        let places = std::mem::take(&mut self.places);
        for (place, task) in places.into_iter().zip(tasks) {
            if let (Some(place), Some(task)) = (place, task)
                && !task.is_done()
            {
                task.unsubscribe(place);
            }
        }
    }
}

/// Panics if `task` is the one that calls: it would wait for its own end.
#[track_caller]
pub(crate) fn refuse_itself(call: &str, task: &TaskRef, current: Option<&TaskRef>) {
    assert!(
        current != Some(task),
        "task `{}` gave itself to {call} and would never end: leave it out, or call {call} in another task",
        task.name(),
    );
}

/// Panics because a task that has ended has no result any more.
#[cold]
#[track_caller]
pub(crate) fn taken(call: &str, task: &TaskRef) -> ! {
    panic!(
        "the result of task `{}`, given to {call}, was taken by an earlier await: \
         use `task.shared()` to read it more than once",
        task.name(),
    )
}
