//! A socket that is all in memory: hyper reads a head from it and writes an answer into it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};

/// The bytes that arrived, and those that are to be sent.
#[derive(Debug)]
pub(super) struct MemoryIo<'a> {
    unread: &'a [u8],
    written: Vec<u8>,
}

impl<'a> MemoryIo<'a> {
    /// Reads from `unread`, writes behind what `written` holds.
    pub(super) fn new(unread: &'a [u8], written: Vec<u8>) -> MemoryIo<'a> {
        MemoryIo { unread, written }
    }

    /// What was written.
    pub(super) fn into_written(self) -> Vec<u8> {
        self.written
    }
}

impl Read for MemoryIo<'_> {
    /// Pending where all is read: more would have to come from a socket.
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Poll::Pending;
        }
        let (now, later) = self.unread.split_at(self.unread.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.unread = later;
        Poll::Ready(Ok(()))
    }
}

impl Write for MemoryIo<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
