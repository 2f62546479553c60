//! What `cargo xtask bench` measures: workloads, and the runtimes they are run on.
//!
//! The workloads of [`scenario`] compare runtimes: each is written once over the traits of [`rt`], and `cargo xtask bench`
//! runs tulipa and its peers in turn, a process each. The peers come with the feature `peers`.
//!
//! The criterion benches, in `benches/benches`, press on one mechanism each and say nothing about other runtimes.

#![forbid(unsafe_code)]

pub mod meter;
pub mod rt;
pub mod runtimes;
pub mod scenario;
