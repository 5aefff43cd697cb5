use super::read;
use crate::parse::members::Member;

#[test]
fn numbers_out_of_range_are_json() {
    let members = read(br#"{"data":[1e999,-18446744073709551616]}"#).unwrap();
    assert_eq!(members.data, Some(&b"[1e999,-18446744073709551616]"[..]));
}

#[test]
fn a_name_with_a_lone_surrogate_is_dropped() {
    let members = read(br#"{"\ud800":1,"room":"a"}"#).unwrap();
    assert_eq!(members.room, Member::Text("a".into()));
}

#[test]
fn a_text_with_a_lone_surrogate_is_told_apart() {
    let members = read(br#"{"room":"\ud800","from":"\u0061","type":null,"id":[]}"#).unwrap();
    assert_eq!(members.room, Member::BrokenText);
    assert_eq!(members.from, Member::Text("a".into()));
    assert_eq!(members.kind, Member::Null);
    assert_eq!(members.id, Member::Other);
}

#[test]
fn the_place_of_a_fault_counts_bytes_over_all_lines() {
    let refusal = read("{\r\n\"é\":1,\r\n\"b\" 2}".as_bytes()).unwrap_err();
    assert_eq!(refusal.message, "expected `:`, at byte 17");
}
