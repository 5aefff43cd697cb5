//! A client's side: what it takes of a server, and what it refuses.

use super::{Heard, MESSAGE_BYTES_MAX, frame};
use crate::assemble::{ClientAssembler, Input, ProtocolError};
use crate::close::CloseCode;
use crate::encode;
use crate::frame::{FrameHead, OpCode};
use proptest::prelude::*;

/// Feeds a client in pieces of at most `piece_bytes`.
fn feed_client(bytes: &[u8], piece_bytes: usize) -> Result<Vec<Heard>, ProtocolError> {
    let mut assembler = ClientAssembler::default();
    let mut heard = Vec::new();
    for piece in bytes.chunks(piece_bytes) {
        let mut scratch = piece.to_vec();
        let mut input = Input::new(&mut scratch);
        while let Some(incoming) = assembler.poll(&mut input, MESSAGE_BYTES_MAX)? {
            heard.push(incoming.into());
        }
    }
    assert!(assembler.is_idle());
    Ok(heard)
}

fn unmasked(fin: bool, opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let payload_bytes = payload.len() as u64;
    FrameHead { fin, opcode, mask: None, payload_bytes }.encode(&mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn the_fragmented_hello_of_the_rfc_is_heard() {
    let bytes = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];

    for piece_bytes in [1, 2, 100] {
        let heard = feed_client(&bytes, piece_bytes);

        assert_eq!(heard, Ok(vec![Heard::Text("Hello".to_owned())]));
    }
}

#[test]
fn a_masked_frame_of_a_server_fails_with_1002() {
    for payload in [&b"hi"[..], &[7; 200], &[7; 65_536]] {
        let bytes = frame(OpCode::Binary, payload);

        assert_eq!(feed_client(&bytes, usize::MAX), Err(ProtocolError::Masked));
        assert_eq!(feed_client(&bytes, 1), Err(ProtocolError::Masked));
    }
    assert_eq!(ProtocolError::Masked.close_code(), CloseCode::ProtocolError);
}

#[test]
fn the_bound_holds_for_what_a_server_sends() {
    let exact = unmasked(true, OpCode::Binary, &[7; MESSAGE_BYTES_MAX]);
    let over = unmasked(true, OpCode::Binary, &[7; MESSAGE_BYTES_MAX + 1]);
    let parts = [
        unmasked(false, OpCode::Binary, &[7; MESSAGE_BYTES_MAX]),
        unmasked(true, OpCode::Continuation, &[7]),
    ];

    for piece_bytes in [1, 5_000, usize::MAX] {
        assert_eq!(feed_client(&exact, piece_bytes).map(|heard| heard.len()), Ok(1));
        assert_eq!(feed_client(&over, piece_bytes), Err(ProtocolError::TooBig));
        assert_eq!(feed_client(&parts.concat(), piece_bytes), Err(ProtocolError::TooBig));
    }
}

proptest! {
    #[test]
    fn what_the_server_encodes_a_client_hears(
        said in prop::collection::vec(any_said(), 0..8),
        piece_bytes in 1..300usize,
    ) {
        let mut bytes = Vec::new();
        for one in &said {
            match one {
                Heard::Text(text) => encode::text_frame(text.as_bytes(), &mut bytes),
                Heard::Binary(payload) => encode::binary_frame(payload, &mut bytes),
                Heard::Ping(payload) => encode::ping_frame(payload, &mut bytes),
                Heard::Pong(payload) => encode::pong_frame(payload, &mut bytes),
                Heard::Close(close) => {
                    let (code, reason) = close.as_ref().expect("a server gives a code");
                    encode::close_frame(*code, reason, &mut bytes);
                }
            }
        }

        prop_assert_eq!(feed_client(&bytes, usize::MAX), Ok(said.clone()));
        prop_assert_eq!(feed_client(&bytes, piece_bytes), Ok(said));
    }
}

fn any_said() -> impl Strategy<Value = Heard> {
    let control = || prop::collection::vec(any::<u8>(), 0..=125);
    prop_oneof![
        3 => "\\PC{0,60}".prop_map(Heard::Text),
        2 => prop::collection::vec(any::<u8>(), 0..140).prop_map(Heard::Binary),
        1 => (65_500..=65_536usize).prop_map(|bytes| Heard::Binary(vec![9; bytes])),
        1 => control().prop_map(Heard::Ping),
        1 => control().prop_map(Heard::Pong),
        1 => (3000..=4999u16, "\\PC{0,30}").prop_map(|close| Heard::Close(Some(close))),
    ]
}
