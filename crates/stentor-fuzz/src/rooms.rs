//! Rooms and queries: what an address says of rooms is read by the contract's words alone.
//!
//! An input is taken twice: as the bytes of a room's name, percent-encoded into a path and into a
//! query; and as the text of a path and query that somebody typed.

use std::fmt::Write;

use stentor_server::engine::{Admission, Gate};
use stentor_wire::room_name::RoomName;

use crate::door::{HANDSHAKE, Said, TestedDoor};
use crate::messages::is_room;

/// The most rooms of a connection.
const ROOMS_MAX: usize = 128;

/// Panics where a promise about rooms in addresses is broken.
pub fn body(input: &[u8]) {
    let door = TestedDoor::new();
    as_a_name(&door, input);
    as_an_address(&door, input);
}

/// A valid name comes through the path and the query as it was; any other is `bad_room`.
fn as_a_name(door: &TestedDoor, bytes: &[u8]) {
    let name = std::str::from_utf8(bytes).ok().filter(|name| is_room(name));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let parsed = RoomName::parse(text).ok();
        assert_eq!(parsed.as_ref().map(RoomName::as_str), name, "a name is valid or no name");
    }
    let encoded = percent_encoded(bytes);
    for target in [
        format!("/ws/{encoded}"),
        format!("/api/chat-api/ws/{encoded}"),
        format!("/ws?room={encoded}"),
        format!("/api/chat-api/ws?events=1&room={encoded}"),
    ] {
        match (knock(door, &target), name) {
            (None, _) => {}
            (Some(Said::Admit(admission)), Some(name)) => assert_eq!(rooms(&admission), [name]),
            (Some(Said::Refuse(refused)), None) => {
                assert_eq!((refused.status, refused.code.as_str()), (400, "bad_room"));
            }
            (Some(said), name) => panic!("{target} means {name:?}, the door says {said:?}"),
        }
    }
}

/// What is admitted has exactly the rooms that its address names; what is refused for its rooms
/// has a room that cannot be, or too many.
fn as_an_address(door: &TestedDoor, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // These would end the target, and the request would ask for another one.
    if text.contains([' ', '\t', '\r', '\n', '#']) {
        return;
    }
    for prefix in ["/ws/", "/ws?", "/api/chat-api/ws/", "/api/chat-api/ws?"] {
        let Some(said) = knock(door, &format!("{prefix}{text}")) else { continue };
        let named = rooms_named_by(&format!("{prefix}{text}"));
        let all_valid: Option<Vec<&str>> = named.iter().map(Option::as_deref).collect();
        match (said, all_valid) {
            (Said::Admit(admission), valid) => assert_eq!(Some(rooms(&admission)), valid, "{text}"),
            (Said::Refuse(refused), valid) => match refused.code.as_str() {
                "bad_room" => assert!(valid.is_none(), "{text} names no bad room"),
                "too_many_rooms" => assert!(named.len() > ROOMS_MAX, "{text}"),
                _ => {}
            },
            (Said::Wait | Said::Respond(_), _) => panic!("{text} is a whole request and no probe"),
            (Said::Divert, _) => {}
        }
    }
}

/// The answer to an upgrade of this target; `None` where its head is too large to be judged.
fn knock(door: &TestedDoor, target: &str) -> Option<Said> {
    match door.knock(format!("GET {target} HTTP/1.1\r\n{HANDSHAKE}\r\n").as_bytes(), Gate::Open) {
        Said::Refuse(refused) if refused.status == 431 => None,
        said => Some(said),
    }
}

fn rooms(admission: &Admission) -> Vec<&str> {
    admission.rooms.iter().map(RoomName::as_str).collect()
}

/// Every byte as `%` and two digits, in both cases of letters.
pub(crate) fn percent_encoded(bytes: &[u8]) -> String {
    let mut encoded = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        match at % 2 {
            0 => write!(encoded, "%{byte:02x}"),
            _ => write!(encoded, "%{byte:02X}"),
        }
        .expect("a String takes everything");
    }
    encoded
}

/// The rooms of a target in order of first mention, without repetition; `None` for one that cannot
/// be.
fn rooms_named_by(target: &str) -> Vec<Option<String>> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let of_path = path.split_once("/ws/").map(|(_, segment)| percent_decoded(segment.as_bytes()));
    let of_query = query.split('&').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (name == "room").then(|| percent_decoded(value.replace('+', " ").as_bytes()))
    });
    let mut named = Vec::new();
    for room in of_path.into_iter().chain(of_query) {
        let room = String::from_utf8(room).ok().filter(|room| is_room(room));
        if !named.contains(&room) {
            named.push(room);
        }
    }
    named
}

/// `%` and two hexadecimal digits is a byte, everything else is itself.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}
