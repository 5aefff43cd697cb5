//! One connection to a Redis server on which every answer is seen.
//!
//! fred takes a subscription for done when it is written, and throws away what Redis says to it:
//! the confirmation, the refusal (which it hands to the next command instead), and the word that
//! a moved slot has ended a subscription. So what listens does not go through fred. This speaks
//! RESP2, in which answers come in the order of the commands; it knows no channel and no cluster.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use fred::error::{Error, ErrorKind};
use fred::rustls::pki_types::ServerName;
use fred::types::config::{Server, TlsConnector};
use redis_protocol::resp2::decode::decode_bytes_mut;
pub(crate) use redis_protocol::resp2::types::BytesFrame as Frame;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::address::Login;

/// An answer that is longer ends the connection. Redis itself allows 512 MiB.
const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The most bytes that are read at once.
const READ_BYTES_MAX: usize = 64 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that is let in.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    scratch: Box<[u8]>,
    incoming: BytesMut,
    outgoing: BytesMut,
}

impl Connection {
    /// Connects, says who it is, and waits until Redis has answered.
    ///
    /// # Errors
    /// No connection, a certificate that is not trusted, a wrong password.
    pub(crate) async fn open(server: &Server, login: &Login) -> Result<Connection, Error> {
        let socket = TcpStream::connect((&*server.host, server.port)).await.map_err(failure)?;
        socket.set_nodelay(true).map_err(failure)?;
        let stream: Box<dyn Stream> = match &login.tls {
            None => Box::new(socket),
            Some(TlsConnector::Rustls(connector)) => {
                let name = ServerName::try_from(server.host.to_string())
                    .map_err(|error| Error::new(ErrorKind::Tls, error.to_string()))?;
                Box::new(connector.connect(name, socket).await.map_err(failure)?)
            }
        };
        let mut connection = Connection {
            stream,
            scratch: vec![0; READ_BYTES_MAX].into_boxed_slice(),
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
        };
        match (&login.user, &login.password) {
            (Some(user), Some(password)) => connection.ask(&["AUTH", user, password]).await?,
            (None, Some(password)) => connection.ask(&["AUTH", password]).await?,
            _ => Frame::Null,
        };
        // One who may not even ask this has an answer too, and with it a server that lives.
        match connection.ask(&["PING"]).await {
            Err(error) if !error.details().starts_with("NOPERM") => Err(error),
            _ => Ok(connection),
        }
    }

    /// Sends one command and waits for its answer; only where nothing is subscribed.
    ///
    /// # Errors
    /// The connection fails, or Redis refuses.
    pub(crate) async fn ask(&mut self, words: &[&str]) -> Result<Frame, Error> {
        self.send(words);
        match poll_fn(|cx| self.poll_frame(cx)).await? {
            Frame::Error(text) => Err(refusal(&text)),
            frame => Ok(frame),
        }
    }

    /// Writes down a command, which goes out with the next [`Connection::poll_frame`].
    pub(crate) fn send(&mut self, words: &[&str]) {
        let out = &mut self.outgoing;
        out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words {
            out.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
    }

    /// The next answer; what was written down goes out first.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, Error>> {
        self.flush(cx)?;
        loop {
            if let Some(frame) = self.decode()? {
                return Poll::Ready(Ok(frame));
            }
            let mut buffer = ReadBuf::new(&mut self.scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).map_err(failure)?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(closed()));
            }
            self.incoming.extend_from_slice(buffer.filled());
        }
    }

    fn decode(&mut self) -> Result<Option<Frame>, Error> {
        if self.incoming.is_empty() {
            return Ok(None);
        }
        match decode_bytes_mut(&mut self.incoming) {
            Ok(Some((frame, ..))) => Ok(Some(frame)),
            Ok(None) if self.incoming.len() > FRAME_BYTES_MAX => {
                Err(Error::new(ErrorKind::Protocol, "an answer that is too long"))
            }
            Ok(None) => Ok(None),
            Err(error) => Err(Error::new(ErrorKind::Protocol, error.details().to_owned())),
        }
    }

    fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        let before = self.outgoing.len();
        while !self.outgoing.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.outgoing) {
                Poll::Ready(Ok(0)) => return Err(closed()),
                Poll::Ready(Ok(written)) => drop(self.outgoing.split_to(written)),
                Poll::Ready(Err(error)) => return Err(failure(error)),
                Poll::Pending => return Ok(()),
            }
        }
        if before > 0
            && let Poll::Ready(Err(error)) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            return Err(failure(error));
        }
        Ok(())
    }
}

/// What Redis said as an error.
pub(crate) fn refusal(text: &str) -> Error {
    let kind = match text.split(' ').next() {
        Some("WRONGPASS" | "NOAUTH" | "NOPERM") => ErrorKind::Auth,
        Some("MOVED" | "ASK" | "CLUSTERDOWN") => ErrorKind::Cluster,
        _ => ErrorKind::Unknown,
    };
    Error::new(kind, text.to_owned())
}

/// The text of a status or a string.
pub(crate) fn text(frame: &Frame) -> Option<&str> {
    std::str::from_utf8(bytes(frame)?).ok()
}

/// The bytes of a status or a string.
pub(crate) fn bytes(frame: &Frame) -> Option<&Bytes> {
    match frame {
        Frame::SimpleString(bytes) | Frame::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

/// A number, also one that is written as a string.
pub(crate) fn number(frame: &Frame) -> Option<u64> {
    match frame {
        Frame::Integer(number) => u64::try_from(*number).ok(),
        other => text(other)?.parse().ok(),
    }
}

/// The parts of a list; none where it is none.
pub(crate) fn list(frame: &Frame) -> &[Frame] {
    match frame {
        Frame::Array(parts) => parts,
        _ => &[],
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::IO, "the connection was closed")
}

/// What the system says, in its words for people; fred's own conversion is for programmers.
fn failure(error: io::Error) -> Error {
    Error::new(ErrorKind::IO, error.to_string())
}
