//! What the macros write, compiled and run: `::tulipa` is this test itself, with a stand-in for the facade that records
//! what it is asked for. How the facade answers is tested there.

#![forbid(unsafe_code)]
#![allow(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    missing_debug_implementations,
    reason = "a stand-in has no users"
)]

extern crate self as tulipa;

mod facade;
mod gather;
mod main_attribute;
mod test_attribute;

pub use facade::{__private, Builder, Flavour};
