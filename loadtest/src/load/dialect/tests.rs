//! What the dialects have in common, and words for what a session says and hears.

use clap::ValueEnum as _;
use stentor_wire::frame::FrameHead;
use stentor_wire::mask::apply_mask;

use super::*;

/// What was heard, in words.
pub(super) fn heard(word: Heard<'_>) -> String {
    match word {
        Heard::Admitted => "admitted".to_owned(),
        Heard::Text(text) => String::from_utf8_lossy(text).into_owned(),
    }
}

/// The payloads of masked frames, one behind the other.
pub(super) fn said(mut frames: &[u8]) -> String {
    let mut out = Vec::new();
    while let Some((head, head_bytes)) = FrameHead::parse(frames).unwrap() {
        let end = head_bytes + head.payload_bytes as usize;
        let mut payload = frames[head_bytes..end].to_vec();
        apply_mask(&mut payload, head.mask.expect("a client masks"), 0);
        out.extend(payload);
        frames = &frames[end..];
    }
    assert!(frames.is_empty(), "half a frame");
    String::from_utf8(out).unwrap()
}

#[test]
fn the_bare_dialects_need_no_session_and_no_wrapping() {
    for dialect in [Dialect::Stentor, Dialect::Plain] {
        let Wrapping { before, after, opcode } = dialect.wrapping(0, 1);

        assert!(dialect.session([0].into_iter()).is_none());
        assert_eq!((before.as_str(), after, opcode), ("", "", OpCode::Text));
    }
}

#[test]
fn every_dialect_is_asked_for_by_its_name() {
    let names = ["stentor", "plain", "socket.io", "nats"];

    let known: Vec<_> = Dialect::value_variants()
        .iter()
        .filter_map(|dialect| dialect.to_possible_value())
        .map(|value| value.get_name().to_owned())
        .collect();

    assert_eq!(known, names);
}

#[test]
fn an_excerpt_is_one_short_line() {
    let text = excerpt("a\r\nb".repeat(100).as_bytes());

    assert!(text.len() <= 100 && !text.contains(['\r', '\n']));
}
