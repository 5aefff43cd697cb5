//! Heads: any bytes at the door get an answer, the same however they arrive, and wait no longer
//! than a head may be.
//!
//! An input is one byte for the gate, four for the cuts, and the rest is what a socket says.

use stentor_server::door::HEAD_BYTES_MAX;
use stentor_server::engine::Gate;
use tungstenite::handshake::derive_accept_key;

use crate::cuts::{CUTS, pieces};
use crate::door::{Refused, Said, TestedDoor};

/// Panics where a promise about heads is broken.
pub fn body(input: &[u8]) {
    let Some((&gate, rest)) = input.split_first() else { return };
    let Some((cuts, stream)) = rest.split_first_chunk::<CUTS>() else { return };
    if stream.is_empty() {
        return;
    }
    let gate = match gate % 4 {
        0 => Gate::Full,
        1 => Gate::Draining,
        _ => Gate::Open,
    };
    let door = TestedDoor::new();
    let at_once = door.knock(stream, gate);
    check(stream, gate, &at_once);

    let mut arrived = 0;
    for piece in pieces(stream, cuts) {
        arrived += piece.len();
        let said = door.knock(&stream[..arrived], gate);
        if !matches!(said, Said::Wait) {
            assert_eq!(comparable(&said), comparable(&at_once), "after {arrived} bytes");
            return;
        }
    }
    assert!(matches!(at_once, Said::Wait), "in pieces it waits, at once it is {at_once:?}");
}

fn check(stream: &[u8], gate: Gate, said: &Said) {
    let end = stream.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
    match said {
        Said::Wait => {
            assert!(end.is_none(), "a whole head waits");
            assert!(stream.len() < HEAD_BYTES_MAX, "{} bytes wait", stream.len());
        }
        Said::Admit(admission) => {
            assert_eq!(gate, Gate::Open, "a shut gate admits nobody");
            let end = end.expect("a whole head");
            assert!(end <= HEAD_BYTES_MAX, "a head of {end} bytes came in");
            assert_eq!(admission.consumed, end, "what follows the head is WebSocket");
            check_response(&stream[..end], &admission.response);
        }
        Said::Divert => assert!(end.is_some(), "half a head is nobody's request"),
        Said::Respond(bytes) => assert!(bytes.starts_with(b"HTTP/1.1 "), "a probe's answer"),
        Said::Refuse(_) => {}
    }
}

/// The 101 carries what RFC 6455 makes of the client's key, which is there once.
fn check_response(head: &[u8], response: &[u8]) {
    let response = std::str::from_utf8(response).expect("a response is text");
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    assert!(response.ends_with("\r\n\r\n"), "{response}");
    let head = String::from_utf8_lossy(head);
    let mut keys = values(&head, "sec-websocket-key");
    let (key, second) = (keys.next().expect("a client with a key"), keys.next());
    assert_eq!(second, None, "one key");
    let accepted = derive_accept_key(key.as_bytes());
    let mut answers = values(response, "sec-websocket-accept");
    assert_eq!(answers.next(), Some(accepted.as_str()));
    assert_eq!(values(&head, "sec-websocket-version").next(), Some("13"));
}

/// The values of a header of this name.
fn values<'a>(head: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    head.split("\r\n").filter_map(move |line| {
        let (other, value) = line.split_once(':')?;
        other.eq_ignore_ascii_case(name).then(|| value.trim_matches([' ', '\t']))
    })
}

/// An answer as text, but for the seconds after which to come back: they are drawn for each.
fn comparable(said: &Said) -> String {
    match said {
        Said::Refuse(Refused { status, code, message }) => format!("{status} {code} {message}"),
        other => format!("{other:?}"),
    }
}
