//! Having the runtime watch a socket.

use super::error::NoRuntime;
use mio::event::Source;
use std::io;
#[cfg(unix)]
use std::os::fd::AsRawFd;
use tulipa_reactor::{Async, NoReactor};

#[cfg(not(unix))]
pub(super) use register as watch;

/// Registers `socket` with the reactor of this thread's runtime. The error names the `call` that needed one. A task that waits
/// for it says so by its descriptor.
#[cfg(unix)]
pub(super) fn watch<S: Source + AsRawFd>(call: &'static str, socket: S) -> io::Result<Async<S>> {
    register(call, socket).map(Async::with_descriptor)
}

pub(super) fn register<S: Source>(call: &'static str, socket: S) -> io::Result<Async<S>> {
    Async::new(socket).map_err(|error| match error.downcast::<NoReactor>() {
        Ok(NoReactor) => NoRuntime { call }.into(),
        Err(error) => error,
    })
}
