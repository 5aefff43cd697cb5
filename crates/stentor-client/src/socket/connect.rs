//! From an address to an open WebSocket: name, TCP, upgrade, within one deadline.

use std::error::Error;
use std::fmt;
use std::io;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::{Limits, WebSocket, is_passing};
use crate::address::Address;
use crate::chance::Chance;
use crate::handshake::refusal::BODY_BYTES_MAX;
use crate::handshake::{BadResponse, Handshake, Refusal, Request, Verdict};
use crate::protocol::Protocol;

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
            Self::BadTarget | Self::BadResponse(_) => false,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadTarget => f.write_str("the path or query cannot stand in a request"),
            Self::Unreachable(kind) => write!(f, "the server cannot be reached: {kind}"),
            Self::TimedOut => f.write_str("the server did not answer in time"),
            Self::BadResponse(fault) => fault.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl Error for ConnectError {}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
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
) -> Result<WebSocket, ConnectError> {
    let deadline = Instant::now() + limits.connect_timeout;
    let mut chance = Chance::default();
    let (handshake, bytes) = Handshake::begin(request, chance.key());
    let upgrade = async {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        write_all(&stream, &bytes).await?;
        let mut received = Vec::new();
        loop {
            if !read(&stream, &mut received).await? {
                return Err(ConnectError::Unreachable(io::ErrorKind::UnexpectedEof));
            }
            match handshake.judge(&received) {
                Ok(None) => {}
                Ok(Some(verdict)) => return Ok((stream, received, verdict)),
                Err(fault) => return Err(ConnectError::BadResponse(fault)),
            }
        }
    };
    let (stream, mut received, verdict) =
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
                while received.len() < end && read(&stream, &mut received).await? {}
                Ok::<_, io::Error>(())
            };
            // A body that does not come takes nothing from the refusal but its words.
            let _ = timeout_at(deadline, body).await;
            refusal.read_body(&received[head_bytes..end.min(received.len())]);
            Err(ConnectError::Refused(refusal))
        }
    }
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.ready(Interest::WRITABLE).await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if is_passing(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads once; `false` at the stream's end.
async fn read(stream: &TcpStream, received: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; READ_BYTES];
    loop {
        stream.ready(Interest::READABLE).await?;
        match stream.try_read(&mut buffer) {
            Ok(bytes) => {
                received.extend_from_slice(&buffer[..bytes]);
                return Ok(bytes > 0);
            }
            Err(error) if is_passing(&error) => {}
            Err(error) => return Err(error),
        }
    }
}
