//! One connection's TLS, the server's half (RFC 8446, RFC 5246).

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, UnbufferedStatus};

use super::Workspace;
use super::workspace::{RECEIVED_BYTES, SENDING_BYTES};
use crate::interrupted::retry;

/// The most that one record carries (RFC 8446 section 5.1).
pub(super) const RECORD_BYTES: usize = 16 * 1024;

/// What may wait for a socket that takes nothing, in bytes: a record, and what a handshake says. A
/// peer that makes it more, and reads nothing, is given up.
const OUTGOING_BYTES_MAX: usize = 64 * 1024;

/// What the end takes, and what may have to be said before it.
const FINISHING_BYTES: usize = 1_024;

/// The first byte of a record that begins a handshake.
pub(super) const HANDSHAKE_RECORD: u8 = 22;

/// The keys of one connection, and what it is in the middle of.
pub struct Session {
    connection: UnbufferedServerConnection,
    /// The beginning of a record, or of a message of the handshake.
    incoming: Vec<u8>,
    /// Records that the socket has not taken.
    outgoing: Vec<u8>,
    /// The last byte of what was written was encrypted and reported as not taken.
    is_ahead: bool,
    /// The peer has said that nothing more comes.
    has_ended: bool,
    progress: Progress,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing has come yet.
    New,
    /// What came first is not TLS.
    Plain,
    /// Under way, or done.
    Begun,
    /// The peer was told that nothing more comes.
    Finished,
    /// What came was not what may come; nothing more is read or written.
    Failed,
}

/// What came of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// So many bytes; none where all that came was a part of a record, or for the session alone.
    Bytes {
        /// How many.
        count: usize,
        /// The socket may have more.
        has_more: bool,
    },
    /// The peer says nothing more.
    End,
}

impl Session {
    /// A session that waits for its peer's first word.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn new(config: Arc<ServerConfig>) -> Result<Session, rustls::Error> {
        Ok(Session {
            connection: UnbufferedServerConnection::new(config)?,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            is_ahead: false,
            has_ended: false,
            progress: Progress::New,
        })
    }

    /// Whether what came first is not TLS at all, so that its sender would not understand it either.
    pub fn is_plain(&self) -> bool {
        self.progress == Progress::Plain
    }

    /// Reads once from the socket, and answers what is for the session. `buffer` holds at least 64 KiB,
    /// as much as one read takes.
    ///
    /// # Errors
    /// The socket's, `WouldBlock` among them; `InvalidData` where what came is no TLS, or not what
    /// the peer may say: the peer has been told what was wrong, as far as its socket takes it.
    pub fn read(
        &mut self,
        socket: &mut (impl Read + Write),
        workspace: &mut Workspace,
        buffer: &mut [u8],
    ) -> io::Result<Received> {
        debug_assert!(buffer.len() >= RECEIVED_BYTES, "less than a read may bring");
        if self.has_ended {
            return Ok(Received::End);
        }
        let received = workspace.received();
        if matches!(self.progress, Progress::Failed | Progress::Finished) {
            return drop_arrived(socket, received);
        }
        let kept = self.incoming.len();
        received[..kept].copy_from_slice(&self.incoming);
        let room = &mut received[kept..];
        if room.is_empty() {
            self.progress = Progress::Failed;
            return Err(invalid("a message of the handshake is too long"));
        }
        let count = retry(|| socket.read(room))?;
        if count == 0 {
            return Ok(Received::End);
        }
        let is_drained = count < room.len();
        if self.progress == Progress::New {
            let is_tls = received[0] == HANDSHAKE_RECORD;
            self.progress = if is_tls { Progress::Begun } else { Progress::Plain };
        }
        if self.is_plain() {
            return Err(invalid("what came is no TLS"));
        }
        let taken = self.take(&mut received[..kept + count], buffer);
        let flushed = self.flush_some(socket);
        let count = taken?;
        if count == 0 {
            // What came before the socket broke is read first.
            flushed?;
        }
        if self.outgoing.len() > OUTGOING_BYTES_MAX {
            return Err(invalid("the peer makes us answer and does not read"));
        }
        Ok(Received::Bytes { count, has_more: !is_drained || self.has_ended })
    }

    /// Writes slices that lie one behind the other, and returns how many of their bytes count as
    /// taken. Where that is less than all, the socket is full; the next write begins with the
    /// first byte that was not taken. Where only a last byte was not, it must be the same then.
    ///
    /// # Errors
    /// The socket's, `WouldBlock` among them where nothing was taken; `NotConnected` before the
    /// handshake is over, and behind the session's end.
    pub fn write(
        &mut self,
        socket: &mut impl Write,
        workspace: &mut Workspace,
        slices: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        let offered: usize = slices.iter().map(|slice| slice.len()).sum();
        self.flush(socket)?;
        if self.progress != Progress::Begun {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if offered == 0 {
            return Ok(0);
        }
        let mut taken = usize::from(std::mem::take(&mut self.is_ahead));
        while taken < offered {
            let (bytes, sending) = workspace.gather(slices, taken);
            let sealed = self.seal(Sealed::Bytes(bytes), sending)?;
            taken += bytes.len();
            let sent = send(socket, &sending[..sealed])?;
            if sent < sealed {
                self.outgoing.extend_from_slice(&sending[sent..sealed]);
                // Less than was offered says by itself that the socket is full. The last byte of a
                // frame is the only one that may be kept back: of a frame whose first byte has gone
                // out nothing is dropped any more, of one that counts as unsent it may be.
                self.is_ahead = taken == offered;
                taken -= usize::from(self.is_ahead);
                return if taken > 0 { Ok(taken) } else { Err(io::ErrorKind::WouldBlock.into()) };
            }
        }
        Ok(taken)
    }

    /// Writes what waits for the socket.
    ///
    /// # Errors
    /// The socket's; `WouldBlock` where it has not taken all.
    pub fn flush(&mut self, socket: &mut impl Write) -> io::Result<()> {
        self.flush_some(socket)?;
        if self.outgoing.is_empty() { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    /// Says that nothing more will be written (`close_notify`), as far as the socket takes that. What
    /// comes from then on is read and dropped, and costs no handshake.
    pub fn finish(&mut self, socket: &mut impl Write) {
        let mut sending = [0; FINISHING_BYTES];
        // Before the handshake is over there is nothing to be ended.
        if self.progress == Progress::Begun
            && let Ok(sealed) = self.seal(Sealed::End, &mut sending)
        {
            self.outgoing.extend_from_slice(&sending[..sealed]);
        }
        if matches!(self.progress, Progress::New | Progress::Begun) {
            self.progress = Progress::Finished;
            self.incoming = Vec::new();
        }
        // A peer that is gone or reads nothing learns it from the socket's end.
        let _ = self.flush_some(socket);
    }

    /// What the session keeps beside its keys.
    #[cfg(test)]
    pub(super) fn kept_bytes(&self) -> usize {
        self.incoming.capacity() + self.outgoing.capacity()
    }

    fn flush_some(&mut self, socket: &mut impl Write) -> io::Result<()> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let sent = send(socket, &self.outgoing)?;
        if sent == self.outgoing.len() {
            self.outgoing = Vec::new();
        } else {
            self.outgoing.drain(..sent);
        }
        Ok(())
    }

    /// Takes records; returns how many bytes they brought. What is left of them is kept.
    fn take(&mut self, records: &mut [u8], buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        let mut count = 0;
        let outcome = loop {
            let step = self.step(&mut records[done..], &mut buffer[count..]);
            done += step.done;
            count += step.count;
            match step.outcome {
                Ok(Outcome::GoesOn) => {}
                Ok(Outcome::IsOver) => break Ok(count),
                Err(fault) => {
                    self.complain(&mut records[done..]);
                    break Err(fault);
                }
            }
        };
        self.keep(&records[done..]);
        outcome
    }

    /// One step of a session: `records` are all that has come and is not done with.
    fn step(&mut self, records: &mut [u8], buffer: &mut [u8]) -> Step {
        let UnbufferedStatus { mut discard, state } = self.connection.process_tls_records(records);
        let mut count = 0;
        let outcome = match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => loop {
                match traffic.next_record() {
                    Some(Ok(record)) => {
                        let end = count + record.payload.len();
                        buffer[count..end].copy_from_slice(record.payload);
                        count = end;
                        discard += record.discard;
                    }
                    Some(Err(fault)) => break Err(invalid(fault)),
                    None => break Ok(Outcome::GoesOn),
                }
            },
            Ok(ConnectionState::EncodeTlsData(said)) => {
                encode(said, &mut self.outgoing).map(|()| Outcome::GoesOn)
            }
            Ok(ConnectionState::TransmitTlsData(said)) => {
                said.done();
                Ok(Outcome::GoesOn)
            }
            Ok(ConnectionState::PeerClosed) => {
                self.has_ended = true;
                Ok(Outcome::GoesOn)
            }
            Ok(
                ConnectionState::BlockedHandshake
                | ConnectionState::WriteTraffic(_)
                | ConnectionState::Closed,
            ) => Ok(Outcome::IsOver),
            // Data before the handshake is over is not offered, and so not sent by who keeps to it.
            Ok(_) => Err(invalid("data before the handshake is over")),
            Err(fault) => Err(invalid(fault)),
        };
        Step { done: discard, count, outcome }
    }

    /// Puts what the peer is to be told of its fault behind what waits for it, and ends the session.
    fn complain(&mut self, records: &mut [u8]) {
        self.progress = Progress::Failed;
        // Asked a second time, it would look at the fault again, which rustls takes for ours.
        let status = self.connection.process_tls_records(records);
        if let Ok(ConnectionState::EncodeTlsData(said)) = status.state {
            // Without it the peer learns from the socket's end that something is wrong.
            let _ = encode(said, &mut self.outgoing);
        }
    }

    fn keep(&mut self, records: &[u8]) {
        if records.is_empty() {
            self.incoming = Vec::new();
        } else {
            self.incoming.clear();
            self.incoming.extend_from_slice(records);
        }
    }

    /// Encrypts into `sending`, behind what the session itself has to say; returns how much that is.
    fn seal(&mut self, what: Sealed<'_>, sending: &mut [u8]) -> io::Result<usize> {
        let mut said = Vec::new();
        loop {
            // Half a message of a handshake may be kept, and is to stay where it is seen.
            let UnbufferedStatus { discard, state } =
                self.connection.process_tls_records(&mut self.incoming);
            match state.map_err(invalid)? {
                ConnectionState::EncodeTlsData(own) => encode(own, &mut said)?,
                ConnectionState::TransmitTlsData(own) => own.done(),
                ConnectionState::PeerClosed => self.has_ended = true,
                ConnectionState::WriteTraffic(mut traffic) => {
                    let room = sending.get_mut(said.len()..).unwrap_or_default();
                    let sealed = match what {
                        Sealed::Bytes(bytes) => traffic.encrypt(bytes, room),
                        Sealed::End => traffic.queue_close_notify(room),
                    };
                    let sealed = sealed.map_err(invalid)?;
                    sending[..said.len()].copy_from_slice(&said);
                    return Ok(said.len() + sealed);
                }
                _ => return Err(io::ErrorKind::NotConnected.into()),
            }
            self.incoming.drain(..discard);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("progress", &self.progress).finish_non_exhaustive()
    }
}

/// What one step has come to.
struct Step {
    /// Bytes of records that are done with.
    done: usize,
    /// Bytes that they brought.
    count: usize,
    outcome: io::Result<Outcome>,
}

enum Outcome {
    GoesOn,
    /// Nothing more comes of what is there.
    IsOver,
}

/// What is to be made a record.
#[derive(Clone, Copy)]
enum Sealed<'a> {
    Bytes(&'a [u8]),
    End,
}

/// Puts what a session says of its own behind what waits already.
fn encode<Data>(mut said: EncodeTlsData<'_, Data>, outgoing: &mut Vec<u8>) -> io::Result<()> {
    let at = outgoing.len();
    let needed = match said.encode(&mut []) {
        Err(EncodeError::InsufficientSize(needed)) => needed.required_size,
        Err(error) => return Err(invalid(error)),
        Ok(_) => 0,
    };
    outgoing.resize(at + needed, 0);
    if needed > 0 {
        said.encode(&mut outgoing[at..]).map_err(invalid)?;
    }
    Ok(())
}

/// Reads once and keeps nothing: a socket that is closed with unread bytes is reset, and the reset
/// may overtake what was written.
fn drop_arrived(socket: &mut impl Read, scratch: &mut [u8]) -> io::Result<Received> {
    match retry(|| socket.read(scratch))? {
        0 => Ok(Received::End),
        count => Ok(Received::Bytes { count: 0, has_more: count == scratch.len() }),
    }
}

/// How much the socket takes.
fn send(socket: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    match retry(|| socket.write(bytes)) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        outcome => outcome,
    }
}

fn invalid(fault: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, fault)
}

const _: () = assert!(SENDING_BYTES > RECORD_BYTES + 2_048);
