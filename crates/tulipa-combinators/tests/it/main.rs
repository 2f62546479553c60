//! The combinators from outside: each as asyncio has it, and each cancelled, dropped and panicking, on a queue that the
//! tests run by hand and a clock that they move. A name or comment carries the number of asyncio's behaviour (`G-05`).
#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in tests only, not in what they share"
)]

mod as_completed;
mod cancel_within;
mod deadline;
mod gather;
mod gather_cancel;
mod graph;
mod group;
mod group_cancel;
mod group_misuse;
mod group_nested;
mod group_panic;
mod shield;
mod support;
mod threads;
mod timeout;
mod wait;
mod wait_for;
