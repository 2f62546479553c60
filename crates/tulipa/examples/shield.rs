//! `shield`: whoever waits for a task can be cancelled without the task being cancelled.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{Task, TaskError, cancel, shield, sleep, spawn};

async fn something() -> u32 {
    sleep(Duration::from_secs(2)).await;
    42
}

/// Has the result if it lives to see it. Without the shield, the cancellation would go on to the task.
async fn impatient(mut task: Task<u32>) -> (Option<u32>, Task<u32>) {
    let result = cancel::catch(shield(&mut task)).await;
    (result.ok().and_then(Result::ok), task)
}

#[tulipa::main]
async fn main() -> Result<(), TaskError> {
    let waiting = spawn(impatient(spawn(something())));
    sleep(Duration::from_secs(1)).await;
    waiting.cancel();
    let (result, task) = waiting.await?;
    println!("who waited has {result:?}");
    println!("something() has {}", task.await?);
    Ok(())
}
