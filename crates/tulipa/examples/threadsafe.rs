//! Work for the runtime from a thread that is none of its own, and its result back.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::thread;
use std::time::Duration;
use tulipa::{Handle, sleep, to_thread};

#[tulipa::main]
async fn main() {
    let handle = Handle::current().expect("main runs on a runtime");
    let outside = thread::spawn(move || {
        // asyncio's run_coroutine_threadsafe
        let mut task = handle.spawn(async { sleep(Duration::from_millis(1)).with(3).await });
        task.result_timeout(Duration::from_secs(60))
    });
    let result = to_thread(move || outside.join().expect("the thread does not panic")).await;
    println!(
        "{}",
        result
            .expect("nobody cancels it")
            .expect("a minute is enough")
            .expect("it gives 3")
    );
}
