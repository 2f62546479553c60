#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]
#![forbid(unsafe_code)]

mod error;
mod io;
#[cfg(all(test, loom))]
mod models;
mod reactor;
mod readiness;
mod sync;
mod sys;
mod unwind;

pub use self::error::{NoReactor, ReactorGone};
#[cfg(unix)]
pub use self::io::Fd;
pub use self::io::{Async, Ready};
pub use self::reactor::{Background, Entered, Reactor};
/// The library whose sources a reactor watches, in the version that [`Async`] takes them from.
pub use mio;
