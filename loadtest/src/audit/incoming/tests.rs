use super::*;
use crate::measure::moment::Moment;

const ID: MessageId = MessageId { talker: 3, sequence: 9 };

fn run() -> RunId {
    RunId::new(77)
}

#[track_caller]
fn assert_read(payload: &str, incoming: Incoming) {
    assert_eq!(Incoming::read(payload.as_bytes(), run()), incoming, "{payload}");
}

#[test]
fn a_message_is_known_by_its_stamp() {
    let stamp = Stamp { run: run(), talker: 3, sequence: 9, due: Moment(5) };
    let (id, content) = (ID.text(run()), String::from_utf8(stamp.encode().into()).unwrap());
    let text =
        format!(r#"{{"id":"{id}","type":"chat","room":"a","data":{{"content":"{content}xyz"}}}}"#);

    let room = Some("a".to_owned());
    assert_read(&text, Incoming::Message { stamp, id: Some(ID), room: room.clone() });
    assert_read(&text.replace(&id, "other"), Incoming::Message { stamp, id: None, room });
    assert_eq!(Incoming::read(text.as_bytes(), RunId::new(78)), Incoming::Strange);
}

#[test]
fn events_and_refusals_are_told_apart() {
    let id = ID.text(run());
    let system = |data: &str| format!(r#"{{"type":"system","from":"server","data":{{{data}}}}}"#);

    assert_read(&system(r#""event":"welcome","pod":"p1""#), Incoming::Welcome("p1".into()));
    let ack = format!(r#""event":"ack","id":"{id}","duplicate":false"#);
    assert_read(&system(&ack), Incoming::Ack(ID));
    let gap = format!(r#""event":"gap","missed":4,"from_id":"{id}","to_id":null"#);
    assert_read(&system(&gap), Incoming::Gap { missed: Some(4), ends: [Some(ID), None] });
    let uncounted = r#""event":"gap","missed":null,"from_id":null,"to_id":null"#;
    assert_read(&system(uncounted), Incoming::Gap { missed: None, ends: [None, None] });
    let resume = r#""event":"resume","recovered":true,"replayed":2,"oldest_id":null"#;
    assert_read(&system(resume), Incoming::Resume { recovered: true, replayed: 2 });
    assert_read(&system(r#""event":"drain","reconnect_after_ms":9"#), Incoming::Drain);
    let error = format!(r#"{{"type":"error","data":{{"code":"rate_limited","ref":"{id}"}}}}"#);
    assert_read(&error, Incoming::Refused(Some(ID), "rate_limited".into()));
}

#[test]
fn what_is_none_of_these_is_strange() {
    for text in ["", "{", "[]", "7", r#"{"type":"chat"}"#, r#"{"type":"system","data":{}}"#] {
        assert_read(text, Incoming::Strange);
    }
}
