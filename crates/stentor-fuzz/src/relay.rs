//! Relay records: what a pod writes it reads, whatever else is on a channel does no harm, and a
//! pod that hears records in any order keeps its promises.
//!
//! An input is taken three times: as a payload, as what a message carries, and as a history of
//! records that are heard.

mod history;

use stentor_bus::channel::Audience;
use stentor_bus::inbox::{Arrival, Inbox};
use stentor_bus::pod_id::PodId;
use stentor_bus::relay::{self, RECORD_BYTES_MAX, Record, Relayed, Rubbish};
use stentor_bus::seq::Seq;
use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::encode::envelope_json;
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::parse::Parser;
use stentor_wire::presence::Tale;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::{Instant, Now};
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

use crate::json;

const NOW: Now = Now { instant: Instant::from_micros(1), unix_millis: 1_770_249_600_000 };

/// Panics where a promise about relay records is broken.
pub fn body(input: &[u8]) {
    as_a_payload(input);
    as_a_message(input);
    history::check(input);
}

/// The pod that hears.
fn here() -> PodId {
    PodId::new("here", 0)
}

fn as_a_payload(payload: &[u8]) {
    match relay::decode(payload) {
        Err(Rubbish::TooLarge) => assert!(payload.len() > RECORD_BYTES_MAX),
        Err(Rubbish::NotText) => assert!(std::str::from_utf8(payload).is_err()),
        Ok(Record::Foreign(text)) => {
            assert_eq!(text, payload, "what another program wrote is whole");
            foreign_message_is_parsed(text);
        }
        Ok(Record::Mark { pod, seq }) => {
            let written = format!(r#"{{"pod":"{pod}","seq":{}}}"#, seq.value());
            assert_eq!(written.as_bytes(), payload, "a mark has one form");
        }
        Ok(Record::Tale { pod, tale }) => {
            let front = format!(r#"{{"pod":"{pod}","presence":"#);
            let written = [front.as_bytes(), tale, b"}"].concat();
            assert_eq!(written, payload, "nothing of a tale is left out");
            if let Some(tale) = Tale::from_json(tale) {
                assert_eq!(Tale::from_json(&tale.to_json()), Some(tale), "a tale has one meaning");
            }
        }
        Ok(Record::Message(relayed)) => {
            assert_eq!(record_of(&relayed), payload, "a record has one form");
        }
    }
}

/// A record written anew from what was read of it.
fn record_of(relayed: &Relayed<'_>) -> Vec<u8> {
    let message = relay::message_of_frame(&relayed.frame()).expect("the frame of a message");
    let chosen = if relayed.is_id_chosen { r#""chosen":true,"# } else { "" };
    let front = format!(r#"{{"pod":"{}","seq":{},{chosen}"#, relayed.pod, relayed.seq.value());
    [front.as_bytes(), message.strip_prefix(b"{").expect("an object")].concat()
}

/// Another program's payload is delivered exactly where a backend's message would be taken.
fn foreign_message_is_parsed(text: &[u8]) {
    let mut parser = Parser::new();
    let draft = parser.parse_backend(text);
    let is_message = text.len() <= MESSAGE_BYTES_MAX_DEFAULT && draft.is_ok();
    let room: Audience = Some(RoomName::parse("general").expect("a name"));

    let mut arrivals = Vec::new();
    Inbox::new(here(), 0).handle_payload(NOW, &room, text, &mut arrivals);
    let delivery = match arrivals.as_slice() {
        [] => None,
        [Arrival::Delivery(delivery)] => Some(delivery),
        other => panic!("one payload is at most one message: {other:?}"),
    };
    assert_eq!(delivery.is_some(), is_message, "a payload is delivered or is no message");
    let (Some(delivery), Ok(draft)) = (delivery, draft) else { return };
    assert_eq!(delivery.audience, room, "the channel says whom it is for");
    assert!(draft.id.is_none_or(|id| id == delivery.id), "an id is kept");
    let message = relay::message_of_frame(&delivery.frame).expect("a whole frame");
    let members = json::value(&message).and_then(json::object).expect("an object");
    assert_eq!(members.last("room").and_then(json::text).as_deref(), Some("general"));
    let data = members.last("data").map(|data| data.get().as_bytes());
    assert_eq!(data, Some(draft.data), "data is untouched");
}

/// A message that carries the input comes out of its record as it went in.
fn as_a_message(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let data = serde_json::to_string(&text).expect("a text is JSON");
    let mut numbers = input.iter().copied().chain(std::iter::repeat(0));
    let mut number = || numbers.by_ref().take(16).fold(0, |all, byte| all << 8 | u128::from(byte));
    let id = Uuid::from_u128(number());
    let seq = Seq::new(number() as u64 & Seq::MAX.value()).expect("it is cut to size");
    let pod = PodId::new(&text, number() as u64);
    let room = RoomName::parse(&text).ok();
    let envelope = Envelope {
        id,
        kind: MessageType::Chat,
        room: room.as_ref().map(RoomName::as_str),
        from: &text,
        data: data.as_bytes(),
        timestamp: Timestamp::from_unix_millis(number() as u64),
    };
    let mut message = Vec::new();
    envelope_json(&envelope, &mut message);

    for is_chosen in [false, true] {
        let encode = if is_chosen { relay::encode_chosen } else { relay::encode };
        let record = encode(&pod, seq, &message);
        if record.len() > RECORD_BYTES_MAX {
            assert_eq!(relay::decode(&record), Err(Rubbish::TooLarge));
            continue;
        }
        match relay::decode(&record) {
            Ok(Record::Message(relayed)) => {
                let read = (relayed.pod, relayed.seq, relayed.id, relayed.is_id_chosen);
                assert_eq!(read, (pod.as_str(), seq, id, is_chosen));
                let carried = relay::message_of_frame(&relayed.frame());
                assert_eq!(carried.as_deref(), Some(message.as_slice()));
            }
            other => panic!("a record of a message is {other:?}"),
        }
    }
    let mark = relay::encode_mark(&pod, seq);
    assert_eq!(relay::decode(&mark), Ok(Record::Mark { pod: pod.as_str(), seq }));
}
