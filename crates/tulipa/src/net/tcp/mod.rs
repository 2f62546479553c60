//! TCP.

mod connecting;
mod listener;
mod options;
mod stream;

pub(super) use self::connecting::connect_to;
pub use self::listener::{Incoming, TcpListener};
pub use self::stream::TcpStream;
