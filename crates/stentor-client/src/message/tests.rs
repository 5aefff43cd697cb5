use super::{ErrorReply, Event, Heard, Presence, Status};
use crate::protocol::Payload;
use stentor_wire::error_code::ErrorCode;
use stentor_wire::event;
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

const ID: &str = "0190b7f0-0000-7000-8000-000000000001";

fn hear(text: &str) -> Heard {
    Heard::from_payload(Payload::Text(text.to_owned()))
}

fn system(data: &str) -> Heard {
    hear(&format!(
        r#"{{"id":"{ID}","type":"system","room":"a","from":"server","data":{data},"timestamp":"t"}}"#
    ))
}

#[test]
fn a_message_has_its_members_and_its_data_as_sent() {
    let heard = hear(&format!(
        r#"{{"id":"{ID}","type":"chat","room":"général","from":"me","data":{{"b": 1.0, "a":[ ]}},"timestamp":"2026-02-05T00:00:00.000Z"}}"#
    ));

    let Heard::Message(message) = heard else { panic!("a message: {heard:?}") };
    assert_eq!(message.id.to_string(), ID);
    assert_eq!(message.message_type(), Some(MessageType::Chat));
    assert_eq!(message.room.as_deref(), Some("général"));
    assert_eq!((message.from.as_str(), message.timestamp.len()), ("me", 24));
    assert_eq!(message.data.get(), r#"{"b": 1.0, "a":[ ]}"#);
}

#[test]
fn null_is_data_like_any_other() {
    let heard =
        hear(&format!(r#"{{"id":"{ID}","type":"chat","from":"x","data":null,"timestamp":"t"}}"#));

    assert!(matches!(heard, Heard::Message(message) if message.data.get() == "null"));
}

#[test]
fn every_event_that_the_server_writes_is_read() {
    let id = Uuid::parse_str(ID).expect("an id");
    let rooms = [RoomName::parse("a \"b\"").expect("a name")];
    let pairs = [
        (
            event::Event::Welcome {
                client_id: &id,
                user: None,
                rooms: &rooms,
                pod: "p",
                ping_interval_ms: 25_000,
            },
            Event::Welcome {
                client_id: id,
                user: None,
                rooms: vec!["a \"b\"".to_owned()],
                pod: Some("p".to_owned()),
                ping_interval_ms: 25_000,
            },
        ),
        (event::Event::Joined { members: 2 }, Event::Joined { members: 2 }),
        (event::Event::Left { members: 0 }, Event::Left { members: 0 }),
        (event::Event::Ack { id, duplicate: true }, Event::Ack { id, duplicate: true }),
        (
            event::Event::Gap { missed: None, from_id: Some("x"), to_id: None },
            Event::Gap { missed: None, from_id: Some("x".to_owned()), to_id: None },
        ),
        (
            event::Event::Resume { recovered: false, replayed: 3, oldest_id: None },
            Event::Resume { recovered: false, replayed: 3, oldest_id: None },
        ),
        (event::Event::Drain { reconnect_after_ms: 7 }, Event::Drain { reconnect_after_ms: 7 }),
    ];
    for (written, expected) in pairs {
        let mut data = Vec::new();
        written.write_data(&mut data);

        let heard = system(std::str::from_utf8(&data).expect("JSON is UTF-8"));

        let Heard::Event(event, message) = heard else { panic!("an event: {heard:?}") };
        assert_eq!(event, expected);
        assert_eq!(message.room.as_deref(), Some("a"));
    }
}

#[test]
fn an_event_that_is_not_known_is_kept() {
    for data in [r#"{"event":"token_expiring","in_ms":30000}"#, r#"{"event":"ack","id":7}"#] {
        let heard = system(data);

        let Heard::Event(Event::Other, message) = heard else { panic!("other: {heard:?}") };
        assert_eq!(message.data.get(), data);
    }
}

#[test]
fn a_system_message_without_an_event_is_a_message() {
    for data in ["{}", "7", r#"{"event":7}"#, "[]"] {
        assert!(matches!(system(data), Heard::Message(_)), "{data}");
    }
}

#[test]
fn the_answer_to_a_bad_message_is_read_with_and_without_a_reference() {
    let with = hear(r#"{"type":"error","data":{"code":"bad_room","message":"no","ref":"mine"}}"#);
    let without = hear(r#"{"type":"error","data":{"code":"novel","message":"no"}}"#);

    let Heard::Error(with) = with else { panic!("an error: {with:?}") };
    assert_eq!(with.error_code(), Some(ErrorCode::BadRoom));
    assert_eq!(with.reference.as_deref(), Some("mine"));
    let Heard::Error(without) = without else { panic!("an error: {without:?}") };
    assert_eq!(without.error_code(), None);
    let expected =
        ErrorReply { code: "novel".to_owned(), message: "no".to_owned(), reference: None };
    assert_eq!(without, expected);
}

#[test]
fn a_type_that_is_not_known_is_kept() {
    let heard = hear(&format!(
        r#"{{"id":"{ID}","type":"novel","from":"x","data":1,"timestamp":"t","more":[1]}}"#
    ));

    let Heard::Message(message) = heard else { panic!("a message: {heard:?}") };
    assert_eq!((message.kind.as_str(), message.message_type()), ("novel", None));
}

#[test]
fn what_is_no_message_is_kept_as_it_came() {
    let texts = [
        "",
        "hello",
        "[]",
        "{}",
        r#"{"type":"chat"}"#,
        r#"{"type":"error","data":{"code":7}}"#,
        r#"{"id":"no-uuid","type":"chat","from":"x","data":1,"timestamp":"t"}"#,
    ];
    for text in texts {
        assert!(matches!(hear(text), Heard::OtherText(kept) if kept == text), "{text}");
    }
    let binary = Heard::from_payload(Payload::Binary(vec![1, 2]));
    assert!(matches!(binary, Heard::OtherBinary(bytes) if bytes == [1, 2]));
}

#[test]
fn one_resumes_behind_a_rooms_message_or_the_servers_own_id() {
    let v4 = "9f2c5d8e-3a41-4c0b-8f57-1a2b3c4d5e6f";
    let joined = r#"{"event":"joined","members":1}"#;
    let welcome = &format!(
        r#"{{"event":"welcome","client_id":"{ID}","user":null,"rooms":[],"pod":"p","ping_interval_ms":1}}"#
    );
    let cases = [
        (v4, "chat", r#""room":"a","from":"x""#, "1", [true, true]),
        (ID, "notification", r#""from":"server""#, "1", [true, true]),
        (ID, "pong", r#""from":"server""#, "1", [false, false]),
        (ID, "system", r#""room":"a","from":"server""#, joined, [false, false]),
        (ID, "system", r#""from":"server""#, welcome, [false, true]),
    ];
    for (id, kind, members, data, [later, first]) in cases {
        let text =
            format!(r#"{{"id":"{id}","type":"{kind}",{members},"data":{data},"timestamp":"t"}}"#);
        let heard = hear(&text);
        assert_eq!(heard.resume_id(false).is_some(), later, "{text}");
        assert_eq!(heard.resume_id(true).is_some(), first, "{text}");
    }
}

#[test]
fn presence_is_read_as_names_and_as_counts() {
    let presence = |data: &str| {
        let from = r#""room":"a","from":"server""#;
        hear(&format!(r#"{{"id":"{ID}","type":"presence",{from},"data":{data},"timestamp":"t"}}"#))
    };
    let person = presence(&format!(r#"{{"status":"away","user":"ann","client_id":"{ID}"}}"#));
    let Heard::Presence(Presence::Person { status, user, .. }, message) = person else {
        panic!("{person:?}");
    };
    assert_eq!(
        (status, user.as_deref(), message.room.as_deref()),
        (Status::Away, Some("ann"), Some("a"))
    );
    let count = presence(r#"{"members":300}"#);
    assert!(matches!(count, Heard::Presence(Presence::Count { members: 300 }, _)), "{count:?}");
    assert!(matches!(presence("{}"), Heard::Message(_)));
}
