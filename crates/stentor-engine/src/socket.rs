//! A socket, behind as few methods as will do, so that what lies below can be changed.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream as StdStream};
use std::os::fd::OwnedFd;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// A non-blocking TCP socket that its shard's poll knows, edge-triggered both ways.
#[derive(Debug)]
pub(crate) struct Socket(TcpStream);

/// What came of a read or a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// So many bytes; at the end of the peer's stream none.
    Bytes(usize),
    /// Nothing can be had or given now; an event will say when.
    Blocked,
    /// The connection is gone.
    Broken,
}

impl Socket {
    /// Takes a socket over; events about it carry `token`.
    pub(crate) fn register(
        mut stream: TcpStream,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Socket> {
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Socket(stream))
    }

    /// Gives the socket back, unknown to the poll.
    pub(crate) fn into_std(mut self, registry: &Registry) -> io::Result<StdStream> {
        registry.deregister(&mut self.0)?;
        Ok(StdStream::from(OwnedFd::from(self.0)))
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Transfer {
        retry(|| (&self.0).read(buffer))
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> Transfer {
        retry(|| (&self.0).write(bytes))
    }

    pub(crate) fn write_slices(&self, slices: &[IoSlice<'_>]) -> Transfer {
        retry(|| (&self.0).write_vectored(slices))
    }

    /// Says that nothing more will be written: the peer reads everything, then the end.
    pub(crate) fn finish(&self) {
        // A peer that is gone already has nothing to be told.
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

fn retry(mut transfer: impl FnMut() -> io::Result<usize>) -> Transfer {
    loop {
        match transfer() {
            Ok(bytes) => return Transfer::Bytes(bytes),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Transfer::Blocked,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Transfer::Broken,
        }
    }
}
