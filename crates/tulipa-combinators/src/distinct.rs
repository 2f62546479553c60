//! Each task once, whatever handles there are to it (W-07, AC-06).

use std::collections::HashSet;
use tulipa_task::TaskRef;

/// The tasks without those that came before.
pub(crate) fn distinct<A: AsRef<TaskRef>>(tasks: impl IntoIterator<Item = A>) -> Vec<A> {
    let mut tasks: Vec<A> = tasks.into_iter().collect();
    // A thread that spawns gives rising numbers, so this is the usual case, and costs nothing.
    if !tasks.is_sorted_by(|one, next| one.as_ref().id() < next.as_ref().id()) {
        let mut seen = HashSet::with_capacity(tasks.len());
        tasks.retain(|task| seen.insert(task.as_ref().id()));
    }
    tasks
}
