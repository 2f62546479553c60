//! CU, AL: the current task, and all of them.

use crate::support::{runtime, settle};
use std::future::pending;
use tulipa::{all_tasks, current_task, spawn};

/// CU-05: asyncio has an error for a thread without a loop; here there is no current task, and that is all.
#[test]
fn outside_of_a_runtime_there_is_no_current_task() {
    assert!(current_task().is_none());
    let _idle = runtime();
    assert!(current_task().is_none());
}

/// AL-06
#[test]
fn the_tasks_of_a_runtime_are_known_from_outside_until_they_end() {
    let (runtime, other) = (runtime(), runtime());
    let listed = || runtime.handle().scheduler().registry().snapshot();
    let (stays, ends) = (
        runtime.handle().spawn(pending::<()>()),
        runtime.handle().spawn(async {}),
    );
    other.handle().spawn(pending::<()>()).detach();
    let both = listed();
    assert!(both.len() == 2 && both.contains(&stays) && both.contains(&ends));
    drop(ends);
    runtime.run(async {}).unwrap();
    assert_eq!(listed(), [stays.task_ref().clone()]);
}

/// AL-06
#[tulipa::test]
async fn a_task_that_was_dropped_unfinished_is_no_longer_listed() {
    let task = spawn(pending::<()>());
    settle().await;
    assert!(all_tasks().contains(&task));
    task.abort();
    settle().await;
    assert!(!all_tasks().contains(&task));
}
