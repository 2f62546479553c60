//! The timers from outside, by a clock that the tests move.
#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in tests only, not in what they share"
)]

mod background;
mod cancel;
mod clock;
mod close;
mod current;
mod interval;
mod order;
mod park;
mod sleep;
mod support;
mod wakers;
mod wheel;
