//! A client that speaks WebSocket frames over a socket, without a handshake.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;
use stentor_engine::wire::frame::{FrameHead, OpCode};
use stentor_testbed::DEADLINE;

use crate::pod::RESPONSE;

pub(crate) struct Client {
    socket: TcpStream,
    received: Vec<u8>,
}

/// A text frame of a client. The masking key is zero, which changes no byte.
pub(crate) fn frame(text: &str) -> Vec<u8> {
    let head = FrameHead {
        fin: true,
        opcode: OpCode::Text,
        mask: Some([0; 4]),
        payload_bytes: text.len() as u64,
    };
    let mut frame = Vec::new();
    head.encode(&mut frame);
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// A message with a number for a room; the empty name is everybody.
pub(crate) fn numbered(room: &str, number: u64) -> String {
    serde_json::json!({ "room": room, "data": number }).to_string()
}

impl Client {
    pub(crate) fn new(socket: TcpStream) -> Client {
        // Whoever waits for longer has failed.
        socket.set_read_timeout(Some(DEADLINE)).expect("a deadline");
        socket.set_nodelay(true).expect("a socket");
        Client { socket, received: Vec::new() }
    }

    pub(crate) fn expect_response(&mut self) {
        while self.received.len() < RESPONSE.len() {
            self.receive();
        }
        assert!(self.received.starts_with(RESPONSE), "{:?}", self.received);
        self.received.drain(..RESPONSE.len());
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.socket.write_all(&frame(text)).expect("a socket that is open");
    }

    pub(crate) fn say(&mut self, room: &str, number: u64) {
        self.send(&numbered(room, number));
    }

    pub(crate) fn say_as(&mut self, room: &str, number: u64, id: &str) {
        self.send(&serde_json::json!({ "id": id, "room": room, "data": number }).to_string());
    }

    /// The next text frame.
    pub(crate) fn hear(&mut self) -> Value {
        let (opcode, payload) = self.hear_frame();
        assert_eq!(opcode, OpCode::Text, "{payload:?}");
        serde_json::from_slice(&payload).expect("JSON")
    }

    /// The next frame, which is a close; its code.
    pub(crate) fn hear_close(&mut self) -> u16 {
        let (opcode, payload) = self.hear_frame();
        assert_eq!(opcode, OpCode::Close, "{:?}", String::from_utf8_lossy(&payload));
        u16::from_be_bytes([payload[0], payload[1]])
    }

    /// The next frame that is no ping.
    fn hear_frame(&mut self) -> (OpCode, Vec<u8>) {
        loop {
            if let Some((head, head_bytes)) = FrameHead::parse(&self.received).expect("a frame") {
                let end = head_bytes + usize::try_from(head.payload_bytes).expect("it fits");
                if self.received.len() >= end {
                    let frame: Vec<u8> = self.received.drain(..end).collect();
                    if head.opcode == OpCode::Ping {
                        continue;
                    }
                    return (head.opcode, frame[head_bytes..].to_vec());
                }
            }
            self.receive();
        }
    }

    /// The numbers of the next `count` messages.
    pub(crate) fn hear_numbers(&mut self, count: usize) -> Vec<u64> {
        (0..count)
            .map(|_| {
                let message = self.hear();
                message["data"].as_u64().unwrap_or_else(|| panic!("no number: {message}"))
            })
            .collect()
    }

    /// The next frame, which is this event.
    pub(crate) fn hear_event(&mut self, event: &str) -> Value {
        let message = self.hear();
        assert_eq!(message["data"]["event"], event, "{message}");
        message
    }

    fn receive(&mut self) {
        let mut bytes = [0; 16 * 1024];
        let count = self.socket.read(&mut bytes).expect("something in time");
        assert!(count > 0, "the stream has ended behind {:?}", self.received);
        self.received.extend_from_slice(&bytes[..count]);
    }
}
