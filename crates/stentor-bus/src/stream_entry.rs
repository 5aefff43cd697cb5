//! An entry of a room's stream: a relay record, and when Redis took it.
//!
//! Field `p` is the record as it is published, field `q`, where it is there, says that the message
//! was *settled*. Knows no Redis: whoever read an entry hands over its parts.

use std::sync::Arc;

use bytes::Bytes;
use stentor_wire::encode::frame_timestamp;
use stentor_wire::place::Place;
use stentor_wire::resend::first_copy_age;
use uuid::Uuid;

use crate::relay::{self, Record};
use crate::seq::Seq;

/// The field of the relay record.
pub const RECORD_FIELD: &str = "p";

/// The field that says that the message was settled; its value is [`SETTLED`].
pub const SETTLED_FIELD: &str = "q";

/// Everything that this pod had said in this room before had been handed to all of its members
/// when this was said.
pub const SETTLED: &str = "1";

/// The place of an entry in its stream; Redis gives it out, and larger is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// When, by the clock of Redis, in milliseconds since 1970. It does not go back in a stream.
    pub unix_millis: u64,
    /// Which one in that millisecond.
    pub count: u64,
}

impl StreamId {
    /// Reads `1526919030474-55`; `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<StreamId> {
        let (millis, count) = std::str::from_utf8(text).ok()?.split_once('-')?;
        Some(StreamId { unix_millis: millis.parse().ok()?, count: count.parse().ok()? })
    }
}

/// A message in its room's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEntry {
    /// Its place.
    pub at: StreamId,
    /// The pod that said it.
    pub pod: Arc<str>,
    /// Its number in what this pod says in this room.
    pub seq: Seq,
    /// The message's id.
    pub id: Uuid,
    /// Whether its sender chose the id.
    pub is_id_chosen: bool,
    /// The message as one text frame.
    pub frame: Bytes,
    /// Whether all that its pod had said here before was with all of that pod's members already.
    pub is_settled: bool,
}

impl StreamEntry {
    /// An entry from its place and its fields, names and values in turn; `None` where it is no
    /// message of a pod. Fields of other names are passed over.
    pub fn parse<'a>(at: &[u8], fields: impl Iterator<Item = &'a [u8]>) -> Option<StreamEntry> {
        let at = StreamId::parse(at)?;
        let (mut record, mut is_settled) = (None, false);
        let mut fields = fields;
        while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
            if name == RECORD_FIELD.as_bytes() {
                record = Some(value);
            } else if name == SETTLED_FIELD.as_bytes() {
                is_settled = value == SETTLED.as_bytes();
            }
        }
        let Ok(Record::Message(relayed)) = relay::decode(record?) else { return None };
        Some(StreamEntry {
            at,
            pod: relayed.pod.into(),
            seq: relayed.seq,
            id: relayed.id,
            is_id_chosen: relayed.is_id_chosen,
            frame: relayed.frame(),
            is_settled,
        })
    }

    /// The earliest that anybody can have heard it, in milliseconds since 1970: members of its own
    /// pod hear a message before Redis takes it, in an outage long before; and this may be a resend.
    pub fn heard_from(&self) -> u64 {
        let stamped_at = self.stamped_at();
        let age = first_copy_age(self.id, stamped_at).as_millis();
        stamped_at.saturating_sub(u64::try_from(age).unwrap_or(u64::MAX)).min(self.at.unix_millis)
    }

    /// Its place in what its pod has published in the room.
    pub fn place(&self) -> Place {
        Place::new(&self.pod, self.seq.value())
    }

    /// Whether its id tells of no time before its stamp, at which others may have heard it.
    pub fn is_first_copy(&self) -> bool {
        first_copy_age(self.id, self.stamped_at()).is_zero()
    }

    fn stamped_at(&self) -> u64 {
        let stamp = frame_timestamp(&self.frame);
        stamp.map_or(self.at.unix_millis, |stamp| stamp.unix_millis())
    }
}

#[cfg(test)]
mod tests;
