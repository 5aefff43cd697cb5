//! What a server says to an audited client: messages of the run, its events, its refusals.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::verdict::message_id::MessageId;
use crate::verdict::stamp::{RunId, STAMP_BYTES, Stamp};

#[cfg(test)]
mod tests;

/// One frame, understood.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Incoming {
    /// A message of this run.
    Message {
        /// Who sent it, and when it was due.
        stamp: Stamp,
        /// Its id, where it is one of this run.
        id: Option<MessageId>,
        /// Its room.
        room: Option<String>,
    },
    /// The first frame, with the pod's name.
    Welcome(String),
    /// A message of the client's own was taken.
    Ack(MessageId),
    /// One was refused, with this code.
    Refused(Option<MessageId>, String),
    /// Messages were dropped; how many, where anybody could count them.
    Gap { missed: Option<u64>, ends: [Option<MessageId>; 2] },
    /// The answer to a `last_id`.
    Resume { recovered: bool, replayed: u64 },
    /// The pod is going away.
    Drain,
    /// Anything else.
    Strange,
}

/// The envelope of whatever comes.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    room: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// The data of messages, events and errors in one: what is not there is none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
    event: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    pod: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    #[serde(rename = "ref")]
    reference: Option<Cow<'a, str>>,
    from_id: Option<Cow<'a, str>>,
    to_id: Option<Cow<'a, str>>,
    missed: Option<u64>,
    recovered: Option<bool>,
    replayed: Option<u64>,
}

impl Incoming {
    /// Reads a frame's payload; what does not fit is strange, and never an error.
    pub(crate) fn read(payload: &[u8], run: RunId) -> Self {
        Self::parse(payload, run).unwrap_or(Self::Strange)
    }

    fn parse(payload: &[u8], run: RunId) -> Option<Self> {
        let frame: Frame<'_> = serde_json::from_slice(payload).ok()?;
        let data: Data<'_> = serde_json::from_str(frame.data?.get()).ok()?;
        let ours = |id: &Option<Cow<'_, str>>| MessageId::parse(id.as_deref()?, run);
        match frame.kind.as_deref()? {
            "error" => {
                let code = data.code.unwrap_or_default().into_owned();
                Some(Self::Refused(ours(&data.reference), code))
            }
            "system" => Some(match data.event.as_deref()? {
                "welcome" => Self::Welcome(data.pod.unwrap_or_default().into_owned()),
                "ack" => Self::Ack(ours(&data.id)?),
                "gap" => {
                    let ends = [ours(&data.from_id), ours(&data.to_id)];
                    Self::Gap { missed: data.missed, ends }
                }
                "resume" => {
                    let replayed = data.replayed.unwrap_or(0);
                    Self::Resume { recovered: data.recovered?, replayed }
                }
                "drain" => Self::Drain,
                _ => return None,
            }),
            _ => {
                let stamp =
                    data.content?.as_bytes().first_chunk::<STAMP_BYTES>().map(Stamp::decode);
                let stamp = stamp.filter(|stamp| stamp.run == run)?;
                let room = frame.room.map(Cow::into_owned);
                Some(Self::Message { stamp, id: ours(&frame.id), room })
            }
        }
    }
}
