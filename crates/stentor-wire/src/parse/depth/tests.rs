use crate::JSON_DEPTH_MAX;

use super::check;

fn nested(depth: usize) -> Vec<u8> {
    let mut text = b"[".repeat(depth);
    text.extend(b"]".repeat(depth));
    text
}

#[test]
fn exactly_the_bound_passes_and_one_more_is_refused() {
    assert_eq!(check(&nested(JSON_DEPTH_MAX)), Ok(()));
    let refusal = check(&nested(JSON_DEPTH_MAX + 1)).unwrap_err();
    assert_eq!(refusal.message, "nested more than 64 deep, at byte 65");
}

#[test]
fn brackets_in_strings_do_not_nest() {
    let text = format!("[\"{}\\\"{}\"]", "[".repeat(100), "{".repeat(100));
    assert_eq!(check(text.as_bytes()), Ok(()));
}

#[test]
fn many_brackets_side_by_side_do_not_nest() {
    let text = format!("[{}[]]", "[],".repeat(1_000));
    assert_eq!(check(text.as_bytes()), Ok(()));
}

#[test]
fn an_escaped_backslash_does_not_hide_the_end_of_a_string() {
    let text = format!("[\"\\\\\",{}", "[".repeat(JSON_DEPTH_MAX));
    assert!(check(text.as_bytes()).is_err());
}
