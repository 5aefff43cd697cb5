use super::*;

fn ann() -> Person {
    let user = Some("ann \"a\"".into());
    Person { client_id: Uuid::from_u128(7), user, status: Status::Away }
}

#[test]
fn every_tale_is_read_as_it_was_written() {
    let nobody = Person { user: None, status: Status::Online, ..ann() };
    let here = |people| Here { shard: 3, is_answer: true, count: 2, people };
    for tale in [
        Tale::Ask,
        Tale::Hello,
        Tale::Alive,
        Tale::Heard(Testimony { at: 7, until: 5, is_last: true }),
        Tale::Echo(7),
        Tale::Here(here(None)),
        Tale::Here(here(Some([].into()))),
        Tale::Here(here(Some([ann(), nobody].into()))),
    ] {
        assert_eq!(Tale::from_json(&tale.to_json()), Some(tale));
    }
}

#[test]
fn what_is_no_tale_is_none() {
    for text in [
        "",
        "{}",
        "null",
        r#"{"tale":"gossip"}"#,
        r#"{"tale":"here"}"#,
        r#"{"tale":"here","shard":-1,"answer":true,"count":1,"people":null}"#,
        r#"{"tale":"here","shard":1,"answer":true,"count":1,"people":[{"client_id":"x"}]}"#,
    ] {
        assert_eq!(Tale::from_json(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_client_says_that_it_is_online_or_away_and_nothing_else() {
    assert_eq!(status_in(br#"{"status":"away","mood":"tired"}"#), Some(Status::Away));
    assert_eq!(status_in(br#"{"status":"online"}"#), Some(Status::Online));
    for data in ["{}", "[]", "null", "\"away\"", r#"{"status":"offline"}"#, r#"{"status":"AWAY"}"#]
    {
        assert_eq!(status_in(data.as_bytes()), None, "{data}");
    }
}

#[test]
fn what_is_told_has_the_documented_members() {
    let mut data = Vec::new();
    write_person(&ann(), None, &mut data);
    let id = "00000000-0000-0000-0000-000000000007";
    let expected = format!(r#"{{"status":"offline","user":"ann \"a\"","client_id":"{id}"}}"#);
    assert_eq!(String::from_utf8(data).unwrap(), expected);
    let mut data = Vec::new();
    write_person(&Person { user: None, ..ann() }, Some(Status::Online), &mut data);
    let expected = format!(r#"{{"status":"online","user":null,"client_id":"{id}"}}"#);
    assert_eq!(String::from_utf8(data).unwrap(), expected);
    let mut data = Vec::new();
    write_count(300, &mut data);
    assert_eq!(data, br#"{"members":300}"#);
}

#[test]
fn an_echo_is_known_by_its_beginning() {
    assert!(Tale::Echo(7).to_json().starts_with(Tale::ECHO_BEGINS));
    assert!(!Tale::Alive.to_json().starts_with(Tale::ECHO_BEGINS));
}
