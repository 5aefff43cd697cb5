//! A WebSocket as a client holds it: a [`Stream`] around a [`Protocol`].
//!
//! Knows no message of Stentor. Decides nothing but time: when to ask for a sign of life, and when
//! to wait no longer.

mod connect;

pub use connect::ConnectError;
pub(crate) use connect::open;

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::close::{CloseCode, is_allowed_from_peer};
use stentor_wire::frame::OpCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout_at};

use crate::address::Address;
use crate::end::End;
use crate::protocol::{Payload, Protocol, UNSENT_BYTES_MAX};
use crate::stream::Stream;
use crate::trust::Trust;

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
    /// How long a connection may take from looking up the name to the server's response, TLS and
    /// all.
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
    stream: Stream,
    /// Bytes were given to the stream that it may still hold.
    is_unflushed: bool,
    /// The stream was told that nothing more will be written.
    has_said_goodbye: bool,
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
    /// Connects to a path and query of a server, below the address's own base path. With
    /// `wss://` the authorities count that the platform trusts.
    ///
    /// # Errors
    /// No connection, no TLS, no WebSocket behind it, or a refusal, which has its own words.
    pub async fn connect(
        address: &Address,
        target: &str,
        limits: Limits,
    ) -> Result<WebSocket, ConnectError> {
        WebSocket::connect_trusting(address, target, limits, &Trust::default()).await
    }

    /// The same where other authorities count.
    ///
    /// # Errors
    /// Those of [`WebSocket::connect`].
    pub async fn connect_trusting(
        address: &Address,
        target: &str,
        limits: Limits,
        trust: &Trust,
    ) -> Result<WebSocket, ConnectError> {
        open(address, &connect::request(address, target)?, limits, trust).await
    }

    fn new(stream: Stream, protocol: Protocol, limits: Limits) -> WebSocket {
        WebSocket {
            stream,
            is_unflushed: false,
            has_said_goodbye: false,
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

    /// Writes until no more than so many bytes are left; with none, they are on their way too.
    async fn flush(&mut self, unsent_bytes_max: usize) -> Result<(), SendError> {
        loop {
            if !self.protocol.is_open() {
                return Err(SendError::Ended(self.end_or_closing()));
            }
            let unsent_bytes = self.protocol.unsent().len();
            if unsent_bytes <= unsent_bytes_max && (unsent_bytes_max > 0 || !self.is_unflushed) {
                return Ok(());
            }
            // At first without waiting, which is all that is needed as a rule.
            if !poll_fn(|cx| Poll::Ready(self.write(cx))).await {
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

    /// Waits until the stream can do something or time is up, and does it. Awaits once, and comes
    /// back as soon as anything has changed: so it may be dropped.
    async fn turn(&mut self) {
        let now = Instant::now();
        if !self.protocol.is_open() && self.closing_until.is_none() {
            self.closing_until = Some(now + self.limits.close_timeout);
        }
        let deadline = self.deadline();
        if timeout_at(deadline, poll_fn(|cx| self.poll_turn(cx))).await.is_err() {
            self.handle_deadline();
        }
    }

    /// Does what can be done; pending where that is nothing.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let reads = self.reads();
        let has_written = self.write(cx);
        if has_written && !reads {
            // Silence is not counted while nothing is read, as long as writing goes on.
            self.heard_at = Instant::now();
        }
        let has_read = reads && !self.is_gone && self.read(cx);
        if has_written || has_read || self.is_gone { Poll::Ready(()) } else { Poll::Pending }
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

    /// Reads once; whether anything came, were it the end.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let mut buffer = ReadBuf::new(&mut self.scratch);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => return false,
            Poll::Ready(Err(error)) => self.handle_gone(End::Lost(error.kind())),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                self.handle_gone(End::Lost(io::ErrorKind::UnexpectedEof));
            }
            Poll::Ready(Ok(())) => {
                self.heard_at = Instant::now();
                self.pinged_at = None;
                self.protocol.handle_bytes(buffer.filled_mut());
            }
        }
        true
    }

    /// Writes once, and gets on with what the stream holds; whether that did anything.
    fn write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_written = false;
        if !self.protocol.unsent().is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, self.protocol.unsent()) {
                Poll::Pending => {}
                Poll::Ready(Err(error)) => return self.handle_broken(cx, &error),
                Poll::Ready(Ok(bytes)) => {
                    self.protocol.handle_sent(bytes);
                    self.is_unflushed = true;
                    has_written = bytes > 0;
                }
            }
        } else if self.protocol.end().is_some() && !self.has_said_goodbye {
            self.stream.queue_goodbye();
            self.has_said_goodbye = true;
            self.is_unflushed = true;
        }
        if self.is_unflushed {
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(Err(error)) => return self.handle_broken(cx, &error),
                Poll::Ready(Ok(())) => {
                    self.is_unflushed = false;
                    has_written = true;
                }
            }
        }
        has_written
    }

    /// The stream takes nothing any more; that this was noticed is something done.
    fn handle_broken(&mut self, cx: &mut Context<'_>, error: &io::Error) -> bool {
        // What the peer said before it went, its close above all, may still be there.
        while !self.is_gone && self.protocol.is_open() && !self.protocol.has_messages() {
            if !self.read(cx) {
                break;
            }
        }
        self.handle_gone(End::Lost(error.kind()));
        true
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
