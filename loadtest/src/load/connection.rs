//! One client connection: its socket, the bytes it has not sent, and the frame it has not whole.
//!
//! Knows no event loop and no scenario. What comes in goes to an [`Audience`].

use std::io::{self, Read as _, Write as _};
use std::time::Duration;

use socket2::SockRef;
use stentor_wire::frame::{FrameError, OpCode};

use crate::load::client_frame;
use crate::load::dialect::{Heard, Opening, Session};
use crate::load::frames;
use crate::load::handshake::{self, Answer, Refusal};
use crate::load::stream::Stream;
use crate::measure::moment::{Clock, Moment};

/// How many reads a connection gets in a row before the others have theirs.
const READS_MAX: usize = 16;
/// What a connection keeps of what a server does not take, in bytes; more is not accepted.
pub(crate) const UNSENT_BYTES_MAX: usize = 4 << 20;

/// Who hears what the connections hear.
pub(crate) trait Audience {
    /// The handshake is done; it took so long from the call to connect.
    fn handle_open(&mut self, _connection: usize, _took: Duration) {}
    /// A message came, whole, at about `now`.
    fn handle_text(&mut self, connection: usize, payload: &[u8], now: Moment);
    /// The bytes of frames came, from about `now`. Takes as many whole text frames from their front
    /// as it likes to read itself, as if each had been told as a text, and says how many bytes they
    /// were; what it leaves is told frame by frame.
    fn handle_frames(&mut self, _connection: usize, _bytes: &[u8], _now: Moment) -> usize {
        0
    }
    /// The connection is over.
    fn handle_end(&mut self, connection: usize, end: End);
}

/// How a connection ended.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) enum End {
    /// We left, and the server said goodbye too.
    Left,
    /// The server closed it with this code (1005: without a code).
    Closed(u16),
    /// It ended without a close frame: a reset, an end of file, a malformed frame.
    Cut(String),
    /// It never opened, and this is why.
    Refused(Refusal),
}

/// Where in its life a connection is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Phase {
    Connecting,
    Upgrading,
    /// The upgrade is done, and the server is yet to let the client into its rooms.
    Greeting,
    Open,
    /// We have sent a close frame, of our own or in answer to the server's with this code.
    Closing(Option<u16>),
}

/// A connection that has something to do.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ready {
    /// Its number.
    pub(crate) connection: usize,
    /// Whether the other end has ended it: what is there is to be read up to the end.
    pub(crate) ended: bool,
}

/// Whether a connection has more to read than its turn allowed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// It waits for the next event.
    Done,
    /// It wants another turn.
    Again,
    /// It is over and is to be dropped.
    Over,
}

/// The socket side of one member.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    phase: Phase,
    /// Whether frames are spoken, after a handshake; else bytes flow as they come.
    upgrade: bool,
    /// The talk behind the upgrade; none where frames carry the bare text.
    session: Option<Box<Session>>,
    begun: Moment,
    tail: Vec<u8>,
    unsent: Vec<u8>,
    /// How many bytes it may still read; `usize::MAX` is no limit.
    allowance: usize,
}

impl Connection {
    /// A connection that is being made; the request goes out as soon as it stands. Without one the
    /// other end is no HTTP server and speaks frames right away.
    pub(crate) fn new(stream: Stream, opening: Opening, begun: Moment) -> Self {
        let Opening { request, session } = opening;
        let upgrade = !request.is_empty();
        let (tail, phase) = (Vec::new(), Phase::Connecting);
        let allowance = usize::MAX;
        Self { stream, phase, upgrade, session, begun, tail, unsent: request, allowance }
    }

    /// Lets it read so many bytes more; `usize::MAX` is no limit, nothing stalls it.
    pub(crate) fn allow(&mut self, bytes: usize) {
        self.allowance = bytes;
    }

    /// Sends `frames`, what the socket refuses later; false if too much waits already.
    pub(crate) fn send(&mut self, frames: &[u8]) -> bool {
        if self.unsent.len() + frames.len() > UNSENT_BYTES_MAX {
            return false;
        }
        let sent = if self.unsent.is_empty() { self.stream.write(frames).unwrap_or(0) } else { 0 };
        // An error shows again, with its reason, at the next read.
        self.unsent.extend_from_slice(&frames[sent..]);
        true
    }

    /// Sends its request at once where the connection stands already, as it does on loopback; else
    /// it goes out with the event that says so. What goes wrong shows at the next event.
    pub(crate) fn ask_at_once(&mut self) {
        if self.stream.socket().peer_addr().is_ok() {
            let _ = self.flush();
        }
    }

    /// Says goodbye; the server's goodbye and the end of the connection come as events.
    pub(crate) fn leave(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closing(None);
            self.send(&client_frame::farewell());
        }
    }

    /// Ends it so that the other side is told of a reset.
    pub(crate) fn reset(self) {
        // Where the system does not grant it, the other side is told of an end.
        let _ = SockRef::from(self.stream.socket()).set_linger(Some(Duration::ZERO));
    }

    /// Does what can be done after an event: finishes connecting, writes, reads, tells `audience`.
    pub(crate) fn handle_ready<A: Audience>(
        &mut self,
        ready: Ready,
        scratch: &mut [u8],
        clock: &Clock,
        audience: &mut A,
    ) -> Turn {
        let worked = self.advance(ready, scratch, clock, audience);
        worked.unwrap_or_else(|end| {
            audience.handle_end(ready.connection, end);
            Turn::Over
        })
    }

    fn advance<A: Audience>(
        &mut self,
        ready: Ready,
        scratch: &mut [u8],
        clock: &Clock,
        audience: &mut A,
    ) -> Result<Turn, End> {
        let index = ready.connection;
        if self.phase == Phase::Connecting {
            if !self.finish_connecting()? {
                return Ok(Turn::Done);
            }
            if self.phase == Phase::Open {
                audience.handle_open(index, clock.now().since(self.begun));
            }
        }
        if self.unsent.is_empty() {
            self.stream.flush().map_err(|error| self.failed(&error))?;
        } else {
            self.flush()?;
        }
        for _ in 0..READS_MAX {
            if self.allowance == 0 {
                return Ok(Turn::Done);
            }
            let kept = self.tail.len();
            scratch[..kept].copy_from_slice(&self.tail);
            let end = kept.saturating_add(self.allowance).min(scratch.len());
            let count = match self.stream.read(&mut scratch[kept..end]) {
                Ok(0) => return Err(self.end_of_stream()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Turn::Done),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(&error)),
            };
            if self.allowance < usize::MAX {
                self.allowance -= count;
            }
            self.tail.clear();
            let (filled, rest) = scratch.split_at(kept + count);
            let taken = self.handle_bytes(index, filled, clock.now(), audience)?;
            self.tail.extend_from_slice(&filled[taken..]);
            if self.tail.len() == filled.len() + rest.len() {
                return Err(End::Cut("a frame larger than the read buffer".to_owned()));
            }
            // A short read has emptied the socket, and the next arrival brings an event. An end
            // that came with the bytes brings none: it is asked for.
            if !rest.is_empty() && !ready.ended && !self.stream.holds_more() {
                return Ok(Turn::Done);
            }
        }
        Ok(Turn::Again)
    }

    fn finish_connecting(&mut self) -> Result<bool, End> {
        if let Ok(Some(error)) = self.stream.socket().take_error() {
            return Err(End::Refused(Refusal::new(error.to_string())));
        }
        match self.stream.socket().peer_addr() {
            Ok(_) => {
                self.phase = if self.upgrade { Phase::Upgrading } else { Phase::Open };
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(End::Refused(Refusal::new(error.to_string()))),
        }
    }

    fn flush(&mut self) -> Result<(), End> {
        loop {
            match self.stream.write(&self.unsent) {
                Ok(count) => {
                    self.unsent.drain(..count);
                    if self.unsent.is_empty() {
                        self.unsent = Vec::new();
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
    }

    /// Works off what came and says how many bytes were taken; the rest begins a frame.
    fn handle_bytes<A: Audience>(
        &mut self,
        index: usize,
        bytes: &[u8],
        now: Moment,
        audience: &mut A,
    ) -> Result<usize, End> {
        let mut at = 0;
        if self.phase == Phase::Upgrading {
            match handshake::read_answer(bytes) {
                Answer::Incomplete => return Ok(0),
                Answer::Refused(refusal) => return Err(End::Refused(refusal)),
                Answer::Upgraded(head_bytes) => at = head_bytes,
            }
            if self.session.is_some() {
                self.phase = Phase::Greeting;
            } else {
                self.phase = Phase::Open;
                audience.handle_open(index, now.since(self.begun));
            }
        }
        let cut = |error: FrameError| End::Cut(error.to_string());
        if self.session.is_none() {
            let control = |opcode, payload: &[u8]| self.handle_control(opcode, payload);
            let read = frames::read_bare(index, &bytes[at..], now, audience, control);
            return read.map(|taken| at + taken).map_err(cut);
        }
        while let Some(frame) = frames::first(&bytes[at..]).map_err(cut)? {
            at += frame.bytes;
            if frame.opcode.is_control() {
                self.handle_control(frame.opcode, frame.payload);
            } else {
                self.converse(index, frame.payload, now, audience)?;
            }
        }
        Ok(at)
    }

    /// Hands a payload to the session, tells what it understood and answers.
    #[inline(never)]
    fn converse<A: Audience>(
        &mut self,
        index: usize,
        payload: &[u8],
        now: Moment,
        audience: &mut A,
    ) -> Result<(), End> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let (mut replies, mut admitted) = (Vec::new(), false);
        let understood = session.handle_payload(payload, &mut replies, |heard| match heard {
            Heard::Admitted => admitted = true,
            Heard::Text(text) => audience.handle_text(index, text, now),
        });
        understood.map_err(|reason| match self.phase {
            Phase::Greeting => End::Refused(Refusal::new(reason)),
            _ => End::Cut(reason),
        })?;
        if admitted && self.phase == Phase::Greeting {
            self.phase = Phase::Open;
            audience.handle_open(index, now.since(self.begun));
        }
        if !replies.is_empty() && matches!(self.phase, Phase::Greeting | Phase::Open) {
            self.send(&replies);
        }
        Ok(())
    }

    fn handle_control(&mut self, opcode: OpCode, payload: &[u8]) {
        match opcode {
            OpCode::Ping => {
                let mut pong = Vec::new();
                client_frame::append(OpCode::Pong, payload, &mut pong);
                self.send(&pong);
            }
            OpCode::Close if matches!(self.phase, Phase::Greeting | Phase::Open) => {
                let code = payload.first_chunk().map_or(1_005, |code| u16::from_be_bytes(*code));
                self.phase = Phase::Closing(Some(code));
                self.send(&client_frame::farewell());
            }
            _ => {}
        }
    }

    fn end_of_stream(&self) -> End {
        match self.phase {
            Phase::Closing(None) => End::Left,
            Phase::Closing(Some(code)) => End::Closed(code),
            Phase::Open => End::Cut("the server ended it without a close frame".to_owned()),
            Phase::Connecting | Phase::Upgrading | Phase::Greeting => {
                let said = String::from_utf8_lossy(&self.tail[..self.tail.len().min(100)]);
                End::Refused(Refusal::new(format!(
                    "the server hung up during the handshake {said}"
                )))
            }
        }
    }

    fn failed(&self, error: &io::Error) -> End {
        match self.phase {
            Phase::Closing(Some(code)) => End::Closed(code),
            Phase::Connecting | Phase::Upgrading | Phase::Greeting => {
                End::Refused(Refusal::new(error.to_string()))
            }
            // Both have said goodbye in frames; that TLS was left without one tells nothing more.
            Phase::Closing(None) if error.kind() == io::ErrorKind::UnexpectedEof => End::Left,
            Phase::Closing(None) | Phase::Open => End::Cut(error.to_string()),
        }
    }
}
