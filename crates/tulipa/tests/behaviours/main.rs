//! asyncio's behaviours as a program sees them: a module for each area of the catalogue, a test for what no other test of
//! the crates below carries. `cargo xtask conformance --coverage` prints them all.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod context;
mod create_task;
mod current;
mod eager;
mod execution;
mod group;
mod run;
mod sleep;
mod support;
mod task;
mod thread;
mod threadsafe;
