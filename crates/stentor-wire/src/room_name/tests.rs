use std::collections::HashMap;

use super::{BadRoomName, RoomName};

#[test]
fn a_name_holds_up_to_128_bytes() {
    let longest = "x".repeat(128);
    assert_eq!(RoomName::parse(&longest).unwrap().as_str(), longest);
    assert_eq!(RoomName::parse(&"x".repeat(129)), Err(BadRoomName::TooLong));
}

#[test]
fn the_bound_counts_bytes_not_characters() {
    assert!(RoomName::parse(&"é".repeat(64)).is_ok());
    assert_eq!(RoomName::parse(&"é".repeat(65)), Err(BadRoomName::TooLong));
}

#[test]
fn an_empty_name_is_refused() {
    assert_eq!(RoomName::parse(""), Err(BadRoomName::Empty));
}

#[test]
fn control_characters_of_either_block_are_refused() {
    for text in ["a\0", "a\nb", "\u{1f}", "\u{7f}", "\u{80}", "x\u{9f}"] {
        assert_eq!(RoomName::check(text), Err(BadRoomName::ControlCharacter), "{text:?}");
    }
}

#[test]
fn spaces_quotes_and_emoji_are_allowed() {
    for text in [" ", "a b", "\"q\"", "a/b", "\u{a0}", "🦀"] {
        assert_eq!(RoomName::check(text), Ok(()), "{text:?}");
    }
}

#[test]
fn a_map_of_rooms_is_asked_with_a_plain_text() {
    let rooms = HashMap::from([(RoomName::parse("general").unwrap(), 7)]);
    assert_eq!(rooms.get("general"), Some(&7));
}

#[test]
fn the_bound_is_the_one_that_the_refusal_names() {
    assert!(BadRoomName::TooLong.as_str().contains(&RoomName::BYTES_MAX.to_string()));
}
