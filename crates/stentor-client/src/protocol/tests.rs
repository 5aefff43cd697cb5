use super::{Payload, Protocol, UNSENT_BYTES_MAX};
use crate::chance::Chance;
use crate::end::{End, PeerClosed};
use proptest::prelude::*;
use std::io::ErrorKind;
use stentor_wire::assemble::{Assembler, Incoming, Input, ProtocolError};
use stentor_wire::encode;
use stentor_wire::frame::OpCode;

const MESSAGE_BYTES_MAX: usize = 65_536;

fn protocol() -> Protocol {
    Protocol::new(MESSAGE_BYTES_MAX, Chance::default())
}

/// What a server's assembler hears of the bytes, as one text for each frame.
fn server_hears(bytes: &[u8]) -> Vec<String> {
    let mut assembler = Assembler::default();
    let mut scratch = bytes.to_vec();
    let mut input = Input::new(&mut scratch);
    let mut heard = Vec::new();
    while let Some(incoming) =
        assembler.poll(&mut input, MESSAGE_BYTES_MAX).expect("a client that keeps the protocol")
    {
        heard.push(match incoming {
            Incoming::Text(text) => format!("text {text}"),
            Incoming::Binary(bytes) => format!("binary {bytes:?}"),
            Incoming::Ping(bytes) => format!("ping {bytes:?}"),
            Incoming::Pong(bytes) => format!("pong {bytes:?}"),
            Incoming::Close(None) => "close".to_owned(),
            Incoming::Close(Some(close)) => format!("close {} {}", close.code, close.reason),
        });
    }
    assert!(assembler.is_idle(), "only whole frames are sent");
    heard
}

/// Writes what is unsent in pieces of this size.
fn sent(protocol: &mut Protocol, piece_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !protocol.unsent().is_empty() {
        let piece = protocol.unsent().len().min(piece_bytes);
        bytes.extend_from_slice(&protocol.unsent()[..piece]);
        protocol.handle_sent(piece);
    }
    bytes
}

fn closed(code: u16, reason: &str) -> End {
    End::Closed(PeerClosed { code: Some(code), reason: reason.to_owned() })
}

#[test]
fn a_ping_is_answered_with_its_own_bytes() {
    let mut protocol = protocol();
    let mut bytes = Vec::new();
    encode::ping_frame(b"there?", &mut bytes);
    encode::pong_frame(b"unasked", &mut bytes);

    protocol.handle_bytes(&mut bytes);

    assert_eq!(server_hears(protocol.unsent()), [format!("pong {:?}", b"there?")]);
    assert_eq!(protocol.poll_message(), None);
}

#[test]
fn a_close_is_answered_once_and_what_follows_it_is_not_heard() {
    let mut protocol = protocol();
    let mut bytes = Vec::new();
    encode::text_frame(b"before", &mut bytes);
    encode::close_frame(1001, "server going away", &mut bytes);
    encode::text_frame(b"behind", &mut bytes);

    protocol.handle_bytes(&mut bytes.clone());
    protocol.handle_bytes(&mut bytes);
    protocol.say(OpCode::Text, b"too late");
    protocol.handle_end(End::Lost(ErrorKind::UnexpectedEof));

    assert_eq!(protocol.poll_message(), Some(Payload::Text("before".to_owned())));
    assert_eq!(protocol.poll_message(), None);
    assert_eq!(protocol.end(), Some(&closed(1001, "server going away")));
}

#[test]
fn the_answer_to_a_close_has_its_code() {
    let mut protocol = protocol();
    let mut bytes = Vec::new();
    encode::close_frame(4401, "token expired or revoked", &mut bytes);

    protocol.handle_bytes(&mut bytes);

    assert_eq!(server_hears(protocol.unsent()), ["close 4401 token expired or revoked"]);
}

#[test]
fn a_close_without_a_code_is_answered_by_one_without() {
    let mut protocol = protocol();

    protocol.handle_bytes(&mut [0x88, 0x00]);

    assert_eq!(server_hears(protocol.unsent()), ["close"]);
    let end = End::Closed(PeerClosed { code: None, reason: String::new() });
    assert_eq!(protocol.end(), Some(&end));
}

#[test]
fn after_ones_own_close_only_the_peers_is_waited_for() {
    let mut protocol = protocol();
    let mut bytes = Vec::new();
    encode::text_frame(b"still on its way", &mut bytes);
    encode::ping_frame(b"", &mut bytes);
    let mut answer = Vec::new();
    encode::close_frame(1000, "", &mut answer);

    protocol.close(1000, &"é".repeat(100));
    protocol.close(1000, "again");
    protocol.handle_bytes(&mut bytes);
    let open = protocol.end().cloned();
    protocol.handle_bytes(&mut answer);

    assert_eq!(open, None);
    assert_eq!(protocol.poll_message(), None);
    assert_eq!(server_hears(protocol.unsent()), [format!("close 1000 {}", "é".repeat(61))]);
    assert_eq!(protocol.end(), Some(&closed(1000, "")));
}

#[test]
fn a_stream_that_ends_after_ones_own_close_was_closed_by_oneself() {
    let mut protocol = protocol();
    protocol.close(1000, "done");

    protocol.handle_end(End::Lost(ErrorKind::UnexpectedEof));

    assert_eq!(protocol.end(), Some(&closed(1000, "done")));
}

#[test]
fn a_stream_that_ends_without_a_close_was_lost() {
    let mut protocol = protocol();

    protocol.handle_end(End::Lost(ErrorKind::UnexpectedEof));

    assert_eq!(protocol.end(), Some(&End::Lost(ErrorKind::UnexpectedEof)));
}

#[test]
fn a_fault_of_the_server_is_told_to_it_with_its_code() {
    let masked: &[u8] = &[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
    let too_big: &[u8] = &[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 1];
    let cases = [
        (masked, ProtocolError::Masked, "close 1002 protocol error"),
        (&[0xc1, 0x00], ProtocolError::ReservedBits, "close 1002 protocol error"),
        (&[0x81, 0x01, 0xff], ProtocolError::BadUtf8, "close 1007 text is not UTF-8"),
        (too_big, ProtocolError::TooBig, "close 1009 message too big"),
    ];
    for (bytes, fault, told) in cases {
        let mut protocol = protocol();

        protocol.handle_bytes(&mut bytes.to_vec());

        assert_eq!(server_hears(protocol.unsent()), [told]);
        assert_eq!(protocol.end(), Some(&End::Fault(fault)));
    }
}

#[test]
fn no_two_frames_have_the_same_mask() {
    let mut protocol = protocol();
    for _ in 0..100 {
        protocol.say(OpCode::Text, b"");
    }

    let mut masks: Vec<&[u8]> = protocol.unsent().chunks(6).map(|frame| &frame[2..]).collect();
    masks.sort_unstable();
    masks.dedup();

    // Of 2^32 keys, two of a hundred agree once in a million runs; three do not.
    assert!(masks.len() >= 99, "{} masks", masks.len());
}

#[test]
fn what_was_sent_is_given_back() {
    let mut protocol = protocol();
    protocol.say(OpCode::Binary, &vec![7; 10 * UNSENT_BYTES_MAX]);

    let bytes = sent(&mut protocol, 1_000);

    assert!(bytes.len() > 10 * UNSENT_BYTES_MAX);
    assert!(protocol.unsent.capacity() <= UNSENT_BYTES_MAX);
}

proptest! {
    #[test]
    fn whatever_a_client_says_the_server_takes(
        said in prop::collection::vec(any_said(), 0..10),
        piece_bytes in 1..5_000usize,
    ) {
        let mut protocol = protocol();
        let mut expected = Vec::new();
        for (opcode, payload) in &said {
            protocol.say(*opcode, payload);
            expected.push(match opcode {
                OpCode::Text => format!("text {}", String::from_utf8_lossy(payload)),
                _ => format!("binary {payload:?}"),
            });
        }
        protocol.close(1000, "");
        expected.push("close 1000 ".to_owned());

        let bytes = sent(&mut protocol, piece_bytes);

        prop_assert_eq!(server_hears(&bytes), expected);
    }

    #[test]
    fn whatever_the_server_says_the_client_hears(
        said in prop::collection::vec(any_said(), 0..10),
        piece_bytes in 1..5_000usize,
    ) {
        let mut protocol = protocol();
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (opcode, payload) in said {
            match opcode {
                OpCode::Text => encode::text_frame(&payload, &mut bytes),
                _ => encode::binary_frame(&payload, &mut bytes),
            }
            expected.push(match opcode {
                OpCode::Text => Payload::Text(String::from_utf8(payload).expect("text")),
                _ => Payload::Binary(payload),
            });
        }

        for piece in bytes.chunks(piece_bytes) {
            protocol.handle_bytes(&mut piece.to_vec());
        }
        let heard: Vec<Payload> = std::iter::from_fn(|| protocol.poll_message()).collect();

        prop_assert_eq!(heard, expected);
        prop_assert_eq!(protocol.end(), None);
    }
}

fn any_said() -> impl Strategy<Value = (OpCode, Vec<u8>)> {
    prop_oneof![
        3 => "\\PC{0,60}".prop_map(|text| (OpCode::Text, text.into_bytes())),
        2 => prop::collection::vec(any::<u8>(), 0..140).prop_map(|bytes| (OpCode::Binary, bytes)),
        1 => (65_500..=65_536usize).prop_map(|bytes| (OpCode::Binary, vec![9; bytes])),
    ]
}
