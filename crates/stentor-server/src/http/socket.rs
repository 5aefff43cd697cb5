//! A diverted socket as hyper sees it.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use stentor_engine::Admission;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::transport::Transport;

/// How a service tells its socket that an upgrade was granted.
///
/// From then on what hyper writes is kept back: the engine sends it, once the connection is a
/// member of its rooms.
#[derive(Debug, Default)]
pub(super) struct Handover {
    holds_back: Cell<bool>,
    admission: RefCell<Option<Box<Admission>>>,
}

impl Handover {
    /// The socket becomes a WebSocket behind this answer.
    pub(super) fn grant(&self, admission: Box<Admission>) {
        self.holds_back.set(true);
        self.admission.replace(Some(admission));
    }

    /// What was granted.
    pub(super) fn take(&self) -> Option<Box<Admission>> {
        self.admission.take()
    }
}

/// First what the door read, then the socket. Writes reach the socket until an upgrade is granted;
/// a peer that reads nothing of its answer for so long is given up.
#[derive(Debug)]
pub(super) struct HttpSocket {
    received: Vec<u8>,
    received_offset: usize,
    transport: Transport,
    handover: Rc<Handover>,
    held_back: Vec<u8>,
    write_timeout: Duration,
    /// Runs while the peer reads nothing of what it is owed.
    write_deadline: Option<Pin<Box<Sleep>>>,
}

/// A socket taken back from hyper.
#[derive(Debug)]
pub(super) struct TakenBack {
    pub(super) transport: Transport,
    /// What the door had read and hyper did not want.
    pub(super) unread: Vec<u8>,
    /// What hyper wrote since the upgrade was granted.
    pub(super) held_back: Vec<u8>,
}

impl HttpSocket {
    /// Reads `received` before `transport`.
    pub(super) fn new(
        received: Vec<u8>,
        transport: Transport,
        write_timeout: Duration,
        handover: Rc<Handover>,
    ) -> HttpSocket {
        HttpSocket {
            received,
            received_offset: 0,
            transport,
            handover,
            held_back: Vec::new(),
            write_timeout,
            write_deadline: None,
        }
    }

    /// The socket and what is left in between.
    pub(super) fn take_back(mut self) -> TakenBack {
        let unread = self.received.split_off(self.received_offset);
        TakenBack { transport: self.transport, unread, held_back: self.held_back }
    }
}

impl AsyncRead for HttpSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unread = &self.received[self.received_offset..];
        if unread.is_empty() {
            return Pin::new(&mut self.transport).poll_read(context, buffer);
        }
        let bytes = unread.len().min(buffer.remaining());
        buffer.put_slice(&unread[..bytes]);
        self.received_offset += bytes;
        if self.received_offset == self.received.len() {
            self.received = Vec::new();
            self.received_offset = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HttpSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.handover.holds_back.get() {
            self.held_back.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        let outcome = Pin::new(&mut self.transport).poll_write(context, bytes);
        if outcome.is_ready() {
            self.write_deadline = None;
            return outcome;
        }
        let timeout = self.write_timeout;
        let deadline = self.write_deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
        deadline.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(context)
    }
}
