use proptest::prelude::*;

use super::*;

fn patterns(texts: &[&str]) -> RoomPatterns {
    RoomPatterns::parse(texts.iter().copied()).expect("patterns")
}

#[test]
fn a_star_stands_for_any_run_and_nothing_else_does() {
    let cases = [
        ("team-*", "team-", true),
        ("team-*", "team-a", true),
        ("team-*", "team", false),
        ("team-*", "a-team-b", false),
        ("*-ops", "x-ops", true),
        ("*-ops", "x-ops-y", false),
        ("a*b*c", "abc", true),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("a*a", "a", false),
        ("a*a", "aa", true),
        ("*", "anything", true),
        ("**", "anything", true),
        ("plain", "plain", true),
        ("plain", "plain2", false),
        ("a.c", "abc", false),
        ("a?c", "abc", false),
        ("[ab]", "a", false),
        ("größe-*", "größe-ü", true),
    ];
    for (pattern, room, is_allowed) in cases {
        assert_eq!(patterns(&[pattern]).allow(room), is_allowed, "{pattern} {room}");
    }
}

#[test]
fn one_match_of_several_is_enough_and_none_allows_nothing() {
    assert!(patterns(&["a", "b-*"]).allow("b-1"));
    assert!(!patterns(&["a", "b-*"]).allow("c"));
    assert!(!patterns(&[]).allow("a"));
}

#[test]
fn only_a_lone_star_allows_what_is_said_to_everybody() {
    assert!(patterns(&["x", "*"]).allow_everything());
    assert!(!patterns(&["x*", "*y"]).allow_everything());
    assert!(!patterns(&[]).allow_everything());
}

#[test]
fn texts_that_no_room_could_match_are_refused() {
    let long = "x".repeat(129);
    assert_eq!(RoomPatterns::parse([""]), Err(BadRoomPatterns::Length));
    assert_eq!(RoomPatterns::parse([long.as_str()]), Err(BadRoomPatterns::Length));
    assert_eq!(RoomPatterns::parse(["a\nb"]), Err(BadRoomPatterns::ControlCharacter));
    assert_eq!(RoomPatterns::parse(vec!["a"; 129]), Err(BadRoomPatterns::TooMany));
    assert!(RoomPatterns::parse(vec!["a"; 128]).is_ok());
}

/// The plain definition, which may take for ever on long inputs.
fn matches_by_trying(pattern: &[char], room: &[char]) -> bool {
    match pattern {
        [] => room.is_empty(),
        ['*', rest @ ..] => (0..=room.len()).any(|skip| matches_by_trying(rest, &room[skip..])),
        [first, rest @ ..] => room.first() == Some(first) && matches_by_trying(rest, &room[1..]),
    }
}

proptest! {
    #[test]
    fn matching_agrees_with_trying_every_run(pattern in "[ab*]{1,6}", room in "[ab]{0,8}") {
        let (p, r): (Vec<char>, Vec<char>) = (pattern.chars().collect(), room.chars().collect());
        prop_assert_eq!(patterns(&[&pattern]).allow(&room), matches_by_trying(&p, &r));
    }
}
