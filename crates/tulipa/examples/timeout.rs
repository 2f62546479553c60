//! `timeout`: a limit for a part of a task. The rest goes on; and the limit can be moved.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::time::{Deadline, now, timeout_at};
use tulipa::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

async fn long_running_task() {
    sleep(20 * SECOND).await;
}

#[tulipa::main]
async fn main() {
    if timeout(10 * SECOND, long_running_task()).await.is_err() {
        println!("The long operation timed out, but we've handled it.");
    }
    println!("This statement will run regardless.");

    if timeout_at(now() + 10 * SECOND, long_running_task())
        .await
        .is_err()
    {
        println!("It timed out at the time that was set.");
    }

    // We do not know the limit when we begin.
    let deadline = Deadline::at(None);
    let work = deadline.limit(async {
        let new_deadline = now() + 30 * SECOND;
        deadline
            .reschedule(new_deadline)
            .expect("the limit is in force");
        long_running_task().await;
    });
    if work.await.is_ok() && !deadline.is_expired() {
        println!("Looks like we haven't finished too late.");
    }
}
