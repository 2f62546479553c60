//! asyncio's first program: print, wait a second, print.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::sleep;

#[tulipa::main]
async fn main() {
    println!("hello");
    sleep(Duration::from_secs(1)).await;
    println!("world");
}
