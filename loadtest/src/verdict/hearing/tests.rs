use super::*;
use crate::measure::moment::Moment;

fn message(run: RunId) -> (Stamp, String) {
    let stamp = Stamp { run, talker: 3, sequence: 7, due: Moment(9) };
    let digits = String::from_utf8(stamp.encode().to_vec()).unwrap();
    (stamp, format!(r#"{{"id":"abc","type":"chat","data":{{"content":"{digits}xx"}}}}"#))
}

#[test]
fn a_message_of_this_run_is_told_from_anothers() {
    let mut hearing = Hearing::new(RunId::new(1));
    let (stamp, ours) = message(RunId::new(1));
    let (_, theirs) = message(RunId::new(2));

    assert_eq!(hearing.read(ours.as_bytes()), Heard::Message(stamp));
    assert_eq!(hearing.read(theirs.as_bytes()), Heard::Foreign);
    assert_eq!(hearing.read(b"no json"), Heard::Foreign);
    assert_eq!(message_id(ours.as_bytes()), Some("abc"));
    assert_eq!(message_id(b"{}"), None);
}

#[test]
fn the_events_of_the_server_are_understood() {
    let mut hearing = Hearing::new(RunId::new(1));
    let mut read = |data: &str| {
        hearing.read(format!(r#"{{"id":"x","type":"system","data":{data}}}"#).as_bytes())
    };

    assert_eq!(read(r#"{"event":"welcome"}"#), Heard::Event(ServerEvent::Welcome));
    assert_eq!(read(r#"{"event":"joined","members":2}"#), Heard::Event(ServerEvent::Joined));
    assert_eq!(read(r#"{"event":"left","members":2}"#), Heard::Event(ServerEvent::Left));
    assert_eq!(
        read(r#"{"event":"resume","recovered":true,"replayed":4,"oldest_id":null}"#),
        Heard::Event(ServerEvent::Resume { recovered: true, replayed: 4 })
    );
    assert_eq!(
        read(r#"{"event":"gap","missed":4,"from_id":"a","to_id":null}"#),
        Heard::Event(ServerEvent::Gap(GapNotice {
            missed: 4,
            from_id: Some("a".to_owned()),
            to_id: None
        }))
    );
    assert_eq!(read(r#"{"event":"drain"}"#), Heard::Event(ServerEvent::Other));
}

#[test]
fn an_error_of_the_server_keeps_its_words() {
    let mut hearing = Hearing::new(RunId::new(1));

    let heard = hearing.read(br#"{"type":"error","data":{"code":"bad_room"}}"#);

    assert!(matches!(heard, Heard::Error(words) if words.contains("bad_room")));
}
