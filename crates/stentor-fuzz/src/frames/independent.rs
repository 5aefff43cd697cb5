//! The independent decoder: tungstenite over bytes in memory, strict, with a limit.

use std::io::{self, Read, Write};

use stentor_wire::close::CloseCode;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

use super::Heard;

/// Who wrote the stream that is read.
#[derive(Clone, Copy)]
pub(super) enum Peer {
    Client,
    Server,
}

/// What the decoder made of a stream.
pub(super) struct Theirs {
    pub(super) heard: Vec<Heard>,
    /// The code that it would close with; `None` where all was read.
    pub(super) fault: Option<CloseCode>,
}

/// Reads `stream` up to its end, its first fault or a close.
pub(super) fn read_all(peer: Peer, stream: &[u8], limit: usize) -> Theirs {
    let role = match peer {
        Peer::Client => Role::Server,
        Peer::Server => Role::Client,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit))
        .accept_unmasked_frames(false);
    let mut socket = WebSocket::from_raw_socket(Memory { unread: stream }, role, Some(config));
    let mut heard = Vec::new();
    loop {
        match socket.read() {
            Ok(message) => {
                let is_close = message.is_close();
                heard.push(Heard::theirs(message));
                if is_close {
                    return Theirs { heard, fault: None };
                }
            }
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return Theirs { heard, fault: None };
            }
            Err(error) => return Theirs { heard, fault: Some(code_of(&error)) },
        }
    }
}

/// What the decoder reads at once; its default is 128 KiB, to be cleared for each input.
const READ_BYTES: usize = 4 * 1024;

fn code_of(error: &Error) -> CloseCode {
    match error {
        Error::Protocol(_) => CloseCode::ProtocolError,
        Error::Utf8(_) => CloseCode::NotUtf8,
        Error::Capacity(_) => CloseCode::TooBig,
        other => panic!("the independent decoder failed: {other}"),
    }
}

impl Heard {
    fn theirs(message: Message) -> Heard {
        match message {
            Message::Text(text) => Heard::Text(text.to_string()),
            Message::Binary(bytes) => Heard::Binary(bytes.to_vec()),
            Message::Ping(bytes) => Heard::Ping(bytes.to_vec()),
            Message::Pong(bytes) => Heard::Pong(bytes.to_vec()),
            Message::Close(close) => {
                Heard::Close(close.map(|close| (close.code.into(), close.reason.to_string())))
            }
            Message::Frame(frame) => panic!("no raw frame is read: {frame:?}"),
        }
    }
}

/// A socket that has received `unread`, and throws away what is written to it.
struct Memory<'a> {
    unread: &'a [u8],
}

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.unread.read(buffer)
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
