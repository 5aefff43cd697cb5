use super::{Assembler, MASK, MESSAGE_BYTES_MAX, dribble, feed, fragment, frame};
use crate::assemble::ProtocolError;
use crate::close::CloseCode;
use crate::frame::OpCode;

/// Asserts that the bytes fail so, at once and dribbled, and what the peer is told.
#[track_caller]
fn assert_fault(bytes: &[u8], fault: ProtocolError, code: CloseCode) {
    assert_eq!(feed(&mut Assembler::default(), bytes), Err(fault));
    assert_eq!(dribble(bytes).map_err(|(_, error)| error), Err(fault));
    assert_eq!(fault.close_code(), code);
}

/// Asserts that the fault is told at this byte when they come one by one, and not before.
#[track_caller]
fn assert_told_at(bytes: &[u8], byte: usize, fault: ProtocolError) {
    assert_eq!(dribble(bytes), Err((byte, fault)));
}

#[test]
fn an_unmasked_frame_fails_with_1002() {
    let bytes = b"\x81\x05Hello";

    assert_fault(bytes, ProtocolError::Unmasked, CloseCode::ProtocolError);
    assert_told_at(bytes, 2, ProtocolError::Unmasked);
    assert_told_at(&[0x82, 0x7e, 0x01, 0x00], 2, ProtocolError::Unmasked);
}

#[test]
fn a_reserved_bit_fails_with_1002() {
    for bit in [0x40, 0x20, 0x10] {
        let mut bytes = frame(OpCode::Text, b"Hello");
        bytes[0] |= bit;

        assert_fault(&bytes, ProtocolError::ReservedBits, CloseCode::ProtocolError);
        assert_told_at(&bytes, 1, ProtocolError::ReservedBits);
    }
}

#[test]
fn an_opcode_kept_for_later_fails_with_1002() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let mut bytes = frame(OpCode::Continuation, b"");
        bytes[0] |= opcode;

        assert_fault(&bytes, ProtocolError::UnknownOpCode, CloseCode::ProtocolError);
    }
}

#[test]
fn a_fragmented_control_frame_fails_with_1002() {
    for opcode in [OpCode::Close, OpCode::Ping, OpCode::Pong] {
        let mut bytes = frame(opcode, b"");
        bytes[0] &= 0x7f;

        assert_fault(&bytes, ProtocolError::ControlFragmented, CloseCode::ProtocolError);
    }
}

#[test]
fn a_control_frame_of_125_bytes_passes_and_one_of_126_fails_with_1002() {
    for opcode in [OpCode::Close, OpCode::Ping, OpCode::Pong] {
        // Read as a close, the payload begins with a code that a peer may send.
        let mut payload = [b'x'; 125];
        payload[..2].copy_from_slice(&4000u16.to_be_bytes());
        let head_of_126 = [0x80 | opcode as u8, 0xfe, 0, 126, 0, 0, 0, 0];

        let passed = feed(&mut Assembler::default(), &frame(opcode, &payload));

        assert_eq!(passed.map(|heard| heard.len()), Ok(1));
        assert_fault(&head_of_126, ProtocolError::ControlTooBig, CloseCode::ProtocolError);
        assert_told_at(&head_of_126, 2, ProtocolError::ControlTooBig);
    }
}

#[test]
fn a_length_with_its_top_bit_set_fails_with_1002() {
    let bytes = [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 7];

    assert_fault(&bytes, ProtocolError::LengthTopBit, CloseCode::ProtocolError);
    assert_told_at(&bytes, 3, ProtocolError::LengthTopBit);
}

#[test]
fn a_lone_continuation_fails_with_1002() {
    let first = frame(OpCode::Continuation, b"of what?");
    let after_a_message = [frame(OpCode::Text, b"whole"), first.clone()].concat();

    assert_fault(&first, ProtocolError::LoneContinuation, CloseCode::ProtocolError);
    assert_fault(&after_a_message, ProtocolError::LoneContinuation, CloseCode::ProtocolError);
}

#[test]
fn a_new_message_inside_a_fragmented_one_fails_with_1002() {
    for opcode in [OpCode::Text, OpCode::Binary] {
        // An empty first fragment opens a message too.
        for begun in [&b"begun"[..], b""] {
            let bytes = [fragment(false, OpCode::Text, begun), frame(opcode, b"new")].concat();

            assert_fault(&bytes, ProtocolError::InterleavedMessage, CloseCode::ProtocolError);
        }
    }
}

#[test]
fn text_that_is_not_utf8_fails_with_1007() {
    let bad: [&[u8]; 7] = [
        b"\xff",
        b"\xc0\xaf",         // overlong
        b"ok \xed\xa0\x80",  // surrogate
        b"\xf4\x90\x80\x80", // beyond U+10FFFF
        b"\xce\xba\xe1\xbd", // ends inside a code point
        b"\xf0\x9f\xa6",     // likewise
        b"stray continuation \x80",
    ];
    for text in bad {
        let fragments =
            [fragment(false, OpCode::Text, text), frame(OpCode::Continuation, b"")].concat();

        assert_fault(&frame(OpCode::Text, text), ProtocolError::BadUtf8, CloseCode::NotUtf8);
        assert_fault(&fragments, ProtocolError::BadUtf8, CloseCode::NotUtf8);
        let binary = feed(&mut Assembler::default(), &frame(OpCode::Binary, text));
        assert!(binary.is_ok(), "binary may hold anything");
    }
}

#[test]
fn bad_utf8_is_told_inside_an_unfinished_frame_at_the_byte_that_shows_it() {
    // The head takes 6 bytes; 0xf4 may begin a code point, 0x90 cannot follow it.
    let bytes = frame(OpCode::Text, b"abc\xf4\x90 and so on");

    assert_told_at(&bytes, 6 + 5, ProtocolError::BadUtf8);
    let cut = feed(&mut Assembler::default(), &bytes[..6 + 5]);
    assert_eq!(cut, Err(ProtocolError::BadUtf8));
}

#[test]
fn bad_utf8_is_told_in_a_fragment_before_the_last() {
    let bytes = fragment(false, OpCode::Text, b"\xed\xa0");

    assert_eq!(feed(&mut Assembler::default(), &bytes), Err(ProtocolError::BadUtf8));
}

#[test]
fn a_close_payload_of_one_byte_fails_with_1002() {
    let bytes = frame(OpCode::Close, b"\x03");

    assert_fault(&bytes, ProtocolError::BadClosePayload, CloseCode::ProtocolError);
}

#[test]
fn a_close_code_that_is_not_for_peers_fails_with_1002() {
    for code in [0u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
        let bytes = frame(OpCode::Close, &code.to_be_bytes());

        assert_fault(&bytes, ProtocolError::BadCloseCode, CloseCode::ProtocolError);
    }
}

#[test]
fn a_close_reason_that_is_not_utf8_fails_with_1007() {
    let bytes = frame(OpCode::Close, b"\x03\xe8\xff");

    assert_fault(&bytes, ProtocolError::BadUtf8, CloseCode::NotUtf8);
}

#[test]
fn a_fault_behind_a_good_message_does_not_take_the_message_with_it() {
    let mut assembler = Assembler::default();
    let mut scratch = [frame(OpCode::Text, b"good"), vec![0xff]].concat();
    let mut input = crate::assemble::Input::new(&mut scratch);

    let first = assembler.poll(&mut input, MESSAGE_BYTES_MAX).map(|found| found.is_some());
    let second = assembler.poll(&mut input, MESSAGE_BYTES_MAX).map(|found| found.is_some());

    assert_eq!(first, Ok(true));
    assert_eq!(second, Err(ProtocolError::ReservedBits));
}

#[test]
fn a_mask_key_of_zeros_is_a_mask() {
    let mut bytes = vec![0x81, 0x82, 0, 0, 0, 0];
    bytes.extend_from_slice(b"hi");

    assert_ne!(MASK, [0; 4]);
    assert_eq!(feed(&mut Assembler::default(), &bytes).map(|heard| heard.len()), Ok(1));
}
