//! Listeners: one a shard, on the same port, and how that port is given up to another process.
//!
//! The kernel ties a connection to one listener at its first packet, and resets what waits in the
//! queue of a listener that is closed, even where another process listens on the port. So before it
//! is closed a listener is deafened: it takes no first packets any more, but lets handshakes come to
//! their end. Whoever knocked meanwhile asks again after a second, as TCP does, and reaches the other.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Connections that a listener's queue holds before the shard accepts them.
const LISTEN_BACKLOG: i32 = 4_096;

/// Fails where somebody listens already. The shards' listeners would not: they share their port,
/// and with a second engine too, whose clients would then not hear those of the first.
pub(crate) fn probe(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())
}

/// A listener whose options the accepted sockets inherit.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    Ok(socket.into())
}

/// Has the kernel drop the first packet of every new connection to this listener, without an answer.
///
/// # Errors
/// The kernel has no such filter; then what comes while the listener is closed may be reset.
#[cfg(target_os = "linux")]
pub(crate) fn deafen(listener: &mio::net::TcpListener) -> io::Result<()> {
    use socket2::SockFilter;

    // Classic BPF, see the kernel's networking/filter.rst; a packet begins at its TCP header here.
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const FLAGS_AT: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    const DROP: u32 = 0;
    const KEEP_WHOLE: u32 = u32::MAX;
    let filter = [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS_AT),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, DROP),
        SockFilter::new(RETURN, 0, 0, KEEP_WHOLE),
    ];
    SockRef::from(listener).attach_filter(&filter)
}

/// As above, where there are no such filters.
///
/// # Errors
/// That there are none.
#[cfg(not(target_os = "linux"))]
pub(crate) fn deafen(_: &mio::net::TcpListener) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests;
