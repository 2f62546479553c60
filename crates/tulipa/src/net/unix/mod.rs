//! Sockets that have a path.

mod listener;
mod stream;

pub use self::listener::{UnixIncoming, UnixListener};
pub use self::stream::UnixStream;
