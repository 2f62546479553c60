//! What goes wrong before there is a socket. Both errors travel inside an [`io::Error`], as all errors of sockets do.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Connecting or binding failed for every address that it was tried with.
///
/// The kind of the [`io::Error`] around it is the one that all failures have, or
/// [`Other`](io::ErrorKind::Other) if they differ.
///
/// # Examples
///
/// ```
/// use tulipa::net::{AddressError, TcpStream};
///
/// # tulipa::run(async {
/// let gone = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?; // closed again
/// let error = TcpStream::connect(gone).await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// assert!(error.to_string().starts_with(&format!("cannot connect to {gone}: ")));
///
/// let error = error.downcast::<AddressError>().unwrap();
/// assert_eq!(error.failures()[0].0, gone);
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct AddressError {
    operation: &'static str,
    name: Option<String>,
    failures: Vec<(SocketAddr, io::Error)>,
}

impl AddressError {
    /// `operation` completes "cannot ..".
    pub(super) fn new(operation: &'static str, name: Option<String>) -> Self {
        Self::with(operation, name, Vec::new())
    }

    pub(super) fn with(
        operation: &'static str,
        name: Option<String>,
        failures: Vec<(SocketAddr, io::Error)>,
    ) -> Self {
        Self {
            operation,
            name,
            failures,
        }
    }

    pub(super) fn add(&mut self, address: SocketAddr, error: io::Error) {
        self.failures.push((address, error));
    }

    /// The addresses, in the order in which they failed, each with the reason.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn show(error: &tulipa::net::AddressError) {
    /// for (address, why) in error.failures() {
    ///     eprintln!("{address} did not answer: {why}");
    /// }
    /// # }
    /// # let _ = show;
    /// ```
    pub fn failures(&self) -> &[(SocketAddr, io::Error)] {
        &self.failures
    }

    fn kind(&self) -> io::ErrorKind {
        let mut kinds = self.failures.iter().map(|(_, error)| error.kind());
        let Some(first) = kinds.next() else {
            return io::ErrorKind::InvalidInput; // somebody passed an empty list
        };
        if kinds.all(|kind| kind == first) {
            first
        } else {
            io::ErrorKind::Other
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.operation)?;
        if self.failures.is_empty() {
            return f.write_str(" an empty list of addresses");
        }
        if let Some(name) = &self.name {
            write!(f, " {name}:")?;
        }
        for (count, (address, error)) in self.failures.iter().enumerate() {
            let separator = if count == 0 { "" } else { ";" };
            write!(f, "{separator} {address}: {error}")?;
        }
        Ok(())
    }
}

impl Error for AddressError {}

impl From<AddressError> for io::Error {
    fn from(error: AddressError) -> Self {
        Self::new(error.kind(), error)
    }
}

/// A socket was made, or a name looked up, where no runtime could wait for it.
///
/// # Examples
///
/// ```
/// use tulipa::net::{NoRuntime, UdpSocket};
///
/// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// let error = UdpSocket::from_std(socket).unwrap_err();
/// assert!(error.to_string().starts_with("UdpSocket::from_std outside of a runtime"));
/// assert!(error.downcast::<NoRuntime>().is_ok());
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRuntime {
    pub(super) call: &'static str,
}

impl fmt::Display for NoRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} outside of a runtime: call it in a task, or in what `tulipa::run` runs",
            self.call
        )
    }
}

impl Error for NoRuntime {}

impl From<NoRuntime> for io::Error {
    fn from(error: NoRuntime) -> Self {
        Self::other(error)
    }
}

#[cfg(test)]
mod tests {
    use super::AddressError;
    use std::io::{self, ErrorKind};

    fn error(name: Option<&str>, kinds: &[ErrorKind]) -> io::Error {
        let mut error = AddressError::new("connect to", name.map(String::from));
        for (port, kind) in (1..).zip(kinds) {
            error.add(([127, 0, 0, 1], port).into(), (*kind).into());
        }
        error.into()
    }

    #[test]
    fn every_address_and_its_reason_is_named() {
        let error = error(
            Some("tulip.test:80"),
            &[ErrorKind::ConnectionRefused, ErrorKind::TimedOut],
        );
        assert_eq!(
            error.to_string(),
            "cannot connect to tulip.test:80: 127.0.0.1:1: connection refused; 127.0.0.1:2: timed out"
        );
    }

    #[test]
    fn a_literal_address_is_named_once() {
        let error = error(None, &[ErrorKind::TimedOut]);
        assert_eq!(
            error.to_string(),
            "cannot connect to 127.0.0.1:1: timed out"
        );
    }

    #[test]
    fn an_empty_list_is_the_callers_mistake() {
        let error = error(None, &[]);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            "cannot connect to an empty list of addresses"
        );
    }

    #[test]
    fn the_kind_is_the_one_that_all_failures_share() {
        let refused = ErrorKind::ConnectionRefused;
        assert_eq!(error(None, &[refused, refused]).kind(), refused);
        assert_eq!(
            error(None, &[refused, ErrorKind::TimedOut]).kind(),
            ErrorKind::Other
        );
    }
}
