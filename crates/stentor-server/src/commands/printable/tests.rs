use serde_json::Value;

use super::{printable, printable_json};

#[test]
fn what_could_steer_a_terminal_is_shown_and_not_obeyed() {
    assert_eq!(printable("a\x1b[2Jb\u{7f}\u{9b}1m"), "a\\u{1b}[2Jb\\u{7f}\\u{9b}1m");
    assert_eq!(printable("one\ntwo\r\tthree\u{2028}"), "one\\ntwo\\r\\tthree\\u{2028}");
    assert_eq!(printable("abc\u{202e}fed"), "abc\\u{202e}fed");
}

#[test]
fn what_people_write_is_left_as_it_is() {
    let text = "Grüße, 世界 👋🏽 \\n é";
    assert_eq!(printable(text), text);
}

#[test]
fn json_stays_one_line_and_the_same_value() {
    let json = "{\n\t\"a\u{9b}\": \"\u{7f}\u{202e}\\u001b[2J\",\r\n \"b\": [1,\n2.50]}";
    let shown = printable_json(json);
    assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{shown}");
    assert!(shown.contains("2.50"), "{shown}");
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(value(&shown), value(json));
}
