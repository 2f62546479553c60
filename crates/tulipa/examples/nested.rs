//! A coroutine awaited in place, and one that runs as a task of its own.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use tulipa::{TaskError, spawn};

async fn nested() -> u32 {
    42
}

#[tulipa::main]
async fn main() -> Result<(), TaskError> {
    // Calling it alone does nothing, and the compiler warns of that. Awaited in place, it is part of this task.
    println!("{}", nested().await);

    // As a task it runs at the same time as this one, and can be awaited, or cancelled, later.
    let task = spawn(nested());
    println!("{}", task.await?);
    Ok(())
}
