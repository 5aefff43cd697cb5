//! From an address to an open WebSocket: name, TCP, TLS, upgrade, within one deadline.

use std::error::Error;
use std::fmt;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::{Limits, WebSocket};
use crate::address::Address;
use crate::chance::Chance;
use crate::handshake::refusal::BODY_BYTES_MAX;
use crate::handshake::{BadResponse, Handshake, Refusal, Request, Verdict};
use crate::protocol::Protocol;
use crate::stream::Stream;
use crate::tls_fault::TlsFault;
use crate::trust::Trust;

const READ_BYTES: usize = 4 * 1024;

/// Why there is no connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConnectError {
    /// The path or query cannot stand in a request; the caller's fault.
    BadTarget,
    /// The name is unknown, nobody listens, or the stream broke.
    Unreachable(io::ErrorKind),
    /// [`Limits::connect_timeout`] passed.
    TimedOut,
    /// There is no TLS with the server, or none that proves that it is the one.
    Tls(TlsFault),
    /// What answers is no WebSocket server.
    BadResponse(BadResponse),
    /// The server will not have this client, or not now.
    Refused(Refusal),
}

impl ConnectError {
    /// Whether the same attempt may go better after a pause.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut => true,
            Self::Refused(refusal) => refusal.is_retryable(),
            Self::BadTarget | Self::Tls(_) | Self::BadResponse(_) => false,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadTarget => f.write_str("the path or query cannot stand in a request"),
            Self::Unreachable(kind) => write!(f, "the server cannot be reached: {kind}"),
            Self::TimedOut => f.write_str("the server did not answer in time"),
            Self::Tls(fault) => fault.fmt(f),
            Self::BadResponse(fault) => fault.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl Error for ConnectError {}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        // A server with TLS 1.3 may refuse only behind the handshake, where any read tells it.
        #[cfg(feature = "tls")]
        if let Some(fault) = TlsFault::behind(&error) {
            return Self::Tls(fault);
        }
        Self::Unreachable(error.kind())
    }
}

/// The request for a path and query below the address's base path.
pub(super) fn request(address: &Address, target: &str) -> Result<Request, ConnectError> {
    // Visible ASCII, and no fragment: whatever else it is, it ends neither line nor request.
    let fits = target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !target.starts_with('/') || !fits {
        return Err(ConnectError::BadTarget);
    }
    let target = format!("{}{target}", address.base_path());
    Ok(Request { authority: address.authority(), target, ..Request::default() })
}

/// Connects and upgrades within [`Limits::connect_timeout`].
pub(crate) async fn open(
    address: &Address,
    request: &Request,
    limits: Limits,
    trust: &Trust,
) -> Result<WebSocket, ConnectError> {
    let deadline = Instant::now() + limits.connect_timeout;
    let mut chance = Chance::default();
    let (handshake, bytes) = Handshake::begin(request, chance.key());
    let upgrade = async {
        let mut stream = Stream::connect(address, trust).await?;
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        let mut received = Vec::new();
        loop {
            if !read(&mut stream, &mut received).await? {
                return Err(ConnectError::Unreachable(io::ErrorKind::UnexpectedEof));
            }
            match handshake.judge(&received) {
                Ok(None) => {}
                Ok(Some(verdict)) => return Ok((stream, received, verdict)),
                Err(fault) => return Err(ConnectError::BadResponse(fault)),
            }
        }
    };
    let (mut stream, mut received, verdict) =
        timeout_at(deadline, upgrade).await.map_err(|_| ConnectError::TimedOut)??;
    match verdict {
        Verdict::Upgraded { head_bytes } => {
            let mut protocol = Protocol::new(limits.heard_bytes_max, chance);
            protocol.handle_bytes(&mut received[head_bytes..]);
            Ok(WebSocket::new(stream, protocol, limits))
        }
        Verdict::Refused { head_bytes, body_bytes, mut refusal } => {
            let end = head_bytes + body_bytes.min(BODY_BYTES_MAX);
            let body = async {
                while received.len() < end && read(&mut stream, &mut received).await? {}
                Ok::<_, io::Error>(())
            };
            // A body that does not come takes nothing from the refusal but its words.
            let _ = timeout_at(deadline, body).await;
            refusal.read_body(&received[head_bytes..end.min(received.len())]);
            Err(ConnectError::Refused(refusal))
        }
    }
}

/// Reads once; `false` at the stream's end.
async fn read(stream: &mut Stream, received: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; READ_BYTES];
    let bytes = stream.read(&mut buffer).await?;
    received.extend_from_slice(&buffer[..bytes]);
    Ok(bytes > 0)
}
