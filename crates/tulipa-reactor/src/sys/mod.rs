//! What differs from platform to platform. Each must provide:
//!
//! - `Alarm`: ends a poll at a time finer than the millisecond that mio's poll takes, where the platform can.
//!   `Alarm::new(registry, token)` registers what it needs under a token of its own. `set(timeout)` returns the
//!   timeout to give to the poll: the one it got, or none if the alarm will ring instead. `rang()` is called for each
//!   event with its token.
//! - `SHORT_TRANSFERS_TELL`: whether a short read or write of a stream may be taken for "would block". It may where a
//!   further event comes by itself (epoll and kqueue, edge-triggered), and must not where mio asks for the next event
//!   only once an operation was refused (Windows, poll).

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use self::linux::Alarm;

#[cfg(not(target_os = "linux"))]
mod coarse;
#[cfg(not(target_os = "linux"))]
pub(crate) use self::coarse::Alarm;

pub(crate) const SHORT_TRANSFERS_TELL: bool = cfg!(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
));
