//! The bytes of one connection of the swarm: its socket, with TLS on it or without.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

use crate::load::tls::{Tls, TlsStream};

/// A socket that does not block.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    /// In a box, because it is many times as large.
    Tls(Box<TlsStream>),
}

impl Stream {
    /// What is spoken on a socket, which may still be connecting.
    ///
    /// # Errors
    /// As [`Tls::on`].
    pub(crate) fn on(socket: TcpStream, tls: Option<&Tls>) -> io::Result<Self> {
        Ok(match tls {
            None => Self::Plain(socket),
            Some(tls) => Self::Tls(Box::new(tls.on(socket)?)),
        })
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.socket(),
        }
    }

    /// Whether a read that did not fill its buffer may have left something that no event tells of.
    pub(crate) fn holds_more(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.holds_more(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
