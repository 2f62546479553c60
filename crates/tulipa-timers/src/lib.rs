#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]
#![forbid(unsafe_code)]

mod background;
mod clock;
mod current;
mod due;
mod instant;
mod interval;
mod park;
mod shard;
mod sleep;
mod sync;
mod timers;
mod wheel;

#[cfg(all(test, loom))]
mod models;

pub use self::background::Background;
pub use self::clock::Clock;
pub use self::current::{Entered, interval, interval_at, now, sleep, sleep_until};
pub use self::instant::Instant;
pub use self::interval::{Interval, MissedTicks, Tick};
pub use self::sleep::{Sleep, With};
pub use self::timers::{Parking, Timers};
pub use self::wheel::{Key, Wheel};
