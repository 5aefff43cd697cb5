//! Sockets on their way from the door to HTTP.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use crate::problem::{Kind, Problem};

/// Diverted sockets that wait for the HTTP thread; one more is answered 503.
pub const DIVERTED_MAX: usize = 256;

/// A socket that the door does not want, with what was read from it.
#[derive(Debug)]
pub struct Diverted {
    /// The socket; non-blocking.
    pub socket: TcpStream,
    /// Whom it is connected to.
    pub peer: SocketAddr,
    /// What was read from it.
    pub received: Vec<u8>,
}

impl Diverted {
    /// Answers 503 as far as the socket takes it without waiting, and closes.
    pub fn refuse(mut self) {
        let problem = Problem::new(Kind::Overloaded, "too many HTTP connections");
        // A peer whose fresh socket takes no 300 bytes does not read them either.
        let _ = self.socket.write_all(&problem.bytes());
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }
}
