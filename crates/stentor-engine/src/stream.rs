//! A socket as it is handed over: with its keys, where what is said on it is encrypted.

use std::io::{IoSlice, Write};
use std::net::{Shutdown, TcpStream};

use crate::tls::{Session, Workspace};

/// A TCP socket, plain or with a session of TLS that goes with it.
#[derive(Debug)]
pub struct Stream {
    /// The socket.
    pub socket: TcpStream,
    /// Its keys; `None` where it is plain.
    pub session: Option<Box<Session>>,
}

impl Stream {
    /// Writes an answer and our half's end, as far as the socket takes them without waiting; it is
    /// non-blocking.
    pub fn dismiss(&mut self, answer: &[u8]) {
        // A peer whose fresh socket takes no 300 bytes does not read them either.
        match &mut self.session {
            None => {
                let _ = self.socket.write(answer);
            }
            Some(session) => {
                let answer = [IoSlice::new(answer)];
                let _ = session.write(&mut self.socket, &mut Workspace::default(), &answer);
                session.finish(&mut self.socket);
            }
        }
        let _ = self.socket.shutdown(Shutdown::Write);
    }
}

impl From<TcpStream> for Stream {
    /// A plain one.
    fn from(socket: TcpStream) -> Stream {
        Stream { socket, session: None }
    }
}
