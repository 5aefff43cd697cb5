//! The sockets of a second process that sends: it listens, and takes all of them in.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use socket2::{Domain, Socket, Type};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4_096;

/// Listens, says where on a line, and takes so many sockets in; none of them blocks or delays.
///
/// # Errors
/// If the system refuses, or descriptors run out.
pub(crate) fn take_in(count: usize) -> io::Result<Vec<TcpStream>> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    listener.listen(BACKLOG)?;
    let listener: TcpListener = listener.into();
    println!("{}", listener.local_addr()?.port());
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let (socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        sockets.push(socket);
    }
    Ok(sockets)
}
