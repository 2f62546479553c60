//! Two waits: one after the other, at once as tasks, and at once in a group.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{TaskError, TaskGroup, sleep, spawn, time};

async fn say_after(delay: Duration, what: &'static str) {
    sleep(delay).await;
    println!("{what}");
}

const ONE: Duration = Duration::from_secs(1);
const TWO: Duration = Duration::from_secs(2);

#[tulipa::main]
async fn main() -> Result<(), TaskError> {
    let began = time::now();
    say_after(ONE, "hello").await;
    say_after(TWO, "world").await;
    println!("in sequence: {} s", (time::now() - began).as_secs());

    let began = time::now();
    let first = spawn(say_after(ONE, "hello"));
    let second = spawn(say_after(TWO, "world"));
    first.await?;
    second.await?;
    println!("as tasks: {} s", (time::now() - began).as_secs());

    let began = time::now();
    let group = TaskGroup::scope(async |group| {
        group.spawn(say_after(ONE, "hello"));
        group.spawn(say_after(TWO, "world"));
    });
    group.await.expect("nothing in it fails");
    println!("in a group: {} s", (time::now() - began).as_secs());
    Ok(())
}
