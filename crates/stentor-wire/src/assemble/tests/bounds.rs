use super::{Assembler, Heard, MASK, MESSAGE_BYTES_MAX, dribble, feed, fragment, frame};
use crate::assemble::{Input, ProtocolError};
use crate::close::CloseCode;
use crate::frame::{FrameHead, OpCode};

/// The frames of one binary message, cut so that no fragment is larger than `fragment_bytes`.
fn fragments(message_bytes: usize, fragment_bytes: usize) -> Vec<u8> {
    let message = vec![7; message_bytes];
    let mut bytes = Vec::new();
    for (at, piece) in message.chunks(fragment_bytes).enumerate() {
        let opcode = if at == 0 { OpCode::Binary } else { OpCode::Continuation };
        let fin = (at + 1) * fragment_bytes >= message_bytes;
        bytes.extend(fragment(fin, opcode, piece));
    }
    bytes
}

#[test]
fn an_idle_assembler_is_one_word() {
    assert_eq!(size_of::<Assembler>(), size_of::<usize>());
    assert!(Assembler::default().is_idle());
}

#[test]
fn exactly_the_bound_passes_and_one_byte_more_fails_with_1009() {
    for fragment_bytes in [MESSAGE_BYTES_MAX + 1, 60_000, 4_096, 125] {
        let exact = fragments(MESSAGE_BYTES_MAX, fragment_bytes);
        let over = fragments(MESSAGE_BYTES_MAX + 1, fragment_bytes);
        let expected = vec![Heard::Binary(vec![7; MESSAGE_BYTES_MAX])];

        assert_eq!(feed(&mut Assembler::default(), &exact), Ok(expected));
        assert_eq!(feed(&mut Assembler::default(), &over), Err(ProtocolError::TooBig));
    }
    assert_eq!(ProtocolError::TooBig.close_code(), CloseCode::TooBig);
}

#[test]
fn an_announced_length_beyond_the_bound_fails_before_its_mask_key_and_takes_no_memory() {
    for payload_bytes in [MESSAGE_BYTES_MAX as u64 + 1, 1 << 40, u64::MAX >> 1] {
        let mut head = Vec::new();
        FrameHead { fin: true, opcode: OpCode::Text, mask: Some(MASK), payload_bytes }
            .encode(&mut head);
        let without_key = &head[..head.len() - MASK.len()];
        let mut assembler = Assembler::default();

        assert_eq!(feed(&mut assembler, without_key), Err(ProtocolError::TooBig));
        assert_eq!(dribble(&head), Err((without_key.len(), ProtocolError::TooBig)));
        assert_eq!(assembler.buffered_bytes(), without_key.len());
    }
}

#[test]
fn the_head_of_the_fragment_that_would_pass_the_bound_fails() {
    let mut assembler = Assembler::default();
    let first = fragment(false, OpCode::Binary, &[7; 60_000]);
    assert_eq!(feed(&mut assembler, &first), Ok(vec![]));
    let mut head = Vec::new();
    FrameHead {
        fin: false,
        opcode: OpCode::Continuation,
        mask: Some(MASK),
        payload_bytes: (MESSAGE_BYTES_MAX - 60_000 + 1) as u64,
    }
    .encode(&mut head);

    assert_eq!(feed(&mut assembler, &head), Err(ProtocolError::TooBig));
    assert_eq!(assembler.buffered_bytes(), 60_000);
}

#[test]
fn control_frames_do_not_count_towards_the_bound() {
    let bytes = [
        fragment(false, OpCode::Binary, &[7; MESSAGE_BYTES_MAX]),
        frame(OpCode::Ping, &[1; 125]),
        frame(OpCode::Continuation, b""),
    ]
    .concat();

    let heard = feed(&mut Assembler::default(), &bytes).map(|heard| heard.len());

    assert_eq!(heard, Ok(2));
}

#[test]
fn a_bound_of_zero_lets_empty_messages_and_control_frames_pass() {
    let mut assembler = Assembler::default();
    let mut scratch =
        [frame(OpCode::Text, b""), frame(OpCode::Ping, b"there?"), frame(OpCode::Text, b"x")]
            .concat();
    let mut input = Input::new(&mut scratch);

    assert!(assembler.poll(&mut input, 0).is_ok_and(|found| found.is_some()));
    assert!(assembler.poll(&mut input, 0).is_ok_and(|found| found.is_some()));
    assert_eq!(assembler.poll(&mut input, 0), Err(ProtocolError::TooBig));
}

#[test]
fn what_is_kept_is_what_was_received() {
    let mut bytes = Vec::new();
    FrameHead { fin: true, opcode: OpCode::Binary, mask: Some(MASK), payload_bytes: 65_536 }
        .encode(&mut bytes);
    bytes.extend_from_slice(&[0; 100]);
    let mut assembler = Assembler::default();

    assert_eq!(feed(&mut assembler, &bytes), Ok(vec![]));

    assert_eq!(assembler.buffered_bytes(), 100);
    let kept = assembler.partial.as_ref().and_then(|partial| partial.message.as_ref());
    assert!(kept.is_some_and(|message| message.bytes.capacity() <= 200));
}

#[test]
fn a_flood_of_empty_fragments_keeps_nothing() {
    let mut bytes = fragment(false, OpCode::Binary, b"");
    for _ in 0..1_000 {
        bytes.extend(fragment(false, OpCode::Continuation, b""));
    }
    let mut assembler = Assembler::default();

    assert_eq!(feed(&mut assembler, &bytes), Ok(vec![]));

    assert_eq!(assembler.buffered_bytes(), 0);
    assert!(!assembler.is_idle(), "a message is open");
}
