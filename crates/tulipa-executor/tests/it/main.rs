//! The executor from outside, a module per subject. A name or comment carries the number of asyncio's behaviour (`TT-07`)
//! where there is one.
#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in tests only, not in what they share"
)]

mod blocking;
mod build;
mod common;
mod debug;
mod fairness;
mod idle;
mod nested;
mod order;
mod panics;
mod shutdown;
mod simulation;
mod stealing;
mod stress;
mod threads;
mod watchdog;
