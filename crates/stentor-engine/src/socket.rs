//! A socket, behind as few methods as will do, so that what lies below can be changed.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream as StdStream};
use std::os::fd::OwnedFd;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::interrupted::retry;
use crate::stream::Stream;
use crate::tls::{Received, Session, Workspace};

/// A non-blocking TCP socket that its shard's poll knows, edge-triggered both ways.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    /// `None` where it is plain.
    session: Option<Box<Session>>,
}

/// What came of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// So many bytes; none where only the session had something.
    Bytes {
        count: usize,
        /// There may be more, and no event will say so.
        has_more: bool,
    },
    /// Nothing is there now; an event will say when.
    Blocked,
    /// The peer says nothing more.
    Ended,
    /// What came is not what a session of TLS may say.
    Garbled,
    /// The connection is gone.
    Broken,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// So many bytes were taken.
    Taken(usize),
    /// The connection is gone.
    Broken,
}

impl Socket {
    /// Takes a socket over; events about it carry `token`.
    pub(crate) fn register(
        mut stream: TcpStream,
        session: Option<Box<Session>>,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Socket> {
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Socket { stream, session })
    }

    /// Gives the socket back, unknown to the poll.
    pub(crate) fn into_stream(mut self, registry: &Registry) -> io::Result<Stream> {
        registry.deregister(&mut self.stream)?;
        let socket = StdStream::from(OwnedFd::from(self.stream));
        Ok(Stream { socket, session: self.session })
    }

    /// Reads once. `buffer` holds 64 KiB at least.
    pub(crate) fn read(&mut self, buffer: &mut [u8], workspace: &mut Workspace) -> Reading {
        let read = match &mut self.session {
            None => retry(|| self.stream.read(buffer)).map(|count| match count {
                0 => Received::End,
                count => Received::Bytes { count, has_more: count == buffer.len() },
            }),
            Some(session) => session.read(&mut self.stream, workspace, buffer),
        };
        match read {
            Ok(Received::Bytes { count, has_more }) => Reading::Bytes { count, has_more },
            Ok(Received::End) => Reading::Ended,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Reading::Blocked,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::debug!(%error, "no TLS");
                Reading::Garbled
            }
            Err(_) => Reading::Broken,
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8], workspace: &mut Workspace) -> Writing {
        written(match &mut self.session {
            None => retry(|| self.stream.write(bytes)),
            Some(session) => session.write(&mut self.stream, workspace, &[IoSlice::new(bytes)]),
        })
    }

    pub(crate) fn write_slices(
        &mut self,
        slices: &[IoSlice<'_>],
        workspace: &mut Workspace,
    ) -> Writing {
        written(match &mut self.session {
            None => retry(|| self.stream.write_vectored(slices)),
            Some(session) => session.write(&mut self.stream, workspace, slices),
        })
    }

    /// The socket has room again: what the session itself has to say goes out.
    pub(crate) fn handle_writable(&mut self) {
        if let Some(session) = &mut self.session {
            // What is wrong with the socket is told by the next read.
            let _ = session.flush(&mut self.stream);
        }
    }

    /// Takes what came first for what it is; `true` where it is plain on a socket of TLS. What is
    /// written from then on is plain too.
    pub(crate) fn give_up_tls(&mut self) -> bool {
        let is_plain = self.session.as_ref().is_some_and(|session| session.is_plain());
        if is_plain {
            self.session = None;
        }
        is_plain
    }

    /// Reads what has arrived and drops it: the system resets a connection that is closed with unread
    /// bytes, and the reset may overtake what was written.
    pub(crate) fn drop_arrived(&mut self) {
        let _ = retry(|| self.stream.read(&mut [0; 4_096]));
    }

    /// Says that nothing more will be written: the peer reads everything, then the end.
    pub(crate) fn finish(&mut self) {
        if let Some(session) = &mut self.session {
            session.finish(&mut self.stream);
        }
        // A peer that is gone already has nothing to be told.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

fn written(outcome: io::Result<usize>) -> Writing {
    match outcome {
        Ok(taken) => Writing::Taken(taken),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Writing::Taken(0),
        Err(_) => Writing::Broken,
    }
}
