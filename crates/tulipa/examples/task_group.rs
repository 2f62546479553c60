//! `TaskGroup`: children that are all waited for, and how a group is made to end before they do.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{TaskError, TaskGroup, sleep};

/// What is raised to end a group.
#[derive(Debug)]
struct TerminateTaskGroup;

async fn force_terminate_task_group() -> Result<(), TerminateTaskGroup> {
    Err(TerminateTaskGroup)
}

async fn job(id: u32, time: Duration) -> u32 {
    println!("Task {id}: start");
    sleep(time).await;
    println!("Task {id}: done");
    id
}

#[tulipa::main]
async fn main() -> Result<(), TaskError> {
    let both = TaskGroup::scope(async |group| {
        [1, 2].map(|id| group.spawn(job(id, Duration::from_millis(500))))
    });
    let [first, second] = both.await.expect("neither panics");
    // The group has waited for them: their results are there.
    let (first, second) = (first.await?, second.await?);
    println!("Both tasks have completed now: {first}, {second}");

    let terminated = TaskGroup::try_scope(async |group| {
        group.spawn(job(3, Duration::from_millis(500))).detach();
        group.spawn(job(4, Duration::from_millis(1500))).detach();
        sleep(Duration::from_secs(1)).await;
        // A child that fails cancels the others. Without an error to tell of, `group.cancel()` does the same.
        group.try_spawn(force_terminate_task_group()).detach();
        Ok(())
    });
    if let Err(error) = terminated.await {
        println!("terminated: {:?}", error.errors());
    }
    Ok(())
}
