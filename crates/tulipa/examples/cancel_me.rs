//! A task that is cancelled, notices, cleans up, and lets the cancellation through.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{TaskError, cancel, sleep, spawn};

async fn cancel_me() {
    println!("cancel_me(): before sleep");
    let nap = cancel::catch(sleep(Duration::from_secs(3600))).await;
    if let Err(cancelled) = nap {
        println!("cancel_me(): cancel sleep");
        println!("cancel_me(): after sleep"); // what `finally` does in asyncio
        cancelled.resume().await
    }
}

#[tulipa::main]
async fn main() {
    let task = spawn(cancel_me());
    sleep(Duration::from_secs(1)).await;
    task.cancel();
    match task.await {
        Err(TaskError::Cancelled(_)) => println!("main(): cancel_me is cancelled now"),
        other => unreachable!("{other:?}"),
    }
}
