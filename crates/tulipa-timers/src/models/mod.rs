//! The races of this crate, each tried in every order by loom. Built under `cfg(loom)` only:
//! `RUSTFLAGS="--cfg loom" cargo test -p tulipa-timers --release --lib models`.
//!
//! The shards and the wheel are the real ones. Time does not pass, but when a model moves the clock.

mod park;
