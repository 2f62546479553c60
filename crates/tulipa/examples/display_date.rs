//! The time, every second, for five seconds.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;
use tulipa::{sleep, time};

#[tulipa::main]
async fn main() {
    let began = time::now();
    let end = began + Duration::from_secs(5);
    loop {
        println!("{} s", (time::now() - began).as_secs());
        if time::now() + Duration::from_secs(1) >= end {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
}
