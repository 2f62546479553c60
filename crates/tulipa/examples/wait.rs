//! `wait`: until all are done, until one is, until one fails; and what becomes of those that are not.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{ReturnWhen, Task, sleep, task, wait};

/// Takes so many seconds; two are too long.
async fn work(seconds: u64) -> Result<u64, String> {
    sleep(Duration::from_secs(seconds)).await;
    if seconds == 2 {
        return Err(format!("{seconds} s is too long"));
    }
    Ok(seconds)
}

fn start(seconds: u64) -> Task<u64, String> {
    task::Builder::new()
        .name(format!("{seconds} s"))
        .try_spawn(work(seconds))
}

fn names(tasks: &[Task<u64, String>]) -> Vec<String> {
    tasks.iter().map(|task| task.name()).collect()
}

async fn wait_until(when: ReturnWhen) {
    let (done, pending) = wait([1, 2, 3].map(start)).return_when(when).await;
    println!(
        "{when:?}: done {:?}, pending {:?}",
        names(&done),
        names(&pending)
    );
    for task in done {
        println!("  {:?}", task.await);
    }
    // Nobody but us cancels what is pending.
    for task in pending {
        task.cancel();
        println!("  {:?}", task.await);
    }
}

#[tulipa::main]
async fn main() {
    wait_until(ReturnWhen::AllCompleted).await;
    wait_until(ReturnWhen::FirstCompleted).await;
    wait_until(ReturnWhen::FirstException).await;
}
