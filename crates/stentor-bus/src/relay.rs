//! The relay record: a message's JSON with the bus's own members in front.
//!
//! `{"pod":"web-1-00…ab","seq":7,"id":"…","type":"chat",…}` is a message; without the rest,
//! `{"pod":"web-1-00…ab","seq":7}`, it is a *mark*: everything up to 7 has been said. Where the sender
//! chose the id itself, `"chosen":true` follows the number: only such an id can come back in a
//! resend through another pod, so only such ids need to be remembered there. Because the
//! A third kind tells other pods who is in the room: `{"pod":"web-1-00…ab","presence":{…}}`. Because the
//! members stand in front in a fixed form, a record is taken apart by looking at its beginning and
//! its end, and its message goes on byte for byte. Whatever looks different is a foreign
//! publisher's and is parsed in full.
//!
//! What lies between the id and the end of another pod's record is not parsed: who may publish
//! under a pod's name on the operator's Redis is trusted with the JSON of it, not with UTF-8 or
//! with its length.

use bytes::Bytes;
use stentor_wire::frame::{FrameHead, OpCode};
use stentor_wire::presence::Tale;
use uuid::Uuid;

use crate::pod_id::PodId;
use crate::seq::Seq;

/// The largest record, in bytes: a message of 65,536 that was said in the longest room by the
/// longest name, with room to spare. A larger one is rubbish.
pub const RECORD_BYTES_MAX: usize = 128 * 1024;

const BEFORE_POD: &[u8] = br#"{"pod":""#;
const BEFORE_SEQ: &[u8] = br#"","seq":"#;
const BEFORE_TALE: &[u8] = br#"","presence":"#;
const CHOSEN: &[u8] = br#""chosen":true,"#;
const BEFORE_ID: &[u8] = br#""id":""#;
const BEHIND_ID: &[u8] = br#"","type":""#;
const AT_END: &[u8] = br#""}"#;
const UUID_TEXT_BYTES: usize = 36;

/// What a channel carried.
#[derive(Debug, PartialEq)]
pub enum Record<'a> {
    /// A message of a pod.
    Message(Relayed<'a>),
    /// A pod says that it has said everything up to `seq`.
    Mark {
        /// The pod's id.
        pod: &'a str,
        /// The last sequence number that it gave out for this channel.
        seq: Seq,
    },
    /// A pod tells of presence.
    Tale {
        /// The pod's id.
        pod: &'a str,
        /// What it tells, as JSON.
        tale: &'a [u8],
    },
    /// Something that no pod wrote; perhaps a message of another program.
    Foreign(&'a [u8]),
}

/// A message of a pod, as it lies in its record.
#[derive(Debug, PartialEq)]
pub struct Relayed<'a> {
    /// The pod's id.
    pub pod: &'a str,
    /// Its place in what this pod says on this channel.
    pub seq: Seq,
    /// The message's id.
    pub id: Uuid,
    /// Whether its sender chose the id.
    pub is_id_chosen: bool,
    /// The message's JSON without its first byte, which is `{`.
    rest: &'a [u8],
}

/// A payload that cannot be a message, whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rubbish {
    /// Over [`RECORD_BYTES_MAX`].
    TooLarge,
    /// No UTF-8.
    NotText,
}

/// Puts the bus's members in front of a message's JSON, in one allocation of the exact size.
///
/// `message` is what the envelope's encoder wrote: an object that begins with its id.
pub fn encode(pod: &PodId, seq: Seq, message: &[u8]) -> Bytes {
    debug_assert!(message.starts_with(b"{\"id\":\""), "a message begins with its id");
    let rest = message.get(1..).unwrap_or_default();
    record(pod, seq, b",", rest)
}

/// The same for a message whose id its sender chose.
pub fn encode_chosen(pod: &PodId, seq: Seq, message: &[u8]) -> Bytes {
    debug_assert!(message.starts_with(b"{\"id\":\""), "a message begins with its id");
    let rest = message.get(1..).unwrap_or_default();
    record(pod, seq, br#","chosen":true,"#, rest)
}

/// A record without a message.
pub fn encode_mark(pod: &PodId, seq: Seq) -> Bytes {
    record(pod, seq, b"", b"}")
}

/// What a pod tells of presence; it has no number, because the next one makes a lost one good.
pub fn encode_tale(pod: &PodId, tale: &Tale) -> Bytes {
    let tale = tale.to_json();
    let parts = [BEFORE_POD, pod.as_str().as_bytes(), BEFORE_TALE, &tale, b"}"];
    Bytes::from(parts.concat())
}

/// Takes a payload apart.
///
/// # Errors
/// [`Rubbish`] where it cannot be a message. A payload that only might be none is
/// [`Record::Foreign`], and whoever parses it finds out.
pub fn decode(payload: &[u8]) -> Result<Record<'_>, Rubbish> {
    if payload.len() > RECORD_BYTES_MAX {
        return Err(Rubbish::TooLarge);
    }
    if std::str::from_utf8(payload).is_err() {
        return Err(Rubbish::NotText);
    }
    Ok(of_pod(payload).unwrap_or(Record::Foreign(payload)))
}

/// The JSON in a frame that the envelope's encoder wrote, without a copy; `None` for any other.
pub fn message_of_frame(frame: &Bytes) -> Option<Bytes> {
    let (head, head_bytes) = FrameHead::parse(frame).ok()??;
    let whole = head.fin && head.opcode == OpCode::Text && head.mask.is_none();
    let exact = head_bytes as u64 + head.payload_bytes == frame.len() as u64;
    (whole && exact).then(|| frame.slice(head_bytes..))
}

impl Relayed<'_> {
    /// The message as one text frame for local members, in one allocation of the exact size.
    pub fn frame(&self) -> Bytes {
        let payload_bytes = 1 + self.rest.len() as u64;
        let head = FrameHead { fin: true, opcode: OpCode::Text, mask: None, payload_bytes };
        let mut frame = Vec::with_capacity(head.encoded_bytes() + 1 + self.rest.len());
        head.encode(&mut frame);
        frame.push(b'{');
        frame.extend_from_slice(self.rest);
        Bytes::from(frame)
    }
}

fn record(pod: &PodId, seq: Seq, behind_seq: &[u8], rest: &[u8]) -> Bytes {
    let mut digits = [0; Seq::DIGITS_MAX];
    let parts = [
        BEFORE_POD,
        pod.as_str().as_bytes(),
        BEFORE_SEQ,
        seq.digits(&mut digits),
        behind_seq,
        rest,
    ];
    let mut record = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| record.extend_from_slice(part));
    Bytes::from(record)
}

/// A record in exactly the form that [`encode`] and [`encode_mark`] write.
fn of_pod(payload: &[u8]) -> Option<Record<'_>> {
    let behind = payload.strip_prefix(BEFORE_POD)?;
    let pod_bytes = behind.iter().take(PodId::BYTES_MAX + 1).position(|byte| *byte == b'"')?;
    let pod = PodId::check(std::str::from_utf8(&behind[..pod_bytes]).ok()?)?;
    if let Some(tale) = behind[pod_bytes..].strip_prefix(BEFORE_TALE) {
        return Some(Record::Tale { pod, tale: tale.strip_suffix(b"}")? });
    }
    let (seq, behind) = Seq::read(behind[pod_bytes..].strip_prefix(BEFORE_SEQ)?)?;
    if behind == b"}" {
        return Some(Record::Mark { pod, seq });
    }
    let rest = behind.strip_prefix(b",")?;
    let chosen = rest.strip_prefix(CHOSEN);
    let rest = chosen.unwrap_or(rest);
    let (id, behind) = rest.strip_prefix(BEFORE_ID)?.split_at_checked(UUID_TEXT_BYTES)?;
    if !behind.starts_with(BEHIND_ID) || !behind.ends_with(AT_END) {
        return None;
    }
    let id = Uuid::try_parse_ascii(id).ok()?;
    Some(Record::Message(Relayed { pod, seq, id, is_id_chosen: chosen.is_some(), rest }))
}

#[cfg(test)]
mod tests;
