mod bounds;
mod faults;
mod of_server;
mod splits;

use super::{Assembler, Incoming, Input, PeerClose, ProtocolError};
use crate::frame::{FrameHead, OpCode};
use crate::mask::apply_mask;

const MESSAGE_BYTES_MAX: usize = 65_536;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// An [`Incoming`] that outlives its input.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

impl From<Incoming<'_>> for Heard {
    fn from(incoming: Incoming<'_>) -> Self {
        match incoming {
            Incoming::Text(text) => Self::Text(text.to_owned()),
            Incoming::Binary(bytes) => Self::Binary(bytes.to_owned()),
            Incoming::Ping(bytes) => Self::Ping(bytes.to_owned()),
            Incoming::Pong(bytes) => Self::Pong(bytes.to_owned()),
            Incoming::Close(None) => Self::Close(None),
            Incoming::Close(Some(PeerClose { code, reason })) => {
                Self::Close(Some((code, reason.to_owned())))
            }
        }
    }
}

/// A masked final frame.
fn frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    fragment(true, opcode, payload)
}

fn fragment(fin: bool, opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let payload_bytes = payload.len() as u64;
    FrameHead { fin, opcode, mask: Some(MASK), payload_bytes }.encode(&mut bytes);
    let head_bytes = bytes.len();
    bytes.extend_from_slice(payload);
    apply_mask(&mut bytes[head_bytes..], MASK, 0);
    bytes
}

/// Feeds one input and collects what it completes.
fn feed(assembler: &mut Assembler, bytes: &[u8]) -> Result<Vec<Heard>, ProtocolError> {
    let mut scratch = bytes.to_vec();
    let mut input = Input::new(&mut scratch);
    let mut heard = Vec::new();
    while let Some(incoming) = assembler.poll(&mut input, MESSAGE_BYTES_MAX)? {
        heard.push(incoming.into());
    }
    assert!(input.is_empty(), "None means used up");
    Ok(heard)
}

/// Feeds byte by byte; how many bytes it took to come to the error, if there is one.
fn dribble(bytes: &[u8]) -> Result<Vec<Heard>, (usize, ProtocolError)> {
    let mut assembler = Assembler::default();
    let mut heard = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        heard.extend(feed(&mut assembler, &[*byte]).map_err(|error| (at + 1, error))?);
    }
    Ok(heard)
}

#[test]
fn the_masked_hello_of_the_rfc_is_heard() {
    let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

    let heard = feed(&mut Assembler::default(), &bytes);

    assert_eq!(heard, Ok(vec![Heard::Text("Hello".to_owned())]));
}

#[test]
fn ten_frames_in_one_input_are_ten_messages_and_leave_nothing_behind() {
    let bytes: Vec<u8> = (0..10u8).flat_map(|n| frame(OpCode::Binary, &[n; 5])).collect();
    let mut assembler = Assembler::default();

    let heard = feed(&mut assembler, &bytes);

    assert_eq!(heard, Ok((0..10u8).map(|n| Heard::Binary(vec![n; 5])).collect()));
    assert!(assembler.is_idle());
}

#[test]
fn a_whole_frame_is_borrowed_from_the_input() {
    let mut scratch = frame(OpCode::Binary, b"in place");
    let place = scratch[6..].as_ptr_range();
    let mut assembler = Assembler::default();
    let mut input = Input::new(&mut scratch);

    let Ok(Some(Incoming::Binary(payload))) = assembler.poll(&mut input, MESSAGE_BYTES_MAX) else {
        panic!("a binary message was sent");
    };

    assert_eq!(payload, b"in place");
    assert_eq!(payload.as_ptr_range(), place);
}

#[test]
fn a_head_alone_at_the_end_of_an_input_still_lets_the_payload_be_borrowed() {
    let bytes = frame(OpCode::Text, b"in place");
    let (head, payload) = bytes.split_at(6);
    let mut assembler = Assembler::default();
    assert_eq!(feed(&mut assembler, head), Ok(vec![]));
    let mut scratch = payload.to_vec();
    let place = scratch.as_ptr_range();
    let mut input = Input::new(&mut scratch);

    let Ok(Some(Incoming::Text(text))) = assembler.poll(&mut input, MESSAGE_BYTES_MAX) else {
        panic!("a text message was sent");
    };

    assert_eq!(text, "in place");
    assert_eq!(text.as_bytes().as_ptr_range(), place);
    assert!(assembler.is_idle());
}

#[test]
fn a_message_that_took_several_inputs_leaves_the_assembler_idle_while_it_is_read() {
    let bytes = frame(OpCode::Text, b"two halves");
    let (first, second) = bytes.split_at(9);
    let mut assembler = Assembler::default();
    assert_eq!(feed(&mut assembler, first), Ok(vec![]));
    assert_eq!(assembler.buffered_bytes(), 3);
    let mut scratch = second.to_vec();
    let mut input = Input::new(&mut scratch);

    let incoming = assembler.poll(&mut input, MESSAGE_BYTES_MAX);

    assert!(assembler.is_idle());
    assert_eq!(incoming, Ok(Some(Incoming::Text("two halves"))));
}

#[test]
fn control_frames_are_heard_between_fragments() {
    let bytes = [
        fragment(false, OpCode::Text, b"one "),
        frame(OpCode::Ping, b"there?"),
        fragment(false, OpCode::Continuation, b""),
        frame(OpCode::Pong, b""),
        frame(OpCode::Continuation, b"message"),
        frame(OpCode::Close, &[]),
    ]
    .concat();
    let expected = vec![
        Heard::Ping(b"there?".to_vec()),
        Heard::Pong(vec![]),
        Heard::Text("one message".to_owned()),
        Heard::Close(None),
    ];

    assert_eq!(feed(&mut Assembler::default(), &bytes), Ok(expected.clone()));
    assert_eq!(dribble(&bytes), Ok(expected));
}

#[test]
fn empty_messages_are_heard_in_one_frame_or_several() {
    let bytes = [
        frame(OpCode::Text, b""),
        fragment(false, OpCode::Binary, b""),
        frame(OpCode::Continuation, b""),
    ]
    .concat();
    let expected = vec![Heard::Text(String::new()), Heard::Binary(vec![])];

    assert_eq!(feed(&mut Assembler::default(), &bytes), Ok(expected.clone()));
    assert_eq!(dribble(&bytes), Ok(expected));
}

#[test]
fn a_code_point_may_be_cut_between_fragments_and_inputs() {
    let text = "κόσμε \u{10ffff} 🦀";
    let fragments: Vec<u8> = text
        .bytes()
        .enumerate()
        .flat_map(|(at, byte)| match at {
            0 => fragment(false, OpCode::Text, &[byte]),
            _ => fragment(false, OpCode::Continuation, &[byte]),
        })
        .chain(frame(OpCode::Continuation, b""))
        .collect();
    let expected = Ok(vec![Heard::Text(text.to_owned())]);

    assert_eq!(feed(&mut Assembler::default(), &fragments), expected);
    assert_eq!(dribble(&frame(OpCode::Text, text.as_bytes())).ok(), expected.ok());
}

#[test]
fn a_peers_close_is_read_with_and_without_a_reason() {
    let close = |payload: &[u8]| feed(&mut Assembler::default(), &frame(OpCode::Close, payload));

    assert_eq!(close(&[]), Ok(vec![Heard::Close(None)]));
    assert_eq!(close(&[0x03, 0xe8]), Ok(vec![Heard::Close(Some((1000, String::new())))]));
    assert_eq!(close(b"\x0f\xa0bye"), Ok(vec![Heard::Close(Some((4000, "bye".to_owned())))]));
}
