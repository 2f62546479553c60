//! `to_thread`: a call that blocks, beside a task that goes on.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::mpsc;
use std::time::Duration;
use tulipa::{sleep, spawn, to_thread};

fn blocking_io(done: &mpsc::Receiver<()>) -> &'static str {
    println!("start blocking_io");
    done.recv().expect("somebody will send"); // any call that blocks: a file, a driver, a long computation
    println!("blocking_io complete");
    "from the thread"
}

#[tulipa::main]
async fn main() {
    println!("started main");
    let (finish, done) = mpsc::channel();
    let thread = to_thread(move || blocking_io(&done));
    let sleeper = spawn(async move {
        sleep(Duration::from_millis(10)).await;
        println!("the loop went on");
        finish.send(()).expect("the thread waits");
    });
    println!("{}", thread.await.expect("it does not panic"));
    sleeper.await.expect("it does not panic");
    println!("finished main");
}
