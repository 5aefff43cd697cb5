//! A client of Redis in a few lines, for what tests ask of their servers: RESP2, one command
//! after another.

#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::certificates::Certificates;

/// How long a server may take to accept and to answer.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// The largest string and the longest array that an answer may hold.
const LENGTH_MAX: usize = 64 << 20;

/// What Redis answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A status or a string.
    Text(String),
    /// A number.
    Number(i64),
    /// A refusal: its code and its text, `NOPERM this user has ...`.
    Error(String),
    /// Several answers in one.
    List(Vec<Reply>),
    /// No value.
    Nil,
}

impl Reply {
    /// The text of a status or a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number, also one that is written as a string.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The parts of a list; none where it is none.
    #[must_use]
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(parts) => parts,
            _ => &[],
        }
    }

    /// Whether Redis refused.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    /// The value of `name:` in an answer to `INFO` or `CLUSTER INFO`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.text()?.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    }

    /// The value of `name` in a list of names and values in turn, as of `SENTINEL MASTER`.
    #[must_use]
    pub fn pair(&self, name: &str) -> Option<&Self> {
        let pair = self.list().chunks_exact(2).find(|pair| pair[0].text() == Some(name))?;
        Some(&pair[1])
    }
}

trait Stream: Read + Write + Debug + Send {}

impl<S: Read + Write + Debug + Send> Stream for S {}

/// One connection, plain or with TLS.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<Box<dyn Stream>>,
}

impl Connection {
    /// Connects to a server without TLS.
    ///
    /// # Errors
    /// As the system tells them; a connection that takes over ten seconds is one.
    pub fn plain(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: BufReader::new(Box::new(connect(address)?)) })
    }

    /// Connects to a server with TLS whose certificate comes from these.
    ///
    /// # Errors
    /// As [`Connection::plain`]; a failed handshake is told by the first command.
    pub fn tls(address: SocketAddr, certificates: &Certificates) -> io::Result<Self> {
        let stream = certificates.wrap(connect(address)?);
        Ok(Self { stream: BufReader::new(Box::new(stream)) })
    }

    /// Sends a command and gives its answer.
    ///
    /// # Errors
    /// The connection fails, or there is no answer within ten seconds.
    pub fn command<A: AsRef<[u8]>>(&mut self, words: &[A]) -> io::Result<Reply> {
        self.send(words)?;
        self.read()
    }

    /// Sends a command without waiting.
    ///
    /// # Errors
    /// The connection fails.
    pub fn send<A: AsRef<[u8]>>(&mut self, words: &[A]) -> io::Result<()> {
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            let word = word.as_ref();
            bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            bytes.extend_from_slice(word);
            bytes.extend_from_slice(b"\r\n");
        }
        let stream = self.stream.get_mut();
        stream.write_all(&bytes)?;
        stream.flush()
    }

    /// Reads the next answer, or what a subscription brings.
    ///
    /// # Errors
    /// The connection fails, nothing comes within ten seconds, or what comes is no RESP2.
    pub fn read(&mut self) -> io::Result<Reply> {
        read(&mut self.stream)
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, ANSWER_DEADLINE)?;
    stream.set_read_timeout(Some(ANSWER_DEADLINE))?;
    stream.set_write_timeout(Some(ANSWER_DEADLINE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn read(stream: &mut impl BufRead) -> io::Result<Reply> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line)?;
    let line = line.strip_suffix(b"\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    let line = std::str::from_utf8(line).map_err(Error::other)?;
    let (kind, rest) = line.split_at_checked(1).ok_or(ErrorKind::InvalidData)?;
    Ok(match kind {
        "+" => Reply::Text(rest.to_owned()),
        "-" => Reply::Error(rest.to_owned()),
        ":" => Reply::Number(rest.parse().map_err(Error::other)?),
        "$" | "*" if rest == "-1" => Reply::Nil,
        "$" => {
            let mut bytes = vec![0; length(rest)? + 2];
            stream.read_exact(&mut bytes)?;
            bytes.truncate(bytes.len() - 2);
            Reply::Text(String::from_utf8_lossy(&bytes).into_owned())
        }
        "*" => Reply::List((0..length(rest)?).map(|_| read(stream)).collect::<io::Result<_>>()?),
        _ => return Err(Error::new(ErrorKind::InvalidData, format!("no RESP2: {line}"))),
    })
}

fn length(text: &str) -> io::Result<usize> {
    let length = text.parse().map_err(Error::other)?;
    if length > LENGTH_MAX {
        return Err(Error::new(ErrorKind::InvalidData, format!("a length of {length}")));
    }
    Ok(length)
}
