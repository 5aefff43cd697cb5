use super::*;
use stentor_wire::encode::text_frame;

const STAMP: &str = "0123456789abcdef0123456789abcdef";

/// A frame whose stamp ends with these eight digits, with so much behind it.
fn frame(digits: &str, filler: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let text = format!(r#"{{"data":{{"content":"{STAMP}{digits}{filler}"}}}}"#);
    text_frame(text.as_bytes(), &mut out);
    out
}

/// The last eight digits of each stamp of the convoy.
fn digits_of(bytes: &[u8]) -> Option<Vec<String>> {
    let convoy = Convoy::led_by(bytes, &mut Locator::new())?;
    let last = |stamp: &[u8; STAMP_BYTES]| String::from_utf8_lossy(&stamp[32..]).into_owned();
    Some(convoy.stamps(bytes).map(last).collect())
}

#[test]
fn frames_of_one_layout_are_one_convoy_with_short_and_with_long_heads() {
    for filler in ["", "x", &"y".repeat(200), &"z".repeat(4_000)] {
        let bytes = [frame("00000001", filler), frame("00000002", filler)].concat();

        assert_eq!(digits_of(&bytes).unwrap(), ["00000001", "00000002"], "{filler:?}");
    }
}

#[test]
fn a_frame_of_another_size_opcode_or_wording_ends_the_convoy() {
    let first = frame("00000001", "yy");
    let mut binary = frame("00000002", "yy");
    binary[0] = 0x82;
    let mut unfinished = frame("00000002", "yy");
    unfinished[0] = 0x01;
    let mut worded = Vec::new();
    let words = format!(r#"{{"daxa":{{"contenx":"{STAMP}00000002yy"}}}}"#);
    text_frame(words.as_bytes(), &mut worded);
    for other in [frame("00000002", "yyy"), binary, unfinished, worded] {
        let bytes = [first.clone(), other, frame("00000003", "yy")].concat();

        assert_eq!(digits_of(&bytes).unwrap(), ["00000001"]);
    }
}

#[test]
fn a_frame_that_is_not_whole_is_left() {
    let bytes = [frame("00000001", "yy"), frame("00000002", "yy")].concat();

    for cut in frame("00000001", "yy").len()..bytes.len() {
        assert_eq!(digits_of(&bytes[..cut]).unwrap(), ["00000001"], "{cut} bytes");
    }
}

#[test]
fn what_does_not_begin_with_a_message_leads_no_convoy() {
    let whole = frame("00000001", "yy");
    let mut masked = whole.clone();
    masked[1] |= 0x80;
    let mut long_form = vec![0x81, 127];
    long_form.extend_from_slice(&(whole.len() as u64 - 2).to_be_bytes());
    long_form.extend_from_slice(&whole[2..]);
    let mut event = Vec::new();
    text_frame(br#"{"type":"system","data":{"event":"welcome"}}"#, &mut event);
    let too_large = frame("00000001", &"w".repeat(5_000));

    assert_eq!(digits_of(&whole).unwrap(), ["00000001"]);
    for bytes in [&whole[..whole.len() - 1], &[], &masked, &long_form, &event, &too_large] {
        assert_eq!(digits_of(bytes), None);
    }
}
