//! `to_thread`: a call that blocks, beside a task that goes on.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use tulipa::{TaskError, gather, sleep, to_thread};

/// Stands for any call that blocks: to a file, to a driver, to a long computation.
fn blocking_io(bell: &Receiver<()>) {
    println!("start blocking_io");
    let rung = bell.recv();
    println!("blocking_io complete: {rung:?}");
}

#[tulipa::main]
async fn main() -> Result<(), TaskError<TaskError>> {
    println!("started main");
    let (ring, bell) = mpsc::channel();
    // Awaited in place, `blocking_io` would block the worker, and this one with it.
    gather!(to_thread(move || blocking_io(&bell)), async move {
        sleep(Duration::from_millis(10)).await;
        println!("other tasks go on");
        let _ = ring.send(());
    })
    .await?;
    println!("finished main");
    Ok(())
}
