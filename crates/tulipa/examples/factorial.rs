//! `gather`: three factorials at once, their results in order.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{TaskError, gather, sleep, spawn};

async fn factorial(name: &'static str, number: u64) -> u64 {
    let mut product = 1;
    for factor in 2..=number {
        println!("Task {name}: Compute factorial({number}), currently i={factor}...");
        sleep(Duration::from_secs(1)).await;
        product *= factor;
    }
    println!("Task {name}: factorial({number}) = {product}");
    product
}

#[tulipa::main]
async fn main() -> Result<(), TaskError> {
    let numbers = [("A", 2), ("B", 3), ("C", 4)];
    let factorials = gather(numbers.map(|(name, number)| spawn(factorial(name, number))));
    println!("{:?}", factorials.await?);
    Ok(())
}
