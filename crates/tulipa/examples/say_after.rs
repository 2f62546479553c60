//! Two waits: one after the other, at once as tasks, and at once in a group.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::time::{self, Instant};
use tulipa::{TaskError, TaskGroup, sleep, spawn};

async fn say_after(seconds: u64, what: &'static str) {
    sleep(Duration::from_secs(seconds)).await;
    println!("{what}");
}

fn finished(how: &str, began: Instant) {
    println!("{how}: {} s", (time::now() - began).as_secs());
}

#[tulipa::main]
async fn main() -> Result<(), TaskError> {
    let began = time::now();
    say_after(1, "hello").await;
    say_after(2, "world").await;
    finished("in sequence", began);

    let began = time::now();
    let hello = spawn(say_after(1, "hello"));
    let world = spawn(say_after(2, "world"));
    hello.await?;
    world.await?;
    finished("as tasks", began);

    let began = time::now();
    let both = TaskGroup::scope(async |group| {
        group.spawn(say_after(1, "hello")).detach();
        group.spawn(say_after(2, "world")).detach();
    });
    both.await.expect("neither panics");
    finished("in a group", began);
    Ok(())
}
