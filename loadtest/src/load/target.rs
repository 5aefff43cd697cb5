//! The server under load: its address, its paths, and whether it is one of ours.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::load::client_frame;
use crate::load::dialect::{Dialect, Opening};
use crate::load::handshake::{self, Answer};
use crate::load::tls::Tls;

#[cfg(test)]
mod tests;

/// How long the server may take to accept.
const ACCEPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take to answer the one question before the load.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// How much of its answer is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Where the WebSocket routes are.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The address, resolved once.
    pub(crate) address: SocketAddr,
    host: String,
    /// The path of the upgrade without a room, no slash at its end.
    path: String,
    dialect: Dialect,
    /// What lets clients in.
    token: Option<String>,
    /// How TLS is spoken; none where it is not.
    tls: Option<Tls>,
}

/// A question and its answer on a socket that blocks.
trait Talk: io::Read + io::Write {}

impl<T: io::Read + io::Write> Talk for T {}

impl Target {
    /// Reads `ws://host:port/path`.
    ///
    /// # Errors
    /// If that is not its form, or the host has no address.
    pub(crate) fn parse(url: &str) -> Result<Self, Failure> {
        let rest = url
            .strip_prefix("ws://")
            .ok_or_else(|| Failure::new(format!("the address must begin with ws://: {url}")))?;
        Self::parse_rest(url, rest, 80)
    }

    /// The same, or `wss://host:port/path` where the authorities of a PEM file are to be trusted.
    ///
    /// # Errors
    /// Those of [`Target::parse`], or if one is there without the other, or the file is none such.
    pub(crate) fn parse_trusting(url: &str, cacert: Option<&Path>) -> Result<Self, Failure> {
        match (url.strip_prefix("wss://"), cacert) {
            (None, None) => Self::parse(url),
            (None, Some(_)) => Err(Failure::new(format!("--cacert is for wss://: {url}"))),
            (Some(_), None) => Err(Failure::new(format!(
                "wss:// takes --cacert, whom to trust, and a scenario that has it: {url}"
            ))),
            (Some(rest), Some(cacert)) => {
                let target = Self::parse_rest(url, rest, 443)?;
                let host = target.host.rsplit_once(':').map_or(&*target.host, |(host, _)| host);
                let tls = Tls::trusting(cacert, host.trim_matches(['[', ']']))?;
                Ok(Self { tls: Some(tls), ..target })
            }
        }
    }

    fn parse_rest(url: &str, rest: &str, port: u16) -> Result<Self, Failure> {
        let (host, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") };
        let address = with_port
            .to_socket_addrs()
            .map_err(Failure::while_doing(format!("the host of {url} has no address")))?
            .next()
            .ok_or_else(|| Failure::new(format!("the host of {url} has no address")))?;
        let path = path.trim_end_matches('/').to_owned();
        let (host, dialect) = (host.to_owned(), Dialect::default());
        Ok(Self { address, host, path, dialect, token: None, tls: None })
    }

    /// The same place, where the server speaks this.
    pub(crate) fn speaking(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// The same place, where clients come in with this token, as `?token=`.
    ///
    /// # Errors
    /// If it is an empty one.
    pub(crate) fn carrying(self, token: Option<&str>) -> Result<Self, Failure> {
        if token.is_some_and(str::is_empty) {
            return Err(Failure::new("--token is empty"));
        }
        Ok(Self { token: token.map(str::to_owned), ..self })
    }

    /// What lets clients in; none if they need nothing.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// How TLS is spoken; none where it is not.
    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// What the server speaks.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How one who joins `room`, or no room at all, comes in.
    pub(crate) fn upgrade(&self, room: Option<usize>) -> Opening {
        self.upgrade_to_all(room.into_iter())
    }

    /// How one who joins all of `rooms` comes in.
    pub(crate) fn upgrade_to_all(&self, rooms: impl ExactSizeIterator<Item = usize>) -> Opening {
        let rooms: Vec<usize> = rooms.collect();
        let path = match self.dialect {
            Dialect::Stentor | Dialect::Plain => self.path_with(&rooms),
            Dialect::SocketIo => format!("{}/?EIO=4&transport=websocket", self.path),
            Dialect::Nats => self.path_with(&[]),
        };
        Opening { request: self.request(path), session: self.dialect.session(rooms.into_iter()) }
    }

    /// How one who joins `room` comes in and asks for what `query` says (a Stentor server).
    pub(crate) fn upgrade_asking(&self, room: usize, query: &str) -> Opening {
        Opening {
            request: self.request(format!("{}/r{room}?{query}", self.path)),
            session: self.dialect.session(std::iter::once(room)),
        }
    }

    /// The path that joins by itself: one room as its last segment, several in the query.
    fn path_with(&self, rooms: &[usize]) -> String {
        let mut path = match rooms {
            [room] => return format!("{}/r{room}", self.path),
            _ if self.path.is_empty() => "/".to_owned(),
            _ => self.path.clone(),
        };
        for (place, room) in rooms.iter().enumerate() {
            path.push(if place == 0 { '?' } else { '&' });
            path.push_str("room=r");
            path.push_str(&room.to_string());
        }
        path
    }

    /// How one comes in with this query, which needs no escape, where frames carry the bare text.
    pub(crate) fn upgrade_with(&self, query: &str) -> Opening {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        Opening { request: self.request(format!("{path}?{query}")), session: None }
    }

    /// The request for an upgrade at `path`, with the token where there is one.
    fn request(&self, mut path: String) -> Vec<u8> {
        if let Some(token) = &self.token {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str("token=");
            append_escaped(token, &mut path);
        }
        handshake::request(&self.host, &path)
    }

    /// The address that it was read from, without a slash at its end.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}{}", self.host, self.path)
    }

    /// The same paths at another address, without TLS.
    pub(crate) fn moved_to(&self, address: SocketAddr) -> Self {
        Self { address, tls: None, ..self.clone() }
    }

    /// How many bytes the server's answer to an upgrade has: one client comes, and leaves.
    ///
    /// # Errors
    /// If it is refused, or not answered in time.
    pub(crate) fn sample_answer_bytes(&self, room: Option<usize>) -> Result<usize, Failure> {
        let trouble = || Failure::while_doing(format!("a handshake with {}", self.address));
        let mut stream = self.begin_talk()?;
        stream.write_all(&self.upgrade(room).request).map_err(trouble())?;
        let (mut answer, mut chunk) = (Vec::new(), [0; 4_096]);
        loop {
            let count = stream.read(&mut chunk).map_err(trouble())?;
            answer.extend_from_slice(&chunk[..count]);
            match handshake::read_answer(&answer) {
                Answer::Upgraded(bytes) => {
                    stream.write_all(&client_frame::farewell()).map_err(trouble())?;
                    return Ok(bytes);
                }
                Answer::Refused(reason) => return Err(Failure::new(format!("refused: {reason}"))),
                Answer::Incomplete if count == 0 => {
                    return Err(Failure::new("the server hung up during the handshake"));
                }
                Answer::Incomplete => {}
            }
        }
    }

    /// Makes sure that something answers there, and that it is a Stentor server.
    ///
    /// # Errors
    /// If nothing accepts, or what answers the route of the statistics is not ours.
    pub(crate) fn probe(&self) -> Result<(), Failure> {
        let body = self.ask_statistics()?;
        if body.starts_with("HTTP/1.1 401") || body.starts_with("HTTP/1.1 403") {
            return Err(Failure::new(format!(
                "{} keeps its statistics to itself (API_KEY): measure it with --dialect plain",
                self.url()
            )));
        }
        let ours = body.contains("\"uptime_seconds\"") && body.contains("\"connections\"");
        if ours {
            return Ok(());
        }
        Err(Failure::new(format!(
            "no Stentor server at {}: its stats route does not answer as one (another server that \
             relays text is measured with --dialect plain)",
            self.url()
        )))
    }

    /// How many connections the server counts (a Stentor server).
    ///
    /// # Errors
    /// If it does not answer in time, or its answer has no count.
    pub(crate) fn count_connections(&self) -> Result<u64, Failure> {
        let answer = self.ask_statistics()?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let statistics: serde_json::Value =
            serde_json::from_str(body.trim()).map_err(Failure::while_doing("the statistics"))?;
        let count = statistics["connections"].as_u64();
        count.ok_or_else(|| Failure::new("the statistics count no connections"))
    }

    /// Makes sure that something accepts connections there.
    ///
    /// # Errors
    /// If nothing does.
    pub(crate) fn knock(&self) -> Result<TcpStream, Failure> {
        TcpStream::connect_timeout(&self.address, ACCEPT_TIMEOUT)
            .map_err(Failure::while_doing(format!("no server answers at {}", self.address)))
    }

    /// A socket that waits for answers no longer than they may take.
    fn begin_talk(&self) -> Result<Box<dyn Talk>, Failure> {
        let trouble = || Failure::while_doing(format!("a socket to {}", self.address));
        let stream = self.knock()?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT)).map_err(trouble())?;
        Ok(match &self.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.on_blocking(stream).map_err(trouble())?),
        })
    }

    fn no_answer(&self, error: &io::Error) -> Failure {
        let address = self.address;
        Failure::new(match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                let seconds = ANSWER_TIMEOUT.as_secs();
                format!("{address} accepts, but gives no answer in {seconds} s")
            }
            ErrorKind::InvalidData => format!("no TLS with {address}: {error}"),
            _ => format!("{address} accepts, but hangs up without an answer"),
        })
    }

    fn ask_statistics(&self) -> Result<String, Failure> {
        let wrong = || |error| self.no_answer(&error);
        let mut stream = self.begin_talk()?;
        let (path, host) = (&self.path, &self.host);
        let question =
            format!("GET {path}/stats HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(question.as_bytes()).map_err(wrong())?;
        let mut answer = Vec::new();
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let mut chunk = [0; 4_096];
        loop {
            let count = match stream.read(&mut chunk) {
                // A server that hangs up roughly after its answer has given one.
                Err(_) if !answer.is_empty() => 0,
                read => read.map_err(wrong())?,
            };
            answer.extend_from_slice(&chunk[..count]);
            if count == 0 || answer.len() > ANSWER_BYTES_MAX || Instant::now() > deadline {
                break;
            }
        }
        if answer.is_empty() {
            return Err(self.no_answer(&ErrorKind::UnexpectedEof.into()));
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

/// Appends a text as it stands in a query: all but the unreserved bytes escaped (RFC 3986, 2.3).
fn append_escaped(text: &str, query: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            query.push(char::from(byte));
        } else {
            query.push_str(&format!("%{byte:02X}"));
        }
    }
}
