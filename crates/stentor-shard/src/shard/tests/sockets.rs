//! Sockets that record what they took, and the way back from bytes to what a member heard.

use std::io::IoSlice;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use stentor_wire::encode;
use stentor_wire::envelope::Envelope;
use stentor_wire::frame::{FrameHead, OpCode};
use stentor_wire::message_type::MessageType;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

use crate::numbers::MemberId;
use crate::outlet::Outlet;
use crate::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Sockets {
    pub(super) clock: Instant,
    /// What every write takes of the clock's time.
    pub(super) write_time: Duration,
    sockets: Vec<Socket>,
}

#[derive(Clone, Debug, Default)]
struct Socket {
    /// How many bytes it takes from here on; `None` = all.
    room: Option<usize>,
    taken: Vec<u8>,
    writes: usize,
}

/// A frame as its reader sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    Text(Value),
    Ping,
    Pong(Vec<u8>),
    Close(u16),
}

impl Sockets {
    pub(super) fn open(&mut self, member: MemberId) {
        if self.sockets.len() <= member.index() {
            self.sockets.resize_with(member.index() + 1, Socket::default);
        }
        self.sockets[member.index()] = Socket::default();
    }

    pub(super) fn limit(&mut self, member: MemberId, bytes: usize) {
        self.sockets[member.index()].room = (bytes < usize::MAX).then_some(bytes);
    }

    pub(super) fn writes(&self, member: MemberId) -> usize {
        self.sockets[member.index()].writes
    }

    pub(super) fn bytes(&self, member: MemberId) -> &[u8] {
        &self.sockets[member.index()].taken
    }

    /// All whole frames that the member has, after a look at each.
    pub(super) fn heard(&self, member: MemberId) -> Vec<Heard> {
        let mut rest = self.bytes(member);
        std::iter::from_fn(|| next_frame(&mut rest)).collect()
    }

    /// How much the member has of a frame that is not whole.
    pub(super) fn unfinished_bytes(&self, member: MemberId) -> usize {
        let mut rest = self.bytes(member);
        while next_frame(&mut rest).is_some() {}
        rest.len()
    }
}

impl Outlet for Sockets {
    fn write(&mut self, member: MemberId, bytes: &[u8]) -> usize {
        self.write_slices(member, &[IoSlice::new(bytes)])
    }

    fn write_slices(&mut self, member: MemberId, slices: &[IoSlice<'_>]) -> usize {
        self.clock = self.clock + self.write_time;
        let socket = &mut self.sockets[member.index()];
        socket.writes += 1;
        let offered: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let taken = socket.room.unwrap_or(usize::MAX).min(offered.len());
        socket.taken.extend_from_slice(&offered[..taken]);
        socket.room = socket.room.map(|room| room - taken);
        taken
    }

    fn now(&mut self) -> Instant {
        self.clock
    }
}

impl Heard {
    /// What a message says, or what else it is, in a word.
    pub(super) fn label(&self) -> String {
        match self {
            Heard::Text(json) => match (json["type"].as_str(), json["data"]["event"].as_str()) {
                (Some("system"), Some(event)) => event.to_owned(),
                (Some("error"), _) => format!("error {}", text(&json["data"]["code"])),
                (Some("pong"), _) => "pong message".to_owned(),
                _ => text(&json["data"]).to_owned(),
            },
            Heard::Ping => "ping".to_owned(),
            Heard::Pong(_) => "pong".to_owned(),
            Heard::Close(code) => format!("close {code}"),
        }
    }

    pub(super) fn json(&self) -> &Value {
        match self {
            Heard::Text(json) => json,
            other => panic!("{other:?} is no text"),
        }
    }
}

/// A message as another shard would hand it over.
pub(super) fn chat_frame(room: &str, text: &str, id: Option<Uuid>) -> Bytes {
    let data = format!("\"{text}\"");
    let mut frame = Vec::new();
    let envelope = Envelope {
        id: id.unwrap_or(Uuid::nil()),
        kind: MessageType::Chat,
        room: (!room.is_empty()).then_some(room),
        from: "elsewhere",
        data: data.as_bytes(),
        timestamp: Timestamp::from_unix_millis(0),
    };
    encode::envelope_frame(&envelope, &mut frame);
    Bytes::from(frame)
}

fn text(json: &Value) -> &str {
    json.as_str().unwrap_or_else(|| panic!("{json} is no string"))
}

fn next_frame(rest: &mut &[u8]) -> Option<Heard> {
    let (head, head_bytes) = FrameHead::parse(rest).expect("a frame begins here")?;
    assert!(head.fin && head.mask.is_none(), "a server neither fragments nor masks");
    let (payload, behind) =
        rest[head_bytes..].split_at_checked(usize::try_from(head.payload_bytes).unwrap())?;
    *rest = behind;
    Some(match head.opcode {
        OpCode::Text => Heard::Text(serde_json::from_slice(payload).expect("a frame holds JSON")),
        OpCode::Ping => Heard::Ping,
        OpCode::Pong => Heard::Pong(payload.to_vec()),
        OpCode::Close => Heard::Close(u16::from_be_bytes([payload[0], payload[1]])),
        other => panic!("the server sent a frame of kind {other:?}"),
    })
}
