use super::{StreamEntry, StreamId};
use crate::pod_id::PodId;
use crate::relay;
use crate::seq::Seq;

const MESSAGE: &str = r#"{"id":"0198a1b2-0000-7000-8000-000000000001","type":"chat","room":"general","from":"ann","data":1,"timestamp":"2026-02-05T00:00:00.000Z"}"#;

fn record() -> Vec<u8> {
    relay::encode(&PodId::new("a", 1), Seq::new(7).unwrap(), MESSAGE.as_bytes()).to_vec()
}

fn parse(at: &[u8], fields: &[&[u8]]) -> Option<StreamEntry> {
    StreamEntry::parse(at, fields.iter().copied())
}

#[test]
fn an_entry_has_its_place_its_pod_and_its_message() {
    let entry = parse(b"1770249600000-3", &[b"p", &record()]).unwrap();
    assert_eq!(entry.at, StreamId { unix_millis: 1_770_249_600_000, count: 3 });
    assert_eq!((&*entry.pod, entry.seq.value()), ("a-0000000000000001", 7));
    assert_eq!(entry.id.to_string(), "0198a1b2-0000-7000-8000-000000000001");
    assert!(entry.frame.ends_with(MESSAGE.as_bytes()) && !entry.is_settled);
}

#[test]
fn only_a_one_is_settled_and_other_fields_are_passed_over() {
    let settled = |fields: &[&[u8]]| parse(b"1-0", fields).map(|entry| entry.is_settled);
    assert_eq!(settled(&[b"p", &record(), b"q", b"1"]), Some(true));
    assert_eq!(settled(&[b"p", &record(), b"q", b"0"]), Some(false));
    assert_eq!(settled(&[b"x", b"y", b"p", &record()]), Some(false));
}

#[test]
fn rubbish_is_no_entry() {
    let mark = relay::encode_mark(&PodId::new("a", 1), Seq::new(7).unwrap());
    let entries: [(&[u8], &[&[u8]]); 7] = [
        (b"1-0", &[]),
        (b"1-0", &[b"p"]),
        (b"1-0", &[b"p", b"rubbish"]),
        (b"1-0", &[b"p", &mark]),
        (b"1-0", &[b"q", b"1"]),
        (b"1", &[b"p", MESSAGE.as_bytes()]),
        (b"\xff-0", &[b"p", MESSAGE.as_bytes()]),
    ];
    for (at, fields) in entries {
        assert_eq!(parse(at, fields), None, "{at:?} {fields:?}");
    }
    assert_eq!(parse(b"x-0", &[b"p", &record()]), None);
}

#[test]
fn places_are_in_the_order_of_time() {
    let parse = |text: &str| StreamId::parse(text.as_bytes()).unwrap();
    assert!(parse("9-0") < parse("10-0") && parse("10-9") < parse("10-10"));
}
