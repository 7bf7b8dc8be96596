//! The socket that a listener listens on.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::{TcpListener, TcpSocket};

/// How many connections the system keeps for us until we take them; it takes fewer where its own limit is lower.
const BACKLOG: u32 = 1024;

/// Whether others of the same user may have the port as well.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    Own,
    Shared,
}

/// Listens. `0.0.0.0` is every address of the machine, those of IPv6 too, as for the existing program (Go's `net.Listen`).
pub(crate) fn listen(address: SocketAddr, port: Port) -> io::Result<TcpListener> {
    bound(address, port)?.listen(BACKLOG)
}

/// Whether somebody listens there at this moment.
pub(crate) fn is_taken(address: SocketAddr) -> bool {
    bound(address, Port::Own).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// Where somebody is, also if what was listened on is of both kinds.
pub(crate) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn bound(address: SocketAddr, port: Port) -> io::Result<TcpSocket> {
    if address.ip() == IpAddr::V4(Ipv4Addr::UNSPECIFIED) {
        let both = bound_to(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), address.port()), port);
        // A machine may have no IPv6.
        if both.as_ref().map_or_else(|error| error.kind() == io::ErrorKind::AddrInUse, |_| true) {
            return both;
        }
    }
    bound_to(address, port)
}

/// One that connections which ended a moment ago keep from nothing.
fn bound_to(address: SocketAddr, port: Port) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        socket2::SockRef::from(&socket).set_only_v6(false)?;
    }
    #[cfg(unix)]
    {
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(port == Port::Shared)?;
    }
    #[cfg(not(unix))]
    let _ = port;
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr, TcpStream};

    use super::{Port, listen, plain};

    #[tokio::test]
    async fn every_address_is_every_address_of_both_kinds() {
        let has_both = std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        let listener = listen((Ipv4Addr::UNSPECIFIED, 0).into(), Port::Own).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let _four = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("IPv4");
        let (_, client) = listener.accept().await.expect("somebody");
        assert_eq!(plain(client).ip(), Ipv4Addr::LOCALHOST);
        assert_eq!(TcpStream::connect((Ipv6Addr::LOCALHOST, port)).is_ok(), has_both);
        let four = listen((Ipv4Addr::LOCALHOST, 0).into(), Port::Own).expect("a port");
        let port = four.local_addr().expect("an address").port();
        assert!(TcpStream::connect((Ipv6Addr::LOCALHOST, port)).is_err(), "and no other is");
    }
}
