#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]
#![forbid(unsafe_code)]

mod batch;
mod block_on;
mod blocking;
mod builder;
mod choice;
mod crew;
mod current;
mod deadlock;
mod debug;
mod driver;
mod executor;
mod handle;
#[cfg(all(test, loom))]
mod models;
mod on_panic;
mod queue;
mod roster;
mod shared;
mod shutdown;
mod sim;
mod sleep;
mod stats;
mod step;
mod sync;
mod unwind;
mod watchdog;
mod worker;

pub use block_on::BlockOnError;
pub use blocking::{BlockingTask, PoolStats, SpawnBlockingError};
pub use builder::{BuildError, Builder};
pub use deadlock::{Deadlock, Stuck};
pub use driver::{Driver, ThreadDriver};
pub use executor::Executor;
pub use handle::Handle;
pub use on_panic::OnPanic;
pub use shutdown::ShutdownReport;
pub use stats::{Stats, WorkerStats};
