//! What the macros write, compiled and run: `::tulipa` is this test itself, whose builder records what it is asked for. How
//! the facade's answers is tested there.

#![forbid(unsafe_code)]
#![allow(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    missing_debug_implementations,
    reason = "a stand-in has no users"
)]

extern crate self as tulipa;
extern crate tulipa as real;

mod facade;
mod gather;
mod main_attribute;
mod test_attribute;

pub use facade::{__private, Builder, Flavour};
