use uuid::Uuid;

use super::Event;
use crate::room_name::RoomName;

fn data(event: Event<'_>) -> String {
    let mut out = Vec::new();
    event.write_data(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_welcome_tells_who_and_where_one_is() {
    let client_id = Uuid::from_u128(7);
    let rooms = [RoomName::parse("a").unwrap(), RoomName::parse("\"b\"").unwrap()];
    let welcome = |user, rooms| Event::Welcome {
        client_id: &client_id,
        user,
        rooms,
        pod: "pod-1",
        ping_interval_ms: 25_000,
    };
    assert_eq!(
        data(welcome(Some("ann"), &rooms)),
        concat!(
            r#"{"event":"welcome","client_id":"00000000-0000-0000-0000-000000000007","#,
            r#""user":"ann","rooms":["a","\"b\""],"pod":"pod-1","ping_interval_ms":25000}"#
        )
    );
    assert!(data(welcome(None, &[])).contains(r#""user":null,"rooms":[],"#));
}

#[test]
fn answers_to_a_client_have_their_figures() {
    assert_eq!(data(Event::Joined { members: 3 }), r#"{"event":"joined","members":3}"#);
    assert_eq!(data(Event::Left { members: 0 }), r#"{"event":"left","members":0}"#);
    assert_eq!(
        data(Event::Ack { id: Uuid::nil(), duplicate: true }),
        r#"{"event":"ack","id":"00000000-0000-0000-0000-000000000000","duplicate":true}"#
    );
}

#[test]
fn a_gap_names_its_ends_where_they_are_known() {
    assert_eq!(
        data(Event::Gap { missed: Some(12), from_id: Some("a"), to_id: None }),
        r#"{"event":"gap","missed":12,"from_id":"a","to_id":null}"#
    );
}

#[test]
fn a_resume_tells_what_was_recovered() {
    assert_eq!(
        data(Event::Resume { recovered: false, replayed: 2, oldest_id: Some("x") }),
        r#"{"event":"resume","recovered":false,"replayed":2,"oldest_id":"x"}"#
    );
}

#[test]
fn a_drain_says_when_to_come_back() {
    assert_eq!(
        data(Event::Drain { reconnect_after_ms: 1_500 }),
        r#"{"event":"drain","reconnect_after_ms":1500}"#
    );
}

#[test]
fn a_token_says_when_it_ends_and_null_where_it_never_does() {
    assert_eq!(
        data(Event::TokenExpiring { expires_in_ms: 30_000 }),
        r#"{"event":"token_expiring","expires_in_ms":30000}"#
    );
    assert_eq!(
        data(Event::Authenticated { expires_in_ms: Some(3_600_000) }),
        r#"{"event":"authenticated","expires_in_ms":3600000}"#
    );
    assert_eq!(
        data(Event::Authenticated { expires_in_ms: None }),
        r#"{"event":"authenticated","expires_in_ms":null}"#
    );
}
