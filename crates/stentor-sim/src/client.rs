//! A client: what it remembers, and its two ways between messages and frames.

use std::collections::VecDeque;

use serde::Deserialize;
use stentor_wire::frame::{FrameHead, OpCode};
use stentor_wire::mask::apply_mask;
use stentor_wire::uuid_v7;
use uuid::Uuid;

use crate::connection::ConnectionId;
use crate::plan::{ClientPlan, Resumes};

/// How many of its last messages a client says again after it has connected anew.
const SAID_AGAIN_MAX: usize = 3;

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) plan: ClientPlan,
    pub(crate) connection: Option<ConnectionId>,
    /// It has left for good.
    pub(crate) has_left: bool,
    /// What it resumes behind.
    pub(crate) last_id: Option<Uuid>,
    /// The number of that message, where it is one.
    pub(crate) last_number: Option<u64>,
    /// Its last messages, those with an id of its own.
    pub(crate) said: VecDeque<Words>,
}

/// A message of a client.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// Which message it is: no number twice.
    pub(crate) number: u64,
    pub(crate) id: Option<Uuid>,
    /// The place of its room; `None` is to everybody.
    pub(crate) room: Option<u8>,
}

/// What a client reads.
#[derive(Debug)]
pub(crate) enum Reading {
    Text(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(u16),
}

/// A text as far as the oracle needs it.
#[derive(Debug, Deserialize)]
pub(crate) struct Text {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) id: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) data: TextData,
}

/// What stands in `data`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct TextData {
    /// The number of a message.
    pub(crate) n: Option<u64>,
    pub(crate) event: Option<String>,
    pub(crate) missed: Option<u64>,
    pub(crate) from_id: Option<String>,
    /// In `resume`: whether nothing is missing.
    pub(crate) recovered: Option<bool>,
    /// In `resume`: how many messages are told again.
    pub(crate) replayed: Option<u64>,
    /// In an `auth` message: the connection whose token it is.
    pub(crate) shown: Option<ConnectionId>,
}

impl Client {
    pub(crate) fn new(plan: ClientPlan) -> Client {
        Client {
            plan,
            connection: None,
            has_left: false,
            last_id: None,
            last_number: None,
            said: VecDeque::new(),
        }
    }

    /// Notes what it has read, as far as it resumes behind such things.
    pub(crate) fn note_read(&mut self, text: &Text) {
        let is_message = text.kind == "chat";
        // Before it has heard anything, what welcomed it is better than nothing.
        let is_welcome = text.data.event.as_deref() == Some("welcome") && self.last_id.is_none();
        let counts = match self.plan.resumes {
            Resumes::Never => false,
            Resumes::BehindMessages => is_message || is_welcome,
            Resumes::BehindAnything => true,
        };
        if counts {
            let id = text.id.as_deref().and_then(|id| Uuid::parse_str(id).ok());
            self.last_id = id.or(self.last_id);
            self.last_number = text.data.n;
        }
    }

    /// Remembers what it says, where it can say it again.
    pub(crate) fn remember(&mut self, words: &Words) {
        if words.id.is_some() {
            self.said.push_back(words.clone());
            if self.said.len() > SAID_AGAIN_MAX {
                self.said.pop_front();
            }
        }
    }
}

impl Words {
    /// New words; two of three have an id of the client's own, which has the time in it.
    pub(crate) fn draw(
        random: &mut fastrand::Rng,
        unix_millis: u64,
        number: u64,
        room: Option<u8>,
    ) -> Words {
        let own = random.u32(0..3) > 0;
        let id = uuid_v7::made_at(unix_millis, random.u128(..).to_be_bytes());
        Words { number, id: own.then_some(id), room }
    }

    /// The message as a client sends it.
    pub(crate) fn text(&self) -> String {
        let room = self.room.map_or("null".to_owned(), |room| format!("\"{}\"", room_name(room)));
        let id = self.id.map_or(String::new(), |id| format!("\"id\":\"{id}\","));
        format!("{{{id}\"room\":{room},\"data\":{{\"n\":{}}}}}", self.number)
    }
}

/// The name of a room by its place.
pub(crate) fn room_name(room: u8) -> String {
    format!("room-{room}")
}

/// A client's frame: whole and masked.
pub(crate) fn frame(opcode: OpCode, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let payload_bytes = payload.len() as u64;
    let mut frame = Vec::with_capacity(payload.len() + FrameHead::BYTES_MAX);
    FrameHead { fin: true, opcode, mask: Some(mask), payload_bytes }.encode(&mut frame);
    let start = frame.len();
    frame.extend_from_slice(payload);
    apply_mask(&mut frame[start..], mask, 0);
    frame
}

/// Takes the first whole frame out of what a client has read.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn next_reading(unread: &mut Vec<u8>) -> Result<Option<Reading>, String> {
    let head = FrameHead::parse(unread).map_err(|error| error.to_string())?;
    let Some((head, head_bytes)) = head else { return Ok(None) };
    let end = head_bytes + head.payload_bytes as usize;
    if unread.len() < end {
        return Ok(None);
    }
    if head.mask.is_some() || !head.fin {
        return Err("a server's frame is whole and not masked".to_owned());
    }
    let payload = unread[head_bytes..end].to_vec();
    unread.drain(..end);
    match (head.opcode, &payload[..]) {
        (OpCode::Text, _) => Ok(Some(Reading::Text(payload))),
        (OpCode::Ping, _) => Ok(Some(Reading::Ping(payload))),
        (OpCode::Pong, _) => Ok(Some(Reading::Pong)),
        (OpCode::Close, [high, low, ..]) => {
            Ok(Some(Reading::Close(u16::from_be_bytes([*high, *low]))))
        }
        (opcode, _) => Err(format!("a frame that no server sends: {opcode:?}")),
    }
}
