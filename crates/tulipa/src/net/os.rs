//! Sockets as the descriptors they are, for what is not offered here: [`socket2::SockRef`] sets any option by one.

use super::tcp::{TcpListener, TcpStream};
use super::udp::UdpSocket;

#[cfg(unix)]
mod descriptors {
    use super::super::unix::{UnixListener, UnixStream};
    use super::*;
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    macro_rules! as_descriptor {
        ($($socket:ty),*) => { $(
            impl AsFd for $socket {
                fn as_fd(&self) -> BorrowedFd<'_> {
                    self.socket.as_fd()
                }
            }

            impl AsRawFd for $socket {
                fn as_raw_fd(&self) -> RawFd {
                    self.socket.as_raw_fd()
                }
            }
        )* };
    }

    as_descriptor!(TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream);
}

#[cfg(windows)]
mod handles {
    use super::*;
    use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

    macro_rules! as_socket {
        ($($socket:ty),*) => { $(
            impl AsSocket for $socket {
                fn as_socket(&self) -> BorrowedSocket<'_> {
                    self.socket.get_ref().as_socket()
                }
            }

            impl AsRawSocket for $socket {
                fn as_raw_socket(&self) -> RawSocket {
                    self.socket.get_ref().as_raw_socket()
                }
            }
        )* };
    }

    as_socket!(TcpListener, TcpStream, UdpSocket);
}

/// Whether a non-blocking `connect` that was refused has in fact begun.
pub(super) fn connect_has_begun(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) {
        return true;
    }
    error.kind() == std::io::ErrorKind::WouldBlock
}

/// Whether an address could not be had because this machine has none of its family.
pub(super) fn family_is_missing(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()) {
        return true;
    }
    error.kind() == std::io::ErrorKind::AddrNotAvailable
}
