//! An eager task takes its first step at once. For a page in the cache that is also the last, and nothing is scheduled.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::time::Duration;
use tulipa::{TaskError, sleep, task};

static CACHE: Mutex<BTreeMap<&str, String>> = Mutex::new(BTreeMap::new());

async fn page(name: &'static str) -> String {
    let cached = CACHE.lock().get(name).cloned();
    if let Some(page) = cached {
        return page;
    }
    sleep(Duration::from_secs(1)).await; // stands for the network
    let page = format!("all about {name}");
    CACHE.lock().insert(name, page.clone());
    page
}

#[tulipa::main]
async fn main() -> Result<(), TaskError> {
    for _ in 0..2 {
        let task = task::Builder::new().eager(true).spawn(page("tulips"));
        let when = if task.is_done() { "at once" } else { "later" };
        println!("{}, {when}", task.await?);
    }
    Ok(())
}
