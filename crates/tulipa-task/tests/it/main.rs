//! The behaviour of tasks, handles and cancellation, on a queue that the tests run by hand. A name or comment carries the
//! number of asyncio's behaviour (`TC-13`) where there is one.

#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps says what it expects"
)]

mod blocking;
mod callbacks;
mod cancel;
mod deferred;
mod drops;
mod eager;
mod ends;
mod forward;
mod graph;
mod local;
mod names;
mod observers;
mod panic;
mod refuse;
mod registry;
mod report;
mod shared;
mod spawn;
mod stress;
mod support;
mod waits;
mod wakers;
mod wrap_thread;
