//! A WebSocket as a client holds it: a TCP stream around a [`Protocol`].
//!
//! Knows no message of Stentor. Decides nothing but time: when to ask for a sign of life, and when
//! to wait no longer.

mod connect;

pub use connect::ConnectError;
pub(crate) use connect::open;

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::close::{CloseCode, is_allowed_from_peer};
use stentor_wire::frame::OpCode;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::address::Address;
use crate::end::End;
use crate::protocol::{Payload, Protocol, UNSENT_BYTES_MAX};

/// How many bytes one read takes at most.
const READ_BYTES: usize = 16 * 1024;

/// What a server's stamp adds to a message at most, in bytes: id, room, sender and time. A room's name
/// has 128 bytes and a sender's 256, each written twice as long where it needs escapes.
const STAMP_BYTES_MAX: usize = 2 * 1024;

/// What a client bears with.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest message that is sent, in bytes; exactly that many pass.
    pub said_bytes_max: usize,
    /// The largest message that is taken, in bytes; one byte more ends the connection with 1009.
    pub heard_bytes_max: usize,
    /// How long a connection may take from looking up the name to the server's response.
    pub connect_timeout: Duration,
    /// How long the server may be silent; at half of it, it is pinged.
    pub silence_max: Duration,
    /// How long the closing handshake may take; past it, the socket is closed without one.
    pub close_timeout: Duration,
}

impl Default for Limits {
    /// 65,536 bytes, and what the server's stamp may add to them; 10 s, 60 s and 5 s.
    fn default() -> Limits {
        Limits {
            said_bytes_max: MESSAGE_BYTES_MAX_DEFAULT,
            heard_bytes_max: MESSAGE_BYTES_MAX_DEFAULT + STAMP_BYTES_MAX,
            connect_timeout: Duration::from_secs(10),
            silence_max: Duration::from_secs(60),
            close_timeout: Duration::from_secs(5),
        }
    }
}

/// A WebSocket to any server: text and binary messages, whole.
///
/// Pings are answered and closes acknowledged inside of [`WebSocket::next`] and the sending
/// methods, so one of them has to be awaited for a connection to stay alive.
#[derive(Debug)]
pub struct WebSocket {
    stream: TcpStream,
    protocol: Protocol,
    limits: Limits,
    scratch: Box<[u8]>,
    heard_at: Instant,
    /// When a sign of life was asked for, if none came since.
    pinged_at: Option<Instant>,
    /// When to wait no longer for the end of the stream, once a close was said or heard.
    closing_until: Option<Instant>,
    /// Whether the stream is of no use any more.
    is_gone: bool,
}

impl WebSocket {
    /// Connects to a path and query of a server, below the address's own base path.
    ///
    /// # Errors
    /// No connection, no WebSocket behind it, or a refusal, which has its own words.
    pub async fn connect(
        address: &Address,
        target: &str,
        limits: Limits,
    ) -> Result<WebSocket, ConnectError> {
        open(address, &connect::request(address, target)?, limits).await
    }

    fn new(stream: TcpStream, protocol: Protocol, limits: Limits) -> WebSocket {
        WebSocket {
            stream,
            protocol,
            limits,
            scratch: vec![0; READ_BYTES].into_boxed_slice(),
            heard_at: Instant::now(),
            pinged_at: None,
            closing_until: None,
            is_gone: false,
        }
    }

    /// Waits for the next whole message.
    ///
    /// # Errors
    /// How the connection ended, once all messages before the end have been given; the same again
    /// with each further call.
    ///
    /// # Cancel safety
    /// Safe: what was read is kept for the next call.
    pub async fn next(&mut self) -> Result<Payload, End> {
        loop {
            if let Some(message) = self.protocol.poll_message() {
                return Ok(message);
            }
            if let Some(end) = self.final_end() {
                return Err(end);
            }
            self.turn().await;
        }
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// [`SendError::TooBig`] past [`Limits::said_bytes_max`]; how the connection ended.
    ///
    /// # Cancel safety
    /// Half: no frame is ever cut, but whether the message will be sent with the next call or was
    /// not taken at all is not told.
    pub async fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        self.send(OpCode::Text, text.as_bytes()).await
    }

    /// Sends a binary message; as [`WebSocket::send_text`].
    ///
    /// # Errors
    /// Those of [`WebSocket::send_text`].
    pub async fn send_binary(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.send(OpCode::Binary, bytes).await
    }

    /// Says goodbye and waits for the server's answer, at most [`Limits::close_timeout`]; what
    /// comes before the answer is dropped. A code that a peer may not send becomes 1000.
    ///
    /// # Cancel safety
    /// Safe: the handshake goes on with the next call of anything.
    pub async fn close(&mut self, code: u16, reason: &str) -> End {
        let code = if is_allowed_from_peer(code) { code } else { CloseCode::Normal.code() };
        self.protocol.close(code, reason);
        loop {
            while self.protocol.poll_message().is_some() {}
            if let Some(end) = self.final_end() {
                return end;
            }
            self.turn().await;
        }
    }

    async fn send(&mut self, opcode: OpCode, payload: &[u8]) -> Result<(), SendError> {
        if payload.len() > self.limits.said_bytes_max {
            return Err(SendError::TooBig);
        }
        self.flush(UNSENT_BYTES_MAX).await?;
        self.protocol.say(opcode, payload);
        self.flush(0).await
    }

    /// Writes until no more than so many bytes are left.
    async fn flush(&mut self, unsent_bytes_max: usize) -> Result<(), SendError> {
        loop {
            if !self.protocol.is_open() {
                return Err(SendError::Ended(self.end_or_closing()));
            }
            if self.protocol.unsent().len() <= unsent_bytes_max {
                return Ok(());
            }
            // At first without waiting, which is all that is needed as a rule.
            if !self.write() {
                self.turn().await;
            }
        }
    }

    /// How it ended, once nothing is left to be done about it.
    fn final_end(&self) -> Option<End> {
        self.protocol.end().filter(|_| self.is_gone).cloned()
    }

    fn end_or_closing(&self) -> End {
        self.protocol.end().cloned().unwrap_or(End::Lost(io::ErrorKind::NotConnected))
    }

    /// Waits until the socket can do something or time is up, and does it. Awaits once, before
    /// anything changes: so it may be dropped.
    async fn turn(&mut self) {
        let now = Instant::now();
        if !self.protocol.is_open() && self.closing_until.is_none() {
            self.closing_until = Some(now + self.limits.close_timeout);
        }
        let reads = self.reads();
        let interest = match (reads, self.protocol.unsent().is_empty()) {
            (true, true) => Interest::READABLE,
            (true, false) => Interest::READABLE | Interest::WRITABLE,
            (false, _) => Interest::WRITABLE,
        };
        match timeout_at(self.deadline(), self.stream.ready(interest)).await {
            Err(_elapsed) => self.handle_deadline(),
            Ok(Err(error)) => self.handle_gone(End::Lost(error.kind())),
            Ok(Ok(ready)) => {
                if ready.is_writable() && self.write() && !reads {
                    // Silence is not counted while nothing is read, as long as writing goes on.
                    self.heard_at = Instant::now();
                }
                if reads && ready.is_readable() {
                    self.read();
                }
            }
        }
    }

    /// Whether to read on: not while messages wait for the caller, nor past the bound of what is
    /// owed to the peer.
    fn reads(&self) -> bool {
        !self.protocol.has_messages() && self.protocol.unsent().len() <= UNSENT_BYTES_MAX
    }

    fn deadline(&self) -> Instant {
        let half = self.limits.silence_max / 2;
        match (self.closing_until, self.pinged_at) {
            (Some(until), _) => until,
            (None, Some(pinged_at)) => pinged_at + half,
            (None, None) => self.heard_at + half,
        }
    }

    fn handle_deadline(&mut self) {
        if self.closing_until.is_some() || self.pinged_at.is_some() {
            self.handle_gone(End::Silent);
        } else {
            self.protocol.ping();
            self.pinged_at = Some(Instant::now());
        }
    }

    fn handle_gone(&mut self, end: End) {
        self.protocol.handle_end(end);
        self.is_gone = true;
    }

    /// Reads once.
    fn read(&mut self) {
        match self.stream.try_read(&mut self.scratch) {
            Ok(0) => self.handle_gone(End::Lost(io::ErrorKind::UnexpectedEof)),
            Ok(bytes) => {
                self.heard_at = Instant::now();
                self.pinged_at = None;
                self.protocol.handle_bytes(&mut self.scratch[..bytes]);
            }
            Err(error) if is_passing(&error) => {}
            Err(error) => self.handle_gone(End::Lost(error.kind())),
        }
    }

    /// Writes once; whether anything was taken.
    fn write(&mut self) -> bool {
        if self.protocol.unsent().is_empty() {
            return false;
        }
        match self.stream.try_write(self.protocol.unsent()) {
            Ok(bytes) => {
                self.protocol.handle_sent(bytes);
                bytes > 0
            }
            Err(error) if is_passing(&error) => false,
            Err(error) => {
                // What the peer said before it went, its close above all, may still be there.
                self.drain();
                self.handle_gone(End::Lost(error.kind()));
                false
            }
        }
    }

    /// Takes what a broken stream still holds; not past a message that waits for the caller.
    fn drain(&mut self) {
        while !self.is_gone && self.protocol.is_open() && !self.protocol.has_messages() {
            let heard_at = self.heard_at;
            self.read();
            if self.heard_at == heard_at {
                return;
            }
        }
    }
}

/// Why a message was not sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendError {
    /// It is larger than [`Limits::said_bytes_max`].
    TooBig,
    /// The connection is over, or is being closed.
    Ended(End),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooBig => f.write_str("the message is larger than this client sends"),
            Self::Ended(end) => write!(f, "not sent: {end}"),
        }
    }
}

impl Error for SendError {}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
