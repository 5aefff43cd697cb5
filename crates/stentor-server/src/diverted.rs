//! Sockets on their way from the door to HTTP.

#[cfg(test)]
mod tests;

use std::io::Read;
use std::net::SocketAddr;

use stentor_engine::Stream;

use crate::problem::Problem;

/// Diverted sockets that wait for the HTTP thread; one more is answered 503.
pub const DIVERTED_MAX: usize = 256;

/// How much of a request is read before its socket is closed on it, in bytes.
const UNREAD_BYTES_MAX: usize = 256 * 1024;

/// A socket that the door does not want, with what was read from it.
#[derive(Debug)]
pub struct Diverted {
    /// The socket; non-blocking.
    pub stream: Stream,
    /// Whom it is connected to.
    pub peer: SocketAddr,
    /// What was read from it.
    pub received: Vec<u8>,
}

impl Diverted {
    /// Answers as far as the socket takes it without waiting, and closes. What has arrived by then is
    /// read, up to 256 KiB: the system resets a connection that is closed with unread bytes, and the
    /// reset may overtake the answer.
    pub fn refuse(mut self, problem: &Problem) {
        self.stream.dismiss(&problem.bytes());
        let mut scratch = [0; 4096];
        let mut budget = UNREAD_BYTES_MAX;
        while budget > 0
            && let Ok(bytes @ 1..) = self.stream.socket.read(&mut scratch)
        {
            budget = budget.saturating_sub(bytes);
        }
    }
}
