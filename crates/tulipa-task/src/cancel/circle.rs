//! Requests that go round: tasks that wait for each other in a circle pass a request on for ever, unless one of them notices.
//!
//! A request has no mark of where it began, and one await may well pass on several: who calls `cancel` twice wants that
//! (TC-25). So an await that passes on another looks whether its own task is waited for by the one it would ask. It walks a
//! bounded way, and further each time: a circle is found in the end, however long, and a chain that is cancelled again and
//! again costs little.

use crate::current_task;
use crate::handle::TaskRef;
use crate::id::TaskId;
use std::collections::{HashSet, VecDeque};

/// Whether a request that is passed on to `target` has come round: it was passed on there before, `times`, and `target` waits
/// for the current task, directly or through others. Then it is left to the scopes around, which ends the circle.
///
/// For those who write what forwards requests, as joins and `gather` do. The answer may be `false` for a long circle the
/// first few times.
///
/// # Examples
///
/// A join of one's own, as far as it forwards.
///
/// ```
/// use std::future::{pending, poll_fn};
/// use std::task::Poll;
/// use tulipa_task::{TaskRef, cancel, spawn};
///
/// fn forward(target: &TaskRef, times: &mut u32) {
///     let Some(request) = cancel::take_request() else { return };
///     if !cancel::has_come_round(target, *times) && target.cancel_by(request.clone()) {
///         *times += 1;
///     } else {
///         cancel::put_request(Some(request)); // is left to the scopes around
///     }
/// }
///
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let (inner, mut times) = (spawn(pending::<()>()), 0);
/// let target = inner.task_ref().clone();
/// let outer = spawn(poll_fn(move |_| {
///     forward(&target, &mut times);
///     Poll::<()>::Pending
/// }));
/// run();
/// outer.cancel();
/// run();
/// assert!(inner.is_cancelled());
/// ```
pub fn has_come_round(target: &TaskRef, times: u32) -> bool {
    const FIRST_WALK: usize = 16;
    if times == 0 {
        return false;
    }
    current_task().is_some_and(|task| waits_for(target, task, FIRST_WALK << times.min(20)))
}

/// Whether `target` is met on a walk from `task` to those who wait for it, and so on, past `most` at most.
fn waits_for(target: &TaskRef, task: TaskRef, most: usize) -> bool {
    let mut met = HashSet::<TaskId>::new();
    let mut next = VecDeque::from([task]);
    while let Some(task) = next.pop_front() {
        for awaiter in task.awaited_by() {
            if awaiter == *target {
                return true;
            }
            if met.len() < most && met.insert(awaiter.id()) {
                next.push_back(awaiter);
            }
        }
    }
    false
}
