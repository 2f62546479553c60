//! The reactor from outside, on real sockets. No test looks at a clock: each turns the reactor until what it waits
//! for has happened, so one that fails by hanging is ended by the test runner.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in tests, and takes their helpers for something else"
)]

mod background;
mod close;
mod current;
mod directions;
mod drops;
mod exhaustion;
mod interrupt;
mod reuse;
mod streams;
mod support;
mod tries;
mod wakers;
