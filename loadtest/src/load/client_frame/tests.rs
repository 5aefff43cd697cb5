use stentor_wire::frame::FrameHead;

use super::*;
use crate::measure::moment::Moment;
use crate::verdict::stamp::RunId;

/// The frame's opcode and its payload, unmasked.
fn message(dialect: Dialect) -> (OpCode, String) {
    let stamp = Stamp { run: RunId::new(1), talker: 2, sequence: 3, due: Moment(4) };
    let mut frame = Vec::new();
    ChatTemplate::new(dialect, 7, 128).append(stamp, &mut frame);
    let (head, head_bytes) = FrameHead::parse(&frame).unwrap().expect("a whole head");
    let mut payload = frame.split_off(head_bytes);
    apply_mask(&mut payload, head.mask.expect("a client masks"), 0);
    (head.opcode, String::from_utf8(payload).unwrap())
}

#[test]
fn every_dialect_wraps_the_same_message() {
    let (opcode, bare) = message(Dialect::Stentor);
    assert_eq!(opcode, OpCode::Text);
    assert!(
        bare.starts_with(r#"{"type":"chat","room":"r7","data":{"content":"00000001"#),
        "{bare}"
    );
    assert_eq!(bare.len(), bare.find("0000").unwrap() + 128 + r#""}}"#.len());

    assert_eq!(message(Dialect::Plain), (OpCode::Text, bare.clone()));
    assert_eq!(message(Dialect::SocketIo), (OpCode::Text, format!(r#"42["m",{bare}]"#)));
    let published = format!("PUB r7 {}\r\n{bare}\r\n", bare.len());
    assert_eq!(message(Dialect::Nats), (OpCode::Binary, published));
}
