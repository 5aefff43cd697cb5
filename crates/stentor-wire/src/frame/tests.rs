use super::{FrameError, FrameHead, OpCode, masked_frame};
use proptest::prelude::*;

fn head(opcode: OpCode, mask: Option<[u8; 4]>, payload_bytes: u64) -> FrameHead {
    FrameHead { fin: true, opcode, mask, payload_bytes }
}

#[test]
fn the_heads_of_the_rfcs_examples_are_read() {
    // RFC 6455 section 5.7.
    let examples: [(&[u8], FrameHead); 6] = [
        (&[0x81, 0x05], head(OpCode::Text, None, 5)),
        (&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d], head(OpCode::Text, Some([55, 250, 33, 61]), 5)),
        (&[0x01, 0x03], FrameHead { fin: false, ..head(OpCode::Text, None, 3) }),
        (&[0x80, 0x02], head(OpCode::Continuation, None, 2)),
        (&[0x82, 0x7e, 0x01, 0x00], head(OpCode::Binary, None, 256)),
        (&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0], head(OpCode::Binary, None, 65_536)),
    ];
    for (bytes, expected) in examples {
        let mut encoded = Vec::new();
        expected.encode(&mut encoded);

        assert_eq!(FrameHead::parse(bytes), Ok(Some((expected, bytes.len()))));
        assert_eq!(encoded, bytes);
    }
}

#[test]
fn a_clients_frame_is_the_rfcs_masked_hello() {
    let mut frame = Vec::new();

    masked_frame(OpCode::Text, b"Hello", [0x37, 0xfa, 0x21, 0x3d], &mut frame);

    assert_eq!(frame, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
}

#[test]
fn a_fault_is_told_at_the_first_byte_that_shows_it() {
    let faults: [(&[u8], FrameError); 11] = [
        (&[0xc1], FrameError::ReservedBits),
        (&[0xa1], FrameError::ReservedBits),
        (&[0x91], FrameError::ReservedBits),
        (&[0x83], FrameError::UnknownOpCode),
        (&[0x8b], FrameError::UnknownOpCode),
        (&[0x8f], FrameError::UnknownOpCode),
        (&[0x08], FrameError::ControlFragmented),
        (&[0x09], FrameError::ControlFragmented),
        (&[0x0a], FrameError::ControlFragmented),
        (&[0x89, 0xfe], FrameError::ControlTooBig),
        (&[0x82, 0xff, 0x80], FrameError::LengthTopBit),
    ];
    for (bytes, fault) in faults {
        let (_, before) = bytes.split_last().expect("every row has a byte");

        assert_eq!(FrameHead::parse(before), Ok(None), "before {bytes:02x?}");
        assert_eq!(FrameHead::parse(bytes), Err(fault), "{bytes:02x?}");
    }
}

#[test]
fn a_length_in_a_longer_form_than_needed_is_accepted() {
    let medium = [0x81, 0x7e, 0, 5];
    let long = [0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0, 5];

    assert_eq!(FrameHead::parse(&medium), Ok(Some((head(OpCode::Text, None, 5), 4))));
    assert_eq!(FrameHead::parse(&long), Ok(Some((head(OpCode::Text, None, 5), 10))));
}

fn any_head() -> impl Strategy<Value = FrameHead> {
    let data = (
        any::<bool>(),
        prop::sample::select(vec![OpCode::Continuation, OpCode::Text, OpCode::Binary]),
        // Every form of the length, and the edges between the forms.
        prop_oneof![
            0..130u64,
            65_530..65_540u64,
            Just(u64::MAX >> 1),
            any::<u64>().prop_map(|n| n >> 1)
        ],
    );
    let control = (
        Just(true),
        prop::sample::select(vec![OpCode::Close, OpCode::Ping, OpCode::Pong]),
        0..=125u64,
    );
    (prop_oneof![data, control], any::<Option<[u8; 4]>>()).prop_map(
        |((fin, opcode, payload_bytes), mask)| FrameHead { fin, opcode, mask, payload_bytes },
    )
}

proptest! {
    #[test]
    fn a_head_is_read_as_it_was_written(head in any_head(), behind: Vec<u8>) {
        let mut bytes = Vec::new();
        head.encode(&mut bytes);
        let head_bytes = bytes.len();
        for cut in 0..head_bytes {
            prop_assert_eq!(FrameHead::parse(&bytes[..cut]), Ok(None));
        }
        bytes.extend_from_slice(&behind);

        prop_assert_eq!(head_bytes, head.encoded_bytes());
        prop_assert_eq!(FrameHead::parse(&bytes), Ok(Some((head, head_bytes))));
    }

    #[test]
    fn fourteen_bytes_are_a_head_or_a_fault(bytes: [u8; FrameHead::BYTES_MAX]) {
        prop_assert_ne!(FrameHead::parse(&bytes), Ok(None));
    }
}
