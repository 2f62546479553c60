//! What one may write for an address, and looking names up.

use super::error::NoRuntime;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// What stands for one or more addresses: an address, an IP address or host name with a port, as a pair or in a
/// string (`"tulip.test:80"`), or a slice of addresses.
///
/// The namesake in `std` looks names up there and then, and so blocks. This one only says what is to be
/// [looked up](Target::Name); whoever takes it does so on the blocking pool. Addresses are not looked up.
///
/// # Examples
///
/// ```
/// use tulipa::net::{Target, ToSocketAddrs};
///
/// /// An address from our own configuration.
/// struct Peer { host: String, port: u16 }
///
/// impl ToSocketAddrs for Peer {
///     fn to_target(&self) -> std::io::Result<Target> {
///         (self.host.as_str(), self.port).to_target()
///     }
/// }
///
/// let peer = Peer { host: "127.0.0.1".into(), port: 80 };
/// assert_eq!(peer.to_target()?, Target::Addresses(vec!["127.0.0.1:80".parse().unwrap()]));
/// # std::io::Result::Ok(())
/// ```
pub trait ToSocketAddrs {
    /// The addresses, or the name to look up. Must not block.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it can stand for no address.
    fn to_target(&self) -> io::Result<Target>;
}

/// What a [`ToSocketAddrs`] stands for.
///
/// # Examples
///
/// ```
/// use tulipa::net::{Target, ToSocketAddrs};
///
/// let target = "tulip.test:80".to_target()?;
/// assert_eq!(target, Target::Name { host: "tulip.test".into(), port: 80 });
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Addresses, in the order in which to try them.
    Addresses(Vec<SocketAddr>),
    /// A host whose addresses are to be looked up.
    Name {
        /// Its name.
        host: String,
        /// The port, which goes with every address that is found.
        port: u16,
    },
}

/// Looks up the addresses of a host: asyncio's `getaddrinfo`.
///
/// The system's resolver is asked, on the blocking pool, and its order is kept. An address is its own answer.
///
/// # Errors
///
/// What the resolver reports, with the name in front; [`InvalidInput`](io::ErrorKind::InvalidInput) if `host` can
/// stand for no address; [`NoRuntime`] outside of a runtime.
///
/// # Cancellation
///
/// A request is left to the scopes around it. A resolver cannot be interrupted: it goes on, and its answer is dropped.
///
/// # Examples
///
/// ```
/// # tulipa::run(async {
/// let addresses = tulipa::net::lookup_host("localhost:80").await?;
/// assert!(addresses.iter().all(|address| address.ip().is_loopback()));
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub async fn lookup_host(host: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    Ok(resolve(&host).await?.addresses)
}

/// Addresses, and the name that they were found under.
pub(super) struct Resolved {
    pub(super) name: Option<String>,
    pub(super) addresses: Vec<SocketAddr>,
}

pub(super) async fn resolve(target: &(impl ToSocketAddrs + ?Sized)) -> io::Result<Resolved> {
    let (host, port) = match target.to_target()? {
        Target::Addresses(addresses) => {
            return Ok(Resolved {
                name: None,
                addresses,
            });
        }
        Target::Name { host, port } => (host, port),
    };
    if crate::Handle::current().is_none() {
        let call = "looking a name up";
        return Err(NoRuntime { call }.into());
    }
    let name = format!("{host}:{port}");
    match ask_resolver(host, port).await {
        Ok(addresses) => Ok(Resolved {
            name: Some(name),
            addresses,
        }),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("cannot look up {name}: {error}"),
        )),
    }
}

async fn ask_resolver(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let asked = crate::to_thread(move || {
        let found = std::net::ToSocketAddrs::to_socket_addrs(&(host.as_str(), port))?;
        Ok(found.collect())
    });
    asked
        .await
        .unwrap_or_else(|lost| Err(io::Error::other(lost)))
}

impl ToSocketAddrs for SocketAddr {
    fn to_target(&self) -> io::Result<Target> {
        Ok(Target::Addresses(vec![*self]))
    }
}

impl ToSocketAddrs for SocketAddrV4 {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::V4(*self).to_target()
    }
}

impl ToSocketAddrs for SocketAddrV6 {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::V6(*self).to_target()
    }
}

impl ToSocketAddrs for (IpAddr, u16) {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::from(*self).to_target()
    }
}

impl ToSocketAddrs for (Ipv4Addr, u16) {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::from(*self).to_target()
    }
}

impl ToSocketAddrs for (Ipv6Addr, u16) {
    fn to_target(&self) -> io::Result<Target> {
        SocketAddr::from(*self).to_target()
    }
}

impl ToSocketAddrs for [SocketAddr] {
    fn to_target(&self) -> io::Result<Target> {
        Ok(Target::Addresses(self.to_vec()))
    }
}

impl<const N: usize> ToSocketAddrs for [SocketAddr; N] {
    fn to_target(&self) -> io::Result<Target> {
        self.as_slice().to_target()
    }
}

impl ToSocketAddrs for Vec<SocketAddr> {
    fn to_target(&self) -> io::Result<Target> {
        self.as_slice().to_target()
    }
}

impl ToSocketAddrs for (&str, u16) {
    fn to_target(&self) -> io::Result<Target> {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(ip) => (ip, port).to_target(),
            Err(_) => Ok(Target::Name {
                host: host.into(),
                port,
            }),
        }
    }
}

impl ToSocketAddrs for (String, u16) {
    fn to_target(&self) -> io::Result<Target> {
        (self.0.as_str(), self.1).to_target()
    }
}

impl ToSocketAddrs for str {
    fn to_target(&self) -> io::Result<Target> {
        if let Ok(address) = self.parse::<SocketAddr>() {
            return address.to_target();
        }
        let (host, port) = self
            .rsplit_once(':')
            .ok_or_else(|| not_an_address(self, "it has no port"))?;
        let port = port
            .parse()
            .map_err(|_| not_an_address(self, "its port is not a number below 65536"))?;
        (host, port).to_target()
    }
}

impl ToSocketAddrs for String {
    fn to_target(&self) -> io::Result<Target> {
        self.as_str().to_target()
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    fn to_target(&self) -> io::Result<Target> {
        (**self).to_target()
    }
}

fn not_an_address(text: &str, why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{text:?} is no address: {why}; write \"host:port\""),
    )
}

#[cfg(test)]
mod tests {
    use super::{Target, ToSocketAddrs};
    use std::io::ErrorKind;

    fn name(host: &str, port: u16) -> Target {
        Target::Name {
            host: host.into(),
            port,
        }
    }

    #[test]
    fn addresses_in_strings_are_not_looked_up() {
        for (text, meant) in [("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:80", "[::1]:80")] {
            let address = meant.parse().unwrap();
            assert_eq!(text.to_target().unwrap(), Target::Addresses(vec![address]));
        }
        let pair = ("::1", 80).to_target().unwrap();
        assert_eq!(pair, Target::Addresses(vec!["[::1]:80".parse().unwrap()]));
    }

    #[test]
    fn names_are_to_be_looked_up() {
        assert_eq!("tulip.test:80".to_target().unwrap(), name("tulip.test", 80));
        assert_eq!(
            ("tulip.test".to_owned(), 80).to_target().unwrap(),
            name("tulip.test", 80)
        );
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, why) in [
            ("tulip.test", "no port"),
            ("tulip.test:http", "not a number"),
            ("tulip.test:65536", "below 65536"),
            ("", "no port"),
        ] {
            let error = text.to_target().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
