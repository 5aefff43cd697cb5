use uuid::Uuid;

use super::{LARGE_TEXT_BYTES, Parser, SMALL_TEXTS_MAX};
use crate::draft::{Draft, Refusal, RoomField};
use crate::error_code::ErrorCode;
use crate::message_type::MessageType;

mod properties;

const ID: &str = "0190a5e0-7b4c-7cde-8f00-123456789abc";

fn refused(text: &str) -> Refusal {
    Parser::new().parse_client(text.as_bytes()).unwrap_err()
}

fn code(text: &str) -> ErrorCode {
    refused(text).code
}

/// Reads as a client's message and hands the draft to `check`.
fn with_draft(text: &str, check: impl FnOnce(Draft<'_>)) {
    let mut parser = Parser::new();
    check(parser.parse_client(text.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}")));
}

#[test]
fn an_empty_object_is_a_chat_with_empty_data() {
    with_draft(" {} ", |draft| {
        assert_eq!(draft.kind, MessageType::Chat);
        assert_eq!(draft.room, RoomField::Absent);
        assert_eq!(draft.data, b"{}");
        assert_eq!((draft.id, draft.reference), (None, None));
    });
}

#[test]
fn a_whole_message_is_read() {
    let text = format!(
        r#"{{"id":"{ID}","type":"presence","room":"general","data":{{"content":"hi"}},"x":1}}"#
    );
    with_draft(&text, |draft| {
        assert_eq!(draft.id, Some(Uuid::parse_str(ID).unwrap()));
        assert_eq!(draft.reference.as_deref(), Some(ID));
        assert_eq!(draft.kind, MessageType::Presence);
        assert_eq!(draft.room, RoomField::Named("general".into()));
        assert_eq!(draft.data, br#"{"content":"hi"}"#);
    });
}

#[test]
fn data_is_passed_on_byte_for_byte() {
    let values = [
        "1e999",
        "-0.0",
        "18446744073709551616",
        "1.0000000000000000000001",
        "\"\\u00e9\\/é\"",
        "{\"b\":1,  \"a\" : [ ]}",
        "\"a,\"",
        "[1,\n\t2]",
        "null",
        "\"\\ud800\"",
        "true",
        "\"}\"",
    ];
    for value in values {
        for text in [
            format!("{{\"data\":{value}}}"),
            format!("{{ \"data\" :\t{value} \r\n , \"room\" : \"a\" }} "),
            format!("{{\"room\":\"a\",\"da\\u0074a\": {value}\n}}\n"),
        ] {
            with_draft(&text, |draft| {
                assert_eq!(std::str::from_utf8(draft.data).unwrap(), value, "{text}");
            });
        }
    }
}

#[test]
fn of_members_with_one_name_the_last_counts() {
    with_draft(r#"{"data":1,"type":"ping","data":{"a":2},"type":"pong","x":3}"#, |draft| {
        assert_eq!(draft.data, br#"{"a":2}"#);
        assert_eq!(draft.kind, MessageType::Pong);
    });
}

#[test]
fn only_the_top_level_is_the_message() {
    let text = r#"{"data":{"data":7,"type":"nope","room":3},"x":{"type":"nope"},"room":"a"}"#;
    with_draft(text, |draft| {
        assert_eq!(draft.data, br#"{"data":7,"type":"nope","room":3}"#);
        assert_eq!(draft.room, RoomField::Named("a".into()));
    });
}

#[test]
fn null_and_the_empty_room_are_global() {
    for room in ["null", "\"\""] {
        with_draft(&format!("{{\"room\":{room}}}"), |draft| {
            assert_eq!(draft.room, RoomField::Global);
        });
    }
}

#[test]
fn an_id_that_is_no_uuid_is_kept_as_reference_only() {
    let simple = ID.replace('-', "");
    let longest = "x".repeat(128);
    for id in [simple.as_str(), "7", "", &longest] {
        with_draft(&format!("{{\"id\":\"{id}\"}}"), |draft| {
            assert_eq!((draft.id, draft.reference.as_deref()), (None, Some(id)));
        });
    }
}

#[test]
fn an_id_that_is_no_short_string_is_dropped() {
    let too_long = format!("\"{}\"", "x".repeat(129));
    for id in ["7", "null", "{}", "\"\\ud800\"", &too_long] {
        with_draft(&format!("{{\"id\":{id}}}"), |draft| {
            assert_eq!((draft.id, draft.reference), (None, None));
        });
    }
}

#[test]
fn from_and_timestamp_of_a_client_are_ignored_whatever_they_are() {
    for value in ["\"me\"", "7", "null", "\"2026-02-05T00:00:00Z\""] {
        with_draft(&format!("{{\"from\":{value},\"timestamp\":{value}}}"), |draft| {
            assert_eq!((draft.from, draft.timestamp), (None, None));
        });
    }
}

#[test]
fn what_is_no_json_is_invalid_json() {
    for text in [
        "",
        " ",
        "{",
        "{}x",
        "{} {}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":}",
        "{\"a\":1,}",
        "nul",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":1.}",
        "\u{feff}{}",
        "{}\0",
        "\0{}",
        "{a:1}",
        "{\"data\":1e}",
        "{\"data\" 1}",
        "{\"data\":+1}",
        "{\"data\":NaN}",
        "/**/{}",
        "{\"a\":1;}",
    ] {
        assert_eq!(code(text), ErrorCode::InvalidJson, "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_invalid_json() {
    for bytes in [&b"{\"data\":\"\xff\"}"[..], b"\x00\x01\x02", b"{\"data\":\"\xed\xa0\x80\"}"] {
        let refusal = Parser::new().parse_client(bytes).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidJson, "{bytes:?}");
    }
}

#[test]
fn a_refusal_says_what_is_wrong_and_where() {
    assert_eq!(refused("{\"a\":01}").message, "invalid number, at byte 7");
    assert_eq!(refused("{\n\"a\" 1}").message, "expected `:`, at byte 7");
    assert_eq!(refused("\u{feff}{}").message, "starts with a byte order mark");
    let broken = Parser::new().parse_client(b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!(broken.message, "not UTF-8, at byte 7");
}

#[test]
fn json_that_is_no_object_is_an_invalid_message() {
    for text in ["[]", "1", "\"{}\"", "null", "true", "1e999", "[{\"type\":\"chat\"}]"] {
        assert_eq!(code(text), ErrorCode::InvalidMessage, "{text:?}");
    }
}

#[test]
fn members_of_the_wrong_type_are_an_invalid_message() {
    for text in ["{\"type\":1}", "{\"type\":null}", "{\"room\":1}", "{\"room\":[\"a\"]}"] {
        assert_eq!(code(text), ErrorCode::InvalidMessage, "{text:?}");
    }
}

#[test]
fn an_unknown_type_is_repeated_to_its_sender_if_it_is_short() {
    let refusal = refused("{\"type\":\"shout\",\"id\":\"m1\"}");
    assert_eq!(refusal.code, ErrorCode::UnknownType);
    assert_eq!(refusal.message, "unknown type \"shout\"");
    assert_eq!(refusal.reference.as_deref(), Some("m1"));
    let long = format!("{{\"type\":\"{}\"}}", "x".repeat(60_000));
    assert_eq!(refused(&long).message, "unknown type");
    assert_eq!(code("{\"type\":\"\\ud800\"}"), ErrorCode::UnknownType);
}

#[test]
fn the_servers_types_are_forbidden_to_clients_and_allowed_to_backends() {
    for kind in ["system", "notification", "error"] {
        let text = format!("{{\"type\":\"{kind}\"}}");
        assert_eq!(code(&text), ErrorCode::ForbiddenType);
        let mut parser = Parser::new();
        let draft = parser.parse_backend(text.as_bytes()).unwrap();
        assert_eq!(draft.kind.as_str(), kind);
    }
}

#[test]
fn a_bad_room_name_is_refused() {
    let too_long = format!("{{\"room\":\"{}\"}}", "x".repeat(129));
    for text in ["{\"room\":\"a\\n\"}", "{\"room\":\"\\ud800\"}", &too_long] {
        assert_eq!(code(text), ErrorCode::BadRoom, "{text:?}");
    }
}

#[test]
fn joining_and_leaving_need_a_named_room() {
    for kind in ["join", "leave"] {
        for room in ["", ",\"room\":null", ",\"room\":\"\""] {
            assert_eq!(code(&format!("{{\"type\":\"{kind}\"{room}}}")), ErrorCode::BadRoom);
        }
        with_draft(&format!("{{\"type\":\"{kind}\",\"room\":\"a\"}}"), |draft| {
            assert_eq!(draft.room, RoomField::Named("a".into()));
        });
    }
}

#[test]
fn a_backend_names_sender_and_moment_and_bad_ones_are_ignored() {
    let mut parser = Parser::new();
    let text = br#"{"from":"billing","timestamp":"2026-02-05T01:00:00+01:00"}"#;
    let draft = parser.parse_backend(text).unwrap();
    assert_eq!(draft.from.as_deref(), Some("billing"));
    assert_eq!(draft.timestamp.unwrap().as_str(), "2026-02-05T00:00:00.000Z");

    let draft = parser.parse_backend(br#"{"from":7,"timestamp":"soon"}"#).unwrap();
    assert_eq!((draft.from, draft.timestamp), (None, None));
}

#[test]
fn depth_64_passes_and_65_is_refused_by_either_reading() {
    for number in ["1", "1e999"] {
        let nested = |depth: usize| {
            format!("{{\"data\":{}{number}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1))
        };
        with_draft(&nested(64), |draft| assert_eq!(draft.data.len(), 63 * 2 + number.len()));
        assert_eq!(code(&nested(65)), ErrorCode::InvalidJson);
    }
}

#[test]
fn the_scratch_of_a_large_text_is_given_back_after_many_small_ones() {
    let mut parser = Parser::new();
    let large = format!("{{\"data\":\"{}\"}}", "x".repeat(60_000));
    parser.parse_client(large.as_bytes()).unwrap();
    for _ in 0..SMALL_TEXTS_MAX {
        parser.parse_client(b"{}").unwrap();
    }
    assert!(parser.copy.capacity() > LARGE_TEXT_BYTES, "kept while large texts may come again");

    parser.parse_client(b"{}").unwrap();

    assert!(parser.copy.capacity() < LARGE_TEXT_BYTES);
}

#[test]
fn the_scratch_is_used_again() {
    let mut parser = Parser::new();
    parser.parse_client(br#"{"room":"general","data":[1,2,3]}"#).unwrap();
    let before = (parser.copy.as_ptr(), parser.tape.0.as_ptr(), parser.tape.0.capacity());
    parser.parse_client(br#"{"room":"general","data":[1,2]}"#).unwrap();
    let after = (parser.copy.as_ptr(), parser.tape.0.as_ptr(), parser.tape.0.capacity());
    assert_eq!(before, after);
}
