//! `wait`: until all are done, until one is, until one fails; and what to do with those that are not.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{ReturnWhen, Task, sleep, task, wait};

fn tasks() -> Vec<Task<u64, String>> {
    let work = |seconds: u64| async move {
        sleep(Duration::from_secs(seconds)).await;
        if seconds == 2 {
            Err(format!("{seconds} seconds were too long"))
        } else {
            Ok(seconds)
        }
    };
    (1..=3)
        .map(|seconds| {
            task::Builder::new()
                .name(format!("{seconds} s"))
                .try_spawn(work(seconds))
        })
        .collect()
}

fn names(tasks: &[Task<u64, String>]) -> Vec<String> {
    tasks.iter().map(|task| task.name()).collect()
}

#[tulipa::main]
async fn main() {
    for when in [
        ReturnWhen::AllCompleted,
        ReturnWhen::FirstCompleted,
        ReturnWhen::FirstException,
    ] {
        let (done, pending) = wait(tasks()).return_when(when).await;
        println!(
            "{when:?}: done {:?}, pending {:?}",
            names(&done),
            names(&pending)
        );
        for task in &pending {
            task.cancel();
        }
        if !pending.is_empty() {
            let (cancelled, _) = wait(pending).await;
            println!(
                "  cancelled {:?}",
                cancelled.iter().all(|task| task.is_cancelled())
            );
        }
        for task in done {
            println!("  {:?}", task.await);
        }
    }
}
