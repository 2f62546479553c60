//! `wait_for`: a limit on something that would take for ever.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{sleep, spawn, wait_for};

async fn eternity() {
    sleep(Duration::from_secs(3600)).await;
    println!("yay!");
}

#[tulipa::main]
async fn main() {
    if let Err(error) = wait_for(spawn(eternity()), Duration::from_secs(1)).await {
        println!("timeout! {error}");
    }
}
