//! Time: sleeping, limits, and a clock that can be virtual.

pub use tulipa_combinators::{Deadline, Elapsed, RescheduleError, Timeout, timeout, timeout_at};
pub use tulipa_timers::{
    Clock, Instant, Interval, MissedTicks, Sleep, Timers, interval, interval_at, now, sleep,
    sleep_until,
};
