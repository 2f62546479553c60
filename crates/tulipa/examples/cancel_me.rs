//! A task that is cancelled, notices, cleans up, and lets the cancellation through.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{TaskError, cancel, sleep, spawn};

async fn cancel_me() {
    println!("cancel_me(): before sleep");
    let nap = async {
        if let Err(cancelled) = cancel::catch(sleep(Duration::from_secs(3600))).await {
            println!("cancel_me(): cancel sleep");
            cancelled.resume().await // asyncio's `raise`
        }
    };
    cancel::finally(nap, async { println!("cancel_me(): after sleep") }).await;
}

#[tulipa::main]
async fn main() {
    let task = spawn(cancel_me());
    sleep(Duration::from_secs(1)).await; // it has begun
    task.cancel();
    if let Err(TaskError::Cancelled(_)) = task.await {
        println!("main(): cancel_me is cancelled now");
    }
}
