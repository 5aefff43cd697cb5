//! A diverted socket in the runtime of HTTP, plain or with its TLS.

use std::cell::RefCell;
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use stentor_engine::Stream;
use stentor_engine::tls::{Received, Session, Workspace};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What one read may bring.
const READ_BYTES: usize = 64 * 1024;

/// Memory that the TLS of all HTTP connections works with, one at a time.
#[derive(Debug, Default)]
pub(super) struct Workbench {
    workspace: Workspace,
    read: Vec<u8>,
}

/// A socket and what is spoken on it.
#[derive(Debug)]
pub(super) struct Transport {
    socket: TcpStream,
    /// `None` where it is plain, and once goodbye was said.
    tls: Option<Tls>,
}

#[derive(Debug)]
struct Tls {
    session: Box<Session>,
    workbench: Rc<RefCell<Workbench>>,
    /// What came and was not asked for yet.
    unread: Vec<u8>,
}

impl Transport {
    /// Takes a non-blocking socket into the runtime.
    ///
    /// # Errors
    /// The runtime's.
    pub(super) fn new(stream: Stream, workbench: &Rc<RefCell<Workbench>>) -> io::Result<Transport> {
        let Stream { socket, session } = stream;
        let tls = session.map(|session| Tls {
            session,
            workbench: Rc::clone(workbench),
            unread: Vec::new(),
        });
        Ok(Transport { socket: TcpStream::from_std(socket)?, tls })
    }

    /// Takes it out again, with what came and was not asked for.
    ///
    /// # Errors
    /// The runtime's.
    pub(super) fn into_stream(self) -> io::Result<(Stream, Vec<u8>)> {
        let socket = self.socket.into_std()?;
        Ok(match self.tls {
            None => (Stream::from(socket), Vec::new()),
            Some(tls) => (Stream { socket, session: Some(tls.session) }, tls.unread),
        })
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Transport { socket, tls } = self.get_mut();
        let Some(tls) = tls else { return Pin::new(socket).poll_read(context, buffer) };
        while tls.unread.is_empty() {
            ready!(socket.poll_read_ready(context))?;
            match tls.read(socket) {
                Ok(Received::Bytes { .. }) => {}
                Ok(Received::End) => return Poll::Ready(Ok(())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let count = tls.unread.len().min(buffer.remaining());
        buffer.put_slice(&tls.unread[..count]);
        tls.unread.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Transport { socket, tls } = self.get_mut();
        let Some(tls) = tls else { return Pin::new(socket).poll_write(context, bytes) };
        poll_writing(socket, context, |socket| {
            let workspace = &mut tls.workbench.borrow_mut().workspace;
            tls.session.write(&mut Trying(socket), workspace, &[IoSlice::new(bytes)])
        })
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Transport { socket, tls } = self.get_mut();
        let Some(tls) = tls else { return Pin::new(socket).poll_flush(context) };
        poll_writing(socket, context, |socket| tls.session.flush(&mut Trying(socket)))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Transport { socket, tls } = self.get_mut();
        // What comes behind the goodbye is read as it stands: nobody looks at it, and its bytes count.
        if let Some(mut tls) = tls.take() {
            tls.session.finish(&mut Trying(socket));
        }
        Pin::new(socket).poll_shutdown(context)
    }
}

impl Tls {
    /// Reads once from the socket, behind what is unread.
    fn read(&mut self, socket: &TcpStream) -> io::Result<Received> {
        let Workbench { workspace, read } = &mut *self.workbench.borrow_mut();
        read.resize(READ_BYTES, 0);
        let received = self.session.read(&mut Trying(socket), workspace, read)?;
        if let Received::Bytes { count, .. } = received {
            self.unread.extend_from_slice(&read[..count]);
        }
        Ok(received)
    }
}

/// Writes until the socket blocks, and then waits for it.
fn poll_writing<T>(
    socket: &TcpStream,
    context: &mut Context<'_>,
    mut write: impl FnMut(&TcpStream) -> io::Result<T>,
) -> Poll<io::Result<T>> {
    loop {
        ready!(socket.poll_write_ready(context))?;
        match write(socket) {
            // The runtime has taken note of that: it wakes this once there is room.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            outcome => return Poll::Ready(outcome),
        }
    }
}

/// A socket of the runtime, to be tried: what blocks is asked for again once the runtime says so.
struct Trying<'a>(&'a TcpStream);

impl Read for Trying<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Trying<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
