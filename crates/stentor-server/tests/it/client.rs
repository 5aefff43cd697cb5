//! A WebSocket client of a few lines, which can also do what no client should.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::Value;

use crate::http::{Answer, read_answer};
use crate::pod::DEADLINE;

/// Opcodes of RFC 6455 section 5.2.
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One WebSocket of a test. Reads end with the pod's deadline, as a failed test.
#[derive(Debug)]
pub(crate) struct Client<S = TcpStream> {
    socket: S,
    /// Whether pings of the server are answered while something else is waited for.
    pub(crate) answers_pings: bool,
    /// How many pings of the server came so far.
    pub(crate) pings_heard: usize,
}

/// A frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) is_final: bool,
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

impl<S: Read + Write> Client<S> {
    /// Does the handshake on a socket, plain or not.
    pub(crate) fn connect(
        mut socket: S,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<Client<S>, Answer> {
        socket.write_all(handshake(target, headers).as_bytes()).expect("a pod that reads");
        let answer = read_answer(&mut socket, "GET");
        match answer.status {
            101 => Ok(Client::on(socket)),
            _ => Err(answer),
        }
    }

    /// Takes a socket that is a WebSocket already.
    pub(crate) fn on(socket: S) -> Client<S> {
        Client { socket, answers_pings: true, pings_heard: 0 }
    }

    /// The socket below.
    pub(crate) fn socket(&mut self) -> &mut S {
        &mut self.socket
    }

    /// Sends a text message.
    pub(crate) fn send_text(&mut self, text: &str) {
        self.send_frame(0x80 | TEXT, text.as_bytes());
    }

    /// Sends a masked frame; `first_byte` is FIN, reserved bits and opcode.
    pub(crate) fn send_frame(&mut self, first_byte: u8, payload: &[u8]) {
        self.send_raw(&masked_frame(first_byte, payload));
    }

    /// Sends bytes as they are.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).expect("a pod that reads");
    }

    /// The next frame; `None` where the pod has closed the socket in order.
    pub(crate) fn next_frame(&mut self) -> Option<Frame> {
        let mut head = [0; 2];
        match self.socket.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return None,
            Err(error) => panic!("no frame: {error}"),
        }
        assert_eq!(head[1] & 0x80, 0, "a server does not mask");
        let length = match head[1] {
            126 => u16::from_be_bytes(self.read_array()) as usize,
            127 => u64::from_be_bytes(self.read_array()) as usize,
            short => short as usize,
        };
        let mut payload = vec![0; length];
        self.socket.read_exact(&mut payload).expect("a whole frame");
        Some(Frame { is_final: head[0] & 0x80 != 0, opcode: head[0] & 0x0f, payload })
    }

    /// The next frame that is no ping; pings put off its deadline no further.
    pub(crate) fn next_but_ping(&mut self) -> Option<Frame> {
        let until = Instant::now() + DEADLINE;
        loop {
            let frame = self.next_frame()?;
            if frame.opcode != PING {
                return Some(frame);
            }
            assert!(Instant::now() < until, "no frame but pings");
            self.pings_heard += 1;
            if self.answers_pings {
                self.send_frame(0x80 | PONG, &frame.payload);
            }
        }
    }

    /// The text of the next message.
    pub(crate) fn next_text(&mut self) -> String {
        match self.next_but_ping() {
            Some(Frame { is_final: true, opcode: TEXT, payload }) => {
                String::from_utf8(payload).expect("text is UTF-8")
            }
            other => panic!("no text message: {other:?}"),
        }
    }

    /// The next message as JSON.
    pub(crate) fn next_json(&mut self) -> Value {
        let text = self.next_text();
        match serde_json::from_str(&text) {
            Ok(document) => document,
            Err(error) => panic!("{error}: {text}"),
        }
    }

    /// The code and reason of the close frame that comes next; then the socket must end in order.
    pub(crate) fn next_close(&mut self) -> (u16, String) {
        let payload = match self.next_but_ping() {
            Some(Frame { opcode: CLOSE, payload, .. }) => payload,
            other => panic!("no close: {other:?}"),
        };
        let (code, reason) = match payload.as_slice() {
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason.to_vec()),
            _ => (1005, Vec::new()),
        };
        // The server may have closed the socket already.
        let _ = self.socket.write_all(&masked_frame(0x80 | CLOSE, &payload));
        assert_eq!(self.next_frame(), None, "nothing follows a close");
        (code, String::from_utf8(reason).expect("a reason of text"))
    }

    /// Fails unless the pod has nothing else to say to this client now: asks for a pong and wants
    /// to hear nothing before it.
    pub(crate) fn expect_nothing(&mut self) {
        self.send_text(r#"{"type":"ping","data":"is there anything"}"#);
        let answer = self.next_json();
        assert_eq!(
            (&answer["type"], &answer["data"]),
            (&"pong".into(), &"is there anything".into()),
            "{answer}"
        );
    }

    fn read_array<const BYTES: usize>(&mut self) -> [u8; BYTES] {
        let mut array = [0; BYTES];
        self.socket.read_exact(&mut array).expect("a whole head");
        array
    }
}

/// The request of an upgrade.
pub(crate) fn handshake(target: &str, headers: &[(&str, &str)]) -> String {
    let mut request = format!(
        "GET {target} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request + "\r\n"
}

/// A frame as a client sends it.
pub(crate) fn masked_frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first_byte];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        middle @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
