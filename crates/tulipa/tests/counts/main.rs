//! What an operation costs, in allocations and wakes: counted, so that it holds on any machine under any load.
//!
//! The table of `docs/internals/performance.md` says where the numbers come from.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod combinators;
mod count;
mod memory;
mod net;
mod tasks;
mod time;
#[cfg(target_os = "linux")]
mod watchdog;
