use bytes::Bytes;
use proptest::prelude::*;
use stentor_wire::encode::{envelope_frame, envelope_json};
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::presence::Tale;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

use super::{
    RECORD_BYTES_MAX, Record, Rubbish, decode, encode, encode_chosen, encode_mark, encode_tale,
    message_of_frame,
};
use crate::pod_id::PodId;
use crate::seq::Seq;

fn envelope<'a>(room: Option<&'a str>, from: &'a str, data: &'a [u8]) -> Envelope<'a> {
    let timestamp = Timestamp::from_unix_millis(1_770_249_600_000);
    Envelope { id: Uuid::from_u128(7), kind: MessageType::Chat, room, from, data, timestamp }
}

fn json(envelope: &Envelope<'_>) -> Vec<u8> {
    let mut json = Vec::new();
    envelope_json(envelope, &mut json);
    json
}

fn pod() -> PodId {
    PodId::new("a", 1)
}

fn seq(value: u64) -> Seq {
    Seq::new(value).unwrap()
}

#[test]
fn a_record_is_the_message_with_pod_and_seq_in_front() {
    let message = json(&envelope(Some("general"), "ann", b"{\"n\": 1.50}"));
    let record = encode(&pod(), seq(7), &message);
    let expected = format!(
        r#"{{"pod":"a-0000000000000001","seq":7,{}"#,
        std::str::from_utf8(&message[1..]).unwrap()
    );
    assert_eq!(record, expected.as_bytes());
    let value: serde_json::Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(value["seq"], 7);
    assert_eq!(value["room"], "general");
}

#[test]
fn a_record_says_whether_the_sender_chose_the_id() {
    let message = json(&envelope(Some("general"), "ann", b"{}"));
    for (record, chosen) in
        [(encode(&pod(), seq(7), &message), false), (encode_chosen(&pod(), seq(7), &message), true)]
    {
        let Ok(Record::Message(relayed)) = decode(&record) else { panic!("{record:?}") };
        assert_eq!((relayed.is_id_chosen, relayed.id), (chosen, Uuid::from_u128(7)));
        assert!(relayed.frame().ends_with(&message), "the marker is no part of the message");
        assert!(serde_json::from_slice::<serde_json::Value>(&record).is_ok());
    }
}

#[test]
fn a_mark_comes_back_as_one() {
    let mark = encode_mark(&pod(), seq(12));
    assert_eq!(mark, r#"{"pod":"a-0000000000000001","seq":12}"#.as_bytes());
    assert_eq!(decode(&mark), Ok(Record::Mark { pod: pod().as_str(), seq: seq(12) }));
}

#[test]
fn what_no_pod_wrote_is_foreign() {
    let id = "00000000-0000-0000-0000-000000000007";
    for text in [
        "{}".to_owned(),
        "rubbish".to_owned(),
        r#"{"type":"notification","data":{}}"#.to_owned(),
        format!(r#"{{"pod":"","seq":1,"id":"{id}","type":"chat"}}"#),
        format!(r#"{{"pod":"a\"b","seq":1,"id":"{id}","type":"chat"}}"#),
        format!(r#"{{"pod":"{}","seq":1,"id":"{id}","type":"chat"}}"#, "p".repeat(65)),
        format!(r#"{{"pod":"a","seq":-1,"id":"{id}","type":"chat"}}"#),
        format!(r#"{{"pod":"a","seq":01,"id":"{id}","type":"chat"}}"#),
        format!(r#"{{"pod":"a","seq":99999999999999999,"id":"{id}","type":"chat"}}"#),
        format!(r#"{{"pod":"a","seq":9007199254740992,"id":"{id}","type":"chat"}}"#),
        format!(r#"{{"pod":"a","seq":1,"id":"{id}x","type":"chat"}}"#),
        r#"{"pod":"a","seq":1,"id":"no uuid and yet as long as one is ....","type":"chat"}"#
            .to_owned(),
        format!(r#"{{"pod":"a","seq":1,"id":"{id}","type":"chat""#),
        format!(r#"{{"pod":"a","seq":1,"type":"chat","id":"{id}"}}"#),
        r#"{"pod":"a","seq":1"#.to_owned(),
    ] {
        assert_eq!(decode(text.as_bytes()), Ok(Record::Foreign(text.as_bytes())), "{text}");
    }
}

#[test]
fn what_cannot_be_a_message_is_rubbish() {
    assert_eq!(decode(b"{\"pod\":\"\xff\"}"), Err(Rubbish::NotText));
    let most = "x".repeat(RECORD_BYTES_MAX);
    assert!(decode(most.as_bytes()).is_ok());
    assert_eq!(decode(format!("{most}x").as_bytes()), Err(Rubbish::TooLarge));
}

#[test]
fn a_message_is_cut_out_of_its_frame_without_a_copy() {
    let envelope = envelope(None, "ann", b"{}");
    let mut frame = Vec::new();
    envelope_frame(&envelope, &mut frame);
    let frame = Bytes::from(frame);
    assert_eq!(message_of_frame(&frame).unwrap(), json(&envelope));
    assert_eq!(message_of_frame(&frame.slice(..frame.len() - 1)), None);
    assert_eq!(message_of_frame(&Bytes::from_static(&[0x88, 0])), None);
}

proptest! {
    #[test]
    fn a_message_comes_out_byte_for_byte(
        room in proptest::option::of("[^\\pC]{1,20}"),
        from in ".{0,20}",
        data in "\\PC{0,300}",
        value in 0..=Seq::MAX.value(),
    ) {
        let data = serde_json::to_vec(&data).unwrap();
        let envelope = envelope(room.as_deref(), &from, &data);
        let mut frame = Vec::new();
        envelope_frame(&envelope, &mut frame);
        let record = encode(&pod(), seq(value), &json(&envelope));
        let Ok(Record::Message(relayed)) = decode(&record) else {
            return Err(TestCaseError::fail("no message"));
        };
        let pod = pod();
        prop_assert_eq!(relayed.pod, pod.as_str());
        prop_assert_eq!(relayed.seq, seq(value));
        prop_assert_eq!(relayed.id, envelope.id);
        prop_assert_eq!(relayed.frame(), frame);
    }

    #[test]
    fn no_payload_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
        let mut behind = br#"{"pod":"a","seq":1,"#.to_vec();
        behind.extend_from_slice(&bytes);
        let _ = decode(&behind);
    }
}

#[test]
fn what_is_told_of_presence_is_a_record_of_its_own() {
    let pod = PodId::new("web-1", 7);
    let record = encode_tale(&pod, &Tale::Ask);
    let Ok(Record::Tale { pod: from, tale }) = decode(&record) else { panic!("{record:?}") };
    assert_eq!((from, Tale::from_json(tale)), (pod.as_str(), Some(Tale::Ask)));
}
