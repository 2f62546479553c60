//! Work for the runtime from a thread that is none of its own, and its result back: asyncio's `run_coroutine_threadsafe`.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::thread;
use std::time::Duration;
use tulipa::{Handle, TaskError, sleep, to_thread};

fn in_thread(runtime: &Handle) -> String {
    let mut task = runtime.spawn(async { sleep(Duration::from_millis(1)).with(3).await });
    match task.result_timeout(Duration::from_secs(60)) {
        Ok(Ok(result)) => format!("the result is {result}"),
        Ok(Err(error)) => format!("the task failed: {error}"),
        Err(_pending) => {
            task.cancel();
            "the task took too long".to_owned()
        }
    }
}

#[tulipa::main]
async fn main() -> Result<(), TaskError> {
    let runtime = Handle::current().expect("main runs on a runtime");
    let outside = thread::spawn(move || in_thread(&runtime));
    let said = to_thread(|| outside.join().expect("the thread does not panic")).await?;
    println!("{said}");
    Ok(())
}
