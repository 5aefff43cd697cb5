use super::*;

const STAMP: &str = "0123456789abcdef0123456789abcdef01234567";

fn delivery(front: &str) -> Vec<u8> {
    format!(r#"{{{front}"data":{{"content":"{STAMP}xxxx"}}}}"#).into_bytes()
}

#[test]
fn the_stamp_is_found_where_it_stood_before() {
    let mut locator = Locator::new();
    let payload = delivery(r#""type":"chat","#);

    assert_eq!(locator.find(&payload), Some(STAMP.as_bytes().try_into().unwrap()));
    assert_eq!(locator.find(&payload), Some(STAMP.as_bytes().try_into().unwrap()));
}

#[test]
fn a_delivery_of_the_same_size_that_is_worded_otherwise_is_searched() {
    let mut locator = Locator::new();
    let learned = delivery(r#""a":"bbbb","#);
    let other = format!(r#"{{"data":{{"content":"{STAMP}xxxx"}},"a":"bbbb"}}"#).into_bytes();
    assert_eq!(learned.len(), other.len());

    assert!(locator.find(&learned).is_some());
    assert_eq!(locator.find(&other), Some(STAMP.as_bytes().try_into().unwrap()));
}

#[test]
fn what_is_no_message_of_a_swarm_has_no_stamp() {
    let mut locator = Locator::new();
    let learned = delivery("");
    let cut_short = br#"{"data":{"content":"0123"}}"#;

    assert!(locator.find(&learned).is_some());
    assert_eq!(locator.find(&vec![b' '; learned.len()]), None);
    assert_eq!(locator.find(cut_short), None);
    assert_eq!(locator.find(b""), None);
}

#[test]
fn a_payload_larger_than_any_remembered_size_is_searched() {
    let mut locator = Locator::new();
    let payload = delivery(&format!(r#""pad":"{}","#, "y".repeat(SIZE_MAX)));

    assert_eq!(locator.find(&payload), Some(STAMP.as_bytes().try_into().unwrap()));
}
