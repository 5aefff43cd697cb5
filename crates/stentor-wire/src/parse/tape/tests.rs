use simd_json::{Buffers, Tape};

use crate::draft::Refusal;
use crate::parse::members::{Member, Members};

/// What the first reading makes of `text`, on new scratch.
fn read<T>(text: &str, look: impl FnOnce(Option<Result<Members<'_>, Refusal>>) -> T) -> T {
    let (mut copy, mut buffers, mut tape) = (Vec::new(), Buffers::new(0), Tape(Vec::new()));
    look(super::read(&mut copy, &mut buffers, &mut tape, text.as_bytes()))
}

fn data(text: &str) -> Option<String> {
    read(text, |reading| {
        let data = reading?.unwrap().data?;
        Some(String::from_utf8(data.to_vec()).unwrap())
    })
}

#[test]
fn ordinary_messages_need_no_second_reading() {
    assert_eq!(data(r#"{"data":{"content":"hi"}}"#).unwrap(), r#"{"content":"hi"}"#);
    assert_eq!(data(r#"{"data":"é\n\u0041","room":"a"}"#).unwrap(), r#""é\n\u0041""#);
    assert_eq!(data("{\"\\u0064\\u0061ta\" : [ ] , \"\":1}").unwrap(), "[ ]");
}

#[test]
fn escapes_before_data_do_not_move_its_bytes() {
    let text = r#"{"\u0041\n":"\ud83e\udd80\t","room":"\u0061","data":"\"","id":"\\"}"#;
    assert_eq!(data(text).unwrap(), r#""\"""#);
}

#[test]
fn valid_json_that_simd_json_refuses_is_no_verdict() {
    for text in ["{\"a\":1e999}", "{\"a\":18446744073709551616}", "{\"a\":\"\\ud800\"}"] {
        assert!(read(text, |reading| reading.is_none()), "{text}");
    }
}

#[test]
fn strings_are_unescaped() {
    read(r#"{"room":"\u0061\"","type":null,"from":{}}"#, |reading| {
        let members = reading.unwrap().unwrap();
        assert_eq!(members.room, Member::Text("a\"".into()));
        assert_eq!(members.kind, Member::Null);
        assert_eq!(members.from, Member::Other);
    });
}
