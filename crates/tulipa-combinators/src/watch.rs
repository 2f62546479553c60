//! What combinators refuse: their own task, and results that were taken before.

use tulipa_task::TaskRef;

/// Panics if one of the tasks is `current`, the one that calls: it would wait for its own end.
#[track_caller]
pub(crate) fn refuse_itself<'a>(
    call: &str,
    tasks: impl IntoIterator<Item = &'a TaskRef>,
    current: Option<&TaskRef>,
) {
    if let Some(current) = current {
        let itself = tasks.into_iter().any(|task| task == current);
        assert!(
            !itself,
            "task `{}` gave itself to {call} and would never end: leave it out, or call {call} in another task",
            current.name(),
        );
    }
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
