use serde_json::Value;
use serde_json::value::RawValue;
use stentor_client::Message;
use uuid::Uuid;

use super::{json, line};

fn message(kind: &str, data: &str) -> Message {
    Message {
        id: Uuid::from_u128(7),
        kind: kind.to_owned(),
        room: Some("general".to_owned()),
        from: "al\x1bice".to_owned(),
        data: RawValue::from_string(data.to_owned()).expect("JSON"),
        timestamp: "2026-02-05T00:00:00.000Z".to_owned(),
    }
}

#[test]
fn the_text_is_found_where_chats_put_it() {
    for (kind, data, shown) in [
        ("chat", r#"{"content":"hi"}"#, "hi"),
        ("chat", r#"{"text":"hi"}"#, "hi"),
        ("chat", r#""hi""#, "hi"),
        ("chat", r#"{"content": 1}"#, r#"{"content": 1}"#),
        ("chat", "[1,\n2.50]", "[1, 2.50]"),
        ("notification", r#"{"text":"hi"}"#, "[notification] hi"),
        ("chat", r#"{"content":"a\u001b[2J\nb"}"#, "a\\u{1b}[2J\\nb"),
    ] {
        let expected = format!("2026-02-05T00:00:00.000Z  al\\u{{1b}}ice  {shown}");
        assert_eq!(line(&message(kind, data)), expected);
    }
}

#[test]
fn json_is_one_line_with_the_members_in_their_order() {
    let line = json(&message("chat", "{\n\"a\": 2.50}")).expect("JSON");
    let expected = concat!(
        r#"{"id":"00000000-0000-0000-0000-000000000007","type":"chat","room":"general","#,
        r#""from":"al\u001bice","data":{ "a": 2.50},"timestamp":"2026-02-05T00:00:00.000Z"}"#
    );
    assert_eq!(line, expected);
    assert!(serde_json::from_str::<Value>(&line).is_ok());
}
