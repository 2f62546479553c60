//! Having the runtime watch a socket.

use super::error::NoRuntime;
use mio::event::Source;
use std::io;
use tulipa_reactor::{Async, NoReactor};

/// Registers `socket` with the reactor of this thread's runtime. The error names the `call` that needed one.
pub(super) fn watch<S: Source>(call: &'static str, socket: S) -> io::Result<Async<S>> {
    Async::new(socket).map_err(|error| match error.downcast::<NoReactor>() {
        Ok(NoReactor) => NoRuntime { call }.into(),
        Err(error) => error,
    })
}
