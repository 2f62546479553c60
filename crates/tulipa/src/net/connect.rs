//! `open_connection`: from a name to a stream.

use super::addr::resolve;
use super::error::AddressError;
use super::happy_eyeballs::{interleave, race};
use super::tcp::{TcpStream, connect_to};
use std::io;
use std::time::Duration;

/// How long an attempt has before the next address is tried beside it: what RFC 8305, section 8, recommends.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to a host by name or address, as fast as its fastest address lets: asyncio's `open_connection`, with the
/// Happy Eyeballs of RFC 8305.
///
/// The addresses are tried with IPv6 and IPv4 in turn, in the order that the system gives them otherwise. Each has a quarter
/// of a second before the next is tried beside it, which happens at once when one fails. The first connection that
/// stands is the result, and the other attempts are given up.
///
/// Small writes are sent at once ([`set_nodelay`](TcpStream::set_nodelay)), as in asyncio.
///
/// The system looks up both kinds of addresses in one go, on the blocking pool; so unlike in the RFC, no attempt
/// begins while half of the answer is out.
///
/// # Errors
///
/// [`AddressError`], with every address and why it failed; else what the look-up says.
///
/// # Cancellation
///
/// A request is left to the scopes around it. Dropped, it gives up all attempts.
///
/// # Examples
///
/// ```
/// use tulipa::net::{TcpListener, open_connection};
///
/// # tulipa::run(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let port = listener.local_addr()?.port();
/// let stream = open_connection("localhost", port).await?; // whether or not ::1 comes first
/// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub async fn open_connection(host: impl AsRef<str>, port: u16) -> io::Result<TcpStream> {
    let resolved = resolve(&(host.as_ref(), port)).await?;
    let addresses = interleave(resolved.addresses);
    let delay = || tulipa_timers::sleep(ATTEMPT_DELAY);
    match race(addresses, connect_to, delay).await {
        Ok(stream) => {
            stream.send_at_once();
            Ok(stream)
        }
        Err(failures) => Err(AddressError::with("connect to", resolved.name, failures).into()),
    }
}
