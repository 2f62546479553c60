//! The facade: a runtime as a program sees it.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod bad_input;
mod bad_use;
#[cfg(unix)]
mod ctrl_c;
mod debug;
mod dump;
mod examples;
mod fetch;
mod group_stress;
mod outside;
mod panics;
mod process;
mod quiet;
mod run;
mod server;
mod simulated;
mod threads;
mod time;
mod tracing;
